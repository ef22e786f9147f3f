"""Find the generations that were made and rotated away unseen: between two looks, or while no tailer ran.

Where a followed file was rotated, files of the same kind of name stand beside it. One of them whose bytes nobody knows
was written since. For that to be sure, the files that stood there when the first one of a directory was followed are
noted: they are nobody's business, whatever becomes of them later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import dataclass

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.archive import Archive
from logship.read.discovery import Sighting
from logship.read.generation import NOWHERE, Generation
from logship.read.identity import HEAD_BYTES, ReadAt, excerpt
from logship.read.rotation import names_like, usual_names
from logship.read.shelf import Shelf, directory_of
from logship.read.siblings import Siblings, has_changed, siblings_in

MOST_NOTED = 250
"""Files beside the followed ones that are noted in a directory; where there are more, their times must tell."""

_FOREVER_NS = 1 << 63
_LATE_NS = 60 * 10**9
"""How long a file that was rotated may still be written to, by processes that have not noticed yet."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a file that was rotated, as far as that is known.

    Attributes:
        path: Where it stands now, links resolved.
        key: Its identity, where it is still open.
        modified_ns: When it was last written to; 0 if unknown, as of a compressed file.
    """

    path: str | None = None
    key: FileKey = NOWHERE
    modified_ns: int = 0


class Missed:
    """Look for generations that no look has seen.

    Args:
        shelf: The generations that are known.
        linger_seconds: How long a compressed file that ends too early is given to grow on.
        follow: Follows a plain file, unless it is a copy of one that is followed; returns False if it must wait.
        unpack: Reads a compressed file from its beginning.
    """

    def __init__(
        self,
        shelf: Shelf,
        linger_seconds: float,
        *,
        follow: Callable[[Sighting], bool],
        unpack: Callable[[Sighting], None],
    ) -> None:
        self._shelf = shelf
        self._linger_seconds = linger_seconds
        self._follow = follow
        self._unpack = unpack
        self._moved: dict[str, set[Moved]] = {}
        self._growing: dict[str, tuple[int, float]] = {}

    def rotated(self, live: str, *moved: Moved) -> None:
        """Tell that another file stands, or stood, at `live`, and, if known, what became of the one before it."""
        self._moved.setdefault(live, set()).update(moved)

    def note(self, directory: str, seen: Collection[FileKey]) -> None:
        """Note what stands in a directory that begins with a past, and is not to be read."""
        siblings = siblings_in(directory)
        if siblings is None:
            return
        beside = [each for each in siblings.plain if each.key not in seen]
        if _is_crowded(siblings, seen):
            return
        for each in [*beside, *siblings.compressed]:
            if head := _head(each, is_plain=each in beside):
                position = Position(each.path, each.key, 0, each.size, excerpt(head), excerpt(b""))
                self._shelf.end(self._shelf.next_number(), position)

    def run(self, seen: Collection[FileKey], now: float) -> set[str]:
        """Take what was missed at the rotations that were told of; return the directories where there was something.

        `seen` are the files that are followed anyway.
        """
        moved, self._moved = self._moved, {}
        found_in = set()
        for directory in dict.fromkeys(map(directory_of, moved)):
            siblings = siblings_in(directory)
            if siblings is None:
                continue
            before = self._shelf.last_number
            here = {live: before_it for live, before_it in moved.items() if directory_of(live) == directory}
            may_come = [self._take(siblings, _kind(live, was, siblings, seen), now) for live, was in here.items()]
            if any(may_come) or has_changed(directory, siblings):
                self._moved |= here  # to be looked at again
            if self._shelf.last_number > before:
                found_in.add(directory)
        if not self._moved:
            self._growing.clear()
        return found_in

    def knows_archive(self, archive: Sighting) -> bool:
        """Return whether a compressed file holds what was followed, as far as it can be told yet."""
        head = _head(archive, is_plain=False)
        return not head or self._is_known(archive, head, is_plain=False)

    def _take(self, siblings: Siblings, kind: _Kind, now: float) -> bool:
        """Follow or unpack what nobody knows; return whether something cannot be told yet."""
        may_come = False
        for each in kind.among(siblings.plain):
            head = _head(each, is_plain=True)
            if head and not self._is_known(each, head):
                may_come |= not self._follow(each)
        for each in kind.among(siblings.compressed):
            head = _head(each, is_plain=False)
            if head is None:
                may_come |= self._may_grow(each, now)
            elif head and not self._is_known(each, head, is_plain=False):
                self._unpack(each)
        return may_come

    def _may_grow(self, archive: Sighting, now: float) -> bool:
        size, since = self._growing.get(archive.path, (-1, now))
        if size != archive.size:
            since = now
        self._growing[archive.path] = (archive.size, since)
        return now - since < self._linger_seconds

    def _is_known(self, sighting: Sighting, head: bytes, *, is_plain: bool = True) -> bool:
        if sighting.key in self._shelf.held or any(each.archive.key == sighting.key for each in self._shelf.unpacked):
            return True
        if any(_begins_with(each, head) for each in self._shelf.held.values()):
            return True
        if any(_starts_alike(each.generation.head, head) for each in self._shelf.unpacked):
            return True
        return self._shelf.known.recognises(head, _reader(sighting.path) if is_plain else None)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a generation that was missed must look like.

    Attributes:
        names: Its name, one of these.
        since_ns: It was written since then.
        seen: Plain files that are followed anyway.
    """

    names: Collection[re.Pattern[str]]
    since_ns: int
    seen: Collection[FileKey]

    def among(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Return the files of this kind, the oldest first, as they were written."""
        young = (each for each in sightings if each.modified_ns >= self.since_ns and each.size)
        found = [each for each in young if any(names.fullmatch(each.path) for names in self.names)]
        return [each for each in reversed(found) if each.key not in self.seen]


def _kind(live: str, moved: Iterable[Moved], siblings: Siblings, seen: Collection[FileKey]) -> _Kind:
    """Return what was missed at `live` must look like, by what became of the files before it."""
    path_of = {each.key: each.path for each in siblings.plain}
    places = {each.path or path_of.get(each.key) for each in moved}
    likely = (names_like(live, place) for place in places if place is not None)
    since_ns = 0
    if _is_crowded(siblings, seen):
        since_ns = min((each.modified_ns for each in moved if each.modified_ns), default=_FOREVER_NS) - _LATE_NS
    return _Kind([usual_names(live), *filter(None, likely)], since_ns, path_of.keys() & seen)


def _is_crowded(siblings: Siblings, seen: Collection[FileKey]) -> bool:
    return len(siblings.compressed) + sum(each.key not in seen for each in siblings.plain) > MOST_NOTED


def _begins_with(generation: Generation, head: bytes) -> bool:
    try:
        return generation.read_at(0, len(head)) == head
    except OSError:  # the disk, or a network file system that lost the file
        return False


def _starts_alike(one: bytes, other: bytes) -> bool:
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def _head(sighting: Sighting, *, is_plain: bool) -> bytes | None:
    """Return the first bytes of a file, unpacked; None of a compressed one that ends before them, or cannot be read."""
    if is_plain:
        return _reader(sighting.path)(0, HEAD_BYTES)
    head = b""
    try:
        archive = Archive(sighting.path)
        with closing(archive):
            for block in archive.blocks():
                head = (head + block)[:HEAD_BYTES]
                if len(head) == HEAD_BYTES:
                    break
    except InputError:
        return None
    return head


def _reader(path: str) -> ReadAt:
    def read_at(offset: int, length: int) -> bytes:
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - opened for each file and span
                return os.pread(file.fileno(), length, offset)
        except OSError:
            return b""

    return read_at
