"""Find the generations that were made and rotated away unseen: between two looks, or while no tailer ran.

Where a followed file was rotated, files of the same kind of name stand beside it. One of them whose bytes nobody knows
was written since. For that to be sure, the files that stood there when the first one of a directory was followed are
noted: they are nobody's business, whatever becomes of them later.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.archive import Archive
from logship.read.discovery import Sighting, base_names
from logship.read.generation import NOWHERE, Generation
from logship.read.identity import HEAD_BYTES, excerpt
from logship.read.refusals import Refusals
from logship.read.rotation import COMPRESSED_SUFFIXES, bare_name, names_like, usual_names
from logship.read.shelf import Shelf, directory_of
from logship.read.siblings import Neighbourhood, Siblings, read_span

_END = re.compile(r"\\[zZ]$")
"""What translated patterns end with, by version of Python."""

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
        patterns: What is followed; a compressed file whose bare name they mean is of their kind.
        shelf: The generations that are known.
        neighbourhood: Where they may be.
        refusals: What cannot be read.
        linger_seconds: How long a compressed file that ends too early is given to grow on.
        follow: Follows a plain file, unless it is a copy of one that is followed; returns False if it must wait.
        unpack: Reads a compressed file from its beginning; returns False if it cannot be opened now.
        is_repeat: Whether the lines of a file stand in another one as well.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        shelf: Shelf,
        neighbourhood: Neighbourhood,
        refusals: Refusals,
        linger_seconds: float,
        *,
        follow: Callable[[Sighting], bool],
        unpack: Callable[[Sighting], bool],
        is_repeat: Callable[[str], bool],
    ) -> None:
        self._names = names_meant(patterns)
        self._shelf = shelf
        self._neighbourhood = neighbourhood
        self._refusals = refusals
        self._is_repeat = is_repeat
        self._linger_seconds = linger_seconds
        self._follow = follow
        self._unpack = unpack
        self._moved: dict[str, set[Moved]] = {}
        self._growing: dict[str, tuple[int, float]] = {}

    def suspect(self, live: str, *moved: Moved) -> None:
        """Look, at the next run, for what may have stood at `live` unseen; `moved` is what became of files there."""
        self._moved.setdefault(live, set()).update(moved)

    @property
    def is_waiting(self) -> bool:
        """Whether something cannot be told yet."""
        return bool(self._moved)

    def note(self, directory: str, seen: Collection[FileKey]) -> None:
        """Note what stands in a directory that begins with a past, and is not to be read."""
        siblings = self._neighbourhood.of(directory)
        if siblings is None:
            return
        beside = [each for each in siblings.plain if each.key not in seen]
        for each, is_plain in [*((each, True) for each in beside), *((each, False) for each in siblings.compressed)]:
            if head := _head(each, is_plain=is_plain):
                position = Position(each.path, each.key, 0, each.size, excerpt(head), excerpt(b""))
                self._shelf.end(self._shelf.next_number(), position)

    def run(self, seen: Collection[FileKey], now: float) -> set[str]:
        """Take what was missed at the rotations that were told of; return the directories where there was something.

        `seen` are the files that are followed anyway.
        """
        moved, self._moved = self._moved, {}
        found_in = set()
        for directory in dict.fromkeys(map(directory_of, moved)):
            siblings = self._neighbourhood.of(directory)
            here = {live: before_it for live, before_it in moved.items() if directory_of(live) == directory}
            if siblings is None:
                self._moved |= here if os.path.lexists(directory) else {}  # not readable now, or gone
                continue
            before = self._shelf.last_number
            may_come = [self._take(siblings, self._kind(live, was, siblings, seen), now) for live, was in here.items()]
            if any(may_come) or self._neighbourhood.has_changed(directory, siblings):
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
        plain = [(each, True) for each in kind.among(siblings.plain, kind.names)]
        archives = [(each, False) for each in kind.among(siblings.compressed, [*kind.names, *kind.archive_names])]
        may_come = False
        for each, is_plain in [*plain, *archives]:
            if self._is_repeat(bare_name(each.path)):
                continue
            head = _head(each, is_plain=is_plain)
            if head is None:
                may_come |= self._may_come(each, now)
            elif head and not self._is_known(each, head, is_plain=is_plain):
                may_come |= not (self._follow(each) if is_plain else self._unpack(each))
        return may_come

    def _kind(self, live: str, moved: Iterable[Moved], siblings: Siblings, seen: Collection[FileKey]) -> _Kind:
        """Return what was missed at `live` must look like, by what became of the files before it."""
        path_of = {each.key: each.path for each in siblings.plain}
        places = {each.path or path_of.get(each.key) for each in moved}
        likely = (names_like(live, place) for place in places if place is not None)
        since_ns = 0
        if siblings.is_cut:
            since_ns = min((each.modified_ns for each in moved if each.modified_ns), default=_FOREVER_NS) - _LATE_NS
        known = {key for key in path_of if key in seen}  # `&` would go through all that is seen
        return _Kind([usual_names(live), *filter(None, likely)], self._names, since_ns, known)

    def _may_come(self, sighting: Sighting, now: float) -> bool:
        """Return whether a file that cannot be read, or ends too early, may be readable later; tell if not."""
        size, since = self._growing.get(sighting.path, (-1, now))
        if size != sighting.size:
            since = now
        self._growing[sighting.path] = (sighting.size, since)
        if now - since < self._linger_seconds:
            return True
        if sighting.key not in self._refusals:
            self._refusals.refuse(sighting.key, sighting.path, "cannot be read, or ends too early")
        return False

    def _is_known(self, sighting: Sighting, head: bytes, *, is_plain: bool = True) -> bool:
        shelf = self._shelf
        if sighting.key in shelf.held or any(each.rest.key == sighting.key for each in shelf.unpacked):
            return True
        if any(_begins_with(each, head) for each in shelf.held.values()):
            return True
        if any(_starts_alike(each.generation.head, head) for each in shelf.unpacked):
            return True
        return shelf.known.recognise(head, sighting.size, partial(_read, sighting) if is_plain else None)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a generation that was missed must look like.

    Attributes:
        names: Its path, one of these.
        archive_names: Its path, if it is compressed.
        since_ns: It was written since then.
        seen: Plain files that are followed anyway.
    """

    names: Sequence[re.Pattern[str]]
    archive_names: Sequence[re.Pattern[str]]
    since_ns: int
    seen: Collection[FileKey]

    def among(self, sightings: Iterable[Sighting], names: Sequence[re.Pattern[str]]) -> list[Sighting]:
        """Return the files of this kind, the oldest first, as they were written."""
        young = [each for each in sightings if each.modified_ns >= self.since_ns and each.size]
        return [
            each
            for each in reversed(young)
            if each.key not in self.seen and any(name.fullmatch(each.path) for name in names)
        ]


def names_meant(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    """Return what compressed files are called whose bare names are meant by `patterns`, in whatever directory."""
    names = (name for pattern in patterns for name in base_names(pattern))
    return [re.compile(rf"(?s:.*/){_END.sub('', fnmatch.translate(name))}{COMPRESSED_SUFFIXES}") for name in names]


def _begins_with(generation: Generation, head: bytes) -> bool:
    try:
        return generation.read_at(0, len(head)) == head
    except OSError:  # the disk, or a network file system that lost the file
        return False


def _starts_alike(one: bytes, other: bytes) -> bool:
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def _head(sighting: Sighting, *, is_plain: bool) -> bytes | None:
    """Return the first bytes of a file, unpacked; None if it cannot be read, is cut short, or is another one by now."""
    if is_plain:
        return read_span(sighting.path, 0, HEAD_BYTES, sighting.key)
    head = b""
    try:
        archive = Archive(sighting.path)
        with closing(archive):
            if archive.key != sighting.key:
                return None
            for block in archive.blocks():
                head = (head + block)[:HEAD_BYTES]
                if len(head) == HEAD_BYTES:
                    break
    except InputError:
        return None
    return head


def _read(sighting: Sighting, offset: int, length: int) -> bytes:
    return read_span(sighting.path, offset, length, sighting.key) or b""
