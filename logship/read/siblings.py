"""Look for the rest of a generation among the files beside it: rotated under any name, copied, compressed.

Names follow no rule that can be relied on, so every file of the directory may be it, and the bytes prove which one is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.archive import Archive, is_compressed_head
from logship.read.discovery import Sighting, look
from logship.read.identity import excerpt

MAX_SIBLINGS = 1000
"""Files of a directory that are looked into, the newest first."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """The regular files beside a generation, the newest first; compressed ones apart."""

    plain: tuple[Sighting, ...]
    compressed: tuple[Sighting, ...]


def siblings_in(directory: str) -> Siblings | None:
    """Return the files in a directory, as they are now, None when it cannot be read.

    Hidden files are left out, as locks and temporary files are.
    """
    try:
        present = os.listdir(directory or ".")  # noqa: PTH208 - a Path object for each file costs more than the call
    except OSError:
        return None
    names = [os.path.join(directory, name) for name in present if not name.startswith(".")]  # noqa: PTH118
    found = [sighting for name in names if (sighting := look(name)) is not None]
    found.sort(key=lambda sighting: sighting.modified_ns, reverse=True)
    plain: list[Sighting] = []
    compressed: list[Sighting] = []
    for sighting in found[:MAX_SIBLINGS]:
        (compressed if _is_compressed(sighting.path) else plain).append(sighting)
    return Siblings(tuple(plain), tuple(compressed))


def has_changed(directory: str, before: Siblings | None) -> bool:
    """Return whether names or files in a directory are others now: a file that is renamed may escape a listing."""
    return _places(siblings_in(directory)) != _places(before)


def _places(siblings: Siblings | None) -> dict[str, FileKey]:
    return {each.path: each.key for each in (*siblings.plain, *siblings.compressed)} if siblings is not None else {}


@dataclass(frozen=True, slots=True)
class Rest:
    """What a compressed file holds behind a position: its head and marker as plain bytes, and the blocks to come."""

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
    return Rest(head, marker, _to_the_end(archive, chain([first] if first else [], blocks)), archive.close)


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
    try:
        with Path(path).open("rb") as opened:
            return is_compressed_head(opened.read(8))
    except OSError:
        return False
