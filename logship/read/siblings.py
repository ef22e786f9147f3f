"""Look for the rest of a generation among the files beside it: rotated under any name, copied, compressed.

Names follow no rule that can be relied on, so every file of the directory may be it, and the bytes prove which one is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.archive import Archive, is_compressed_head
from logship.read.discovery import Sighting, look
from logship.read.identity import excerpt

MAX_SIBLINGS = 1000
"""Files of a directory that are looked into, the newest first."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """The regular files beside a generation, the newest first; compressed ones apart.

    Attributes:
        plain: Those that are not compressed, or cannot be read.
        compressed: Those that are.
        is_cut: Whether there are more of them, older ones.
    """

    plain: tuple[Sighting, ...]
    compressed: tuple[Sighting, ...]
    is_cut: bool = False


class Neighbourhood:
    """Look around in directories; hidden files are left out, as locks and temporary files are.

    Args:
        excluded: Files that are never touched, absolute and with links resolved. Opening and closing a database, as
            one does to see what is in a file, drops all locks that this process has on it (POSIX).
    """

    def __init__(self, excluded: frozenset[str] = frozenset()) -> None:
        self._excluded = excluded

    def of(self, directory: str) -> Siblings | None:
        """Return the files in a directory, as they are now, None when it cannot be read."""
        found = self._files(directory)
        if found is None:
            return None
        plain: list[Sighting] = []
        compressed: list[Sighting] = []
        for sighting in found[:MAX_SIBLINGS]:
            (compressed if _is_compressed(sighting.path) else plain).append(sighting)
        return Siblings(tuple(plain), tuple(compressed), is_cut=len(found) > MAX_SIBLINGS)

    def has_changed(self, directory: str, before: Siblings | None) -> bool:
        """Return whether names or files in a directory are others now: a file that is renamed may escape a listing."""
        then = {each.path: each.key for each in (*before.plain, *before.compressed)} if before is not None else {}
        return {each.path: each.key for each in (self._files(directory) or [])[:MAX_SIBLINGS]} != then

    def _files(self, directory: str) -> list[Sighting] | None:
        try:
            present = os.listdir(directory or ".")  # noqa: PTH208 - a Path object for each file costs more than the call
        except OSError:
            return None
        paths = [os.path.join(directory, name) for name in present if not name.startswith(".")]  # noqa: PTH118
        found = [sighting for path in paths if path not in self._excluded and (sighting := look(path)) is not None]
        found.sort(key=lambda sighting: sighting.modified_ns, reverse=True)
        return found


@dataclass(frozen=True, slots=True)
class Rest:
    """What a compressed file holds behind a position: its head and marker as plain bytes, and the blocks to come."""

    key: FileKey
    head: bytes
    marker: bytes
    blocks: Iterator[bytes]
    close: Callable[[], None]


def rest_of(position: Position, path: str) -> Rest | None:
    """Return what the compressed file at `path` holds behind `position`, None when it is not that generation.

    Raises InputError, also from the blocks, when the file ends too early, as one does that is still being written.
    """
    archive = Archive(path)
    blocks = archive.blocks()
    try:
        found = _skip(position, blocks)
    except InputError:
        archive.close()
        raise
    if found is None:
        archive.close()
        return None
    head, marker, first = found
    return Rest(archive.key, head, marker, _to_the_end(archive, chain([first] if first else [], blocks)), archive.close)


def _to_the_end(archive: Archive, blocks: Iterator[bytes]) -> Iterator[bytes]:
    with closing(archive):
        yield from blocks


def _skip(position: Position, blocks: Iterator[bytes]) -> tuple[bytes, bytes, bytes] | None:
    """Read up to `position`; return head, marker and what was read behind it, None if it is another generation."""
    head = tail = b""
    read = 0
    while read < position.offset:
        block = next(blocks, b"")
        if not block:
            return None
        if len(head) < position.head.length:
            head = (head + block)[: position.head.length]
            if len(head) == position.head.length and excerpt(head) != position.head:
                return None
        tail = (tail + block)[-len(block) - position.marker.length :]
        read += len(block)
    end = len(tail) - (read - position.offset)
    marker = tail[end - position.marker.length : end]
    if excerpt(marker) != position.marker:
        return None
    return head, marker, tail[end:]


def _is_compressed(path: str) -> bool:
    return is_compressed_head(read_span(path, 0, 8) or b"")


def read_span(path: str, offset: int, length: int, key: FileKey | None = None) -> bytes | None:
    """Return bytes of a file, None when it cannot be read, or another than `key` stands there by now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        is_another = key is not None and key != (status.st_dev, status.st_ino)
        return None if is_another else os.pread(descriptor, length, offset)
    except OSError:
        return None
    finally:
        os.close(descriptor)
