"""Follow the files that globs mean, through rotation and restarts: batches of lines come out, each line once.

The acting half of `rotation`: it opens, reads and closes. Every file that matches is followed, not one name: with
winston's own rotation the writer moves on to `combined1.log` and `combined.log` is the oldest. A file whose name went
is read to its end and kept open until it can hardly grow any more. A file that is opened is first held against the
generations that are known already: it may be one of them under another name, or a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from logship.errors import InputError
from logship.model import Batch, FileKey, Position
from logship.read.archive import is_compressed_head
from logship.read.discovery import Sighting, combined_beside, expand, sightings, without_repeats
from logship.read.generation import BLOCK_BYTES, Generation
from logship.read.happenings import Happenings
from logship.read.identity import holds_the_same
from logship.read.known import Known, KnownGenerations
from logship.read.lines import DEFAULT_MAX_LINE_BYTES, LineCutter
from logship.read.parking import DEFAULT_MAX_OPEN_FILES, Parking, surplus
from logship.read.rotation import Content, Held, Seen, can_let_go, classify, is_name_of_copy
from logship.read.siblings import Siblings, Unfinished, beside, rest_of

_CLOCK_TICK_SECONDS = 0.1
"""Two changes of a file within one tick of the kernel's clock (1 to 10 ms) carry the same time; with room to spare."""

_COMPRESSED = "compressed; replay reads it"
_NO_DESCRIPTOR = -1


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How to follow files.

    Attributes:
        max_line_bytes: A longer line is rejected without being kept.
        linger_seconds: How long a rotated file is kept open after its last change, for writers that still hold it.
        max_open_files: Files that are open at once; more are followed all the same, but closed while they rest.
    """

    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    linger_seconds: float = 30.0
    max_open_files: int = DEFAULT_MAX_OPEN_FILES


class Follower:
    """Hold the files that `patterns` mean and hand out their new lines; used by one thread.

    Args:
        patterns: Paths, globs, directories.
        options: How to follow.
        happenings: Who is told.
        positions: Where the generations stand that were open when a tailer stopped, by number.
        ended: The same for those that had ended before.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        options: FollowOptions,
        happenings: Happenings,
        *,
        positions: Mapping[int, Position] | None = None,
        ended: Mapping[int, Position] | None = None,
    ) -> None:
        self._patterns = patterns
        self._options = options
        self._tell = happenings
        self._held: dict[FileKey, Generation] = {}
        self._rests: list[tuple[Generation, Iterator[bytes]]] = []
        self._known = KnownGenerations(positions or {}, ended or {})
        self._unfinished = Unfinished()
        self._looked_at = 0.0
        self._parking = Parking()
        self._refused: dict[FileKey, str] = {}
        self._with_combined: set[str] = set()
        self._last_number = max([0, *(positions or {}), *(ended or {})])
        self.has_waiting = False
        """Whether there are files that the last look could not open, as too many others are open."""
        self.retired: dict[int, Position] = {}
        """Last positions of generations that ended; whoever keeps something about them clears it."""

    def look(self, now: float) -> None:
        """See which files came, went, grew or were replaced; `now` is monotonic, in seconds."""
        self._looked_at = now
        paths = expand(self._patterns)
        self._with_combined |= combined_beside(paths)  # for good: a rotation takes it away for a moment
        kept, repeats = without_repeats(paths, self._with_combined)
        seen = {sighting.key: sighting for sighting in sightings(kept)}
        left_out = set(repeats)
        for generation in list(self._held.values()):
            if generation.path in left_out and generation.key not in seen:
                self._give_up(generation, "repeats the lines of combined.log beside it")
                continue
            try:
                self._see(generation, seen.get(generation.key), now)
            except OSError as error:  # the disk, or a network file system that lost the file
                self._give_up(generation, error.strerror or str(error))
        for parked in self._parking.leave_unseen(seen):
            self._known.seek(parked.number)
        self._seek_all(now)
        self._open_new(seen.values(), now)
        self._refused = {key: why for key, why in self._refused.items() if key in seen}

    def batches(self) -> Iterator[Batch]:
        """Yield the lines up to the sizes seen by the last look, file by file.

        It may be left at any time; the next call goes on with what is unread.
        """
        while self._rests:
            yield from self._read_rest(*self._rests[0])
            self._rests.pop(0)
        for generation in list(self._held.values()):
            yield from self._read(generation)

    def let_go(self, now: float) -> Iterator[Batch]:
        """Close the files that can hardly grow any more; yield their unfinished last lines.

        `now` is the time of the last look: of what happened since then nothing is known.
        """
        for generation in list(self._held.values()):
            if generation.gone_at is None or generation.unread_bytes:
                continue
            gone_for, idle_for = now - generation.gone_at, now - generation.changed_at
            rested = can_let_go(gone_for=gone_for, idle_for=idle_for, linger=self._options.linger_seconds)
            if rested and not _has_changed(generation):
                yield from generation.finish()
                self._close(generation)
                self._tell.closed(generation.path)

    def positions(self) -> dict[int, Position]:
        """Return where all generations stand that have not ended."""
        open_now = [*self._held.values(), *(generation for generation, _ in self._rests)]
        return {generation.number: generation.position() for generation in open_now}

    def close(self) -> None:
        """Close all files; unfinished last lines stay unread."""
        for generation in list(self._held.values()):
            self._close(generation)

    @property
    def generations(self) -> list[Generation]:
        """The files that are open now."""
        return list(self._held.values())

    @property
    def followed_files(self) -> int:
        """How many files are followed, open or not."""
        return len(self._held) + len(self._parking)

    def _open_new(self, sightings: Iterable[Sighting], now: float) -> None:
        """Open the files that are new or have changed, as far as there is room; files that rest make room."""
        self.has_waiting = False
        for sighting in sightings:
            if sighting.key in self._held or self._parking.rests(sighting):
                continue
            if len(self._held) >= self._options.max_open_files:
                for generation in surplus(self._held.values(), self._options.max_open_files - 1):
                    self._park(generation)
            if len(self._held) >= self._options.max_open_files:
                self.has_waiting = True
                return
            self._open(sighting, now)

    def _park(self, generation: Generation) -> None:
        self._known.add(Known(generation.number, generation.position()))
        self._parking.park(generation)
        os.close(generation.descriptor)
        del self._held[generation.key]

    def _see(self, generation: Generation, sighting: Sighting | None, now: float) -> None:
        if sighting is None:
            if generation.gone_at is None:
                generation.gone_at = now
                self._tell.rotated(generation.path, _how_gone(generation.descriptor))
        else:
            generation.gone_at = None
            if sighting.path != generation.path:
                self._tell.rotated(generation.path, "renamed")
                generation.path = sighting.path
        self._look_inside(generation, now)

    def _look_inside(self, generation: Generation, now: float) -> None:
        status = os.fstat(generation.descriptor)
        if (status.st_size, status.st_mtime_ns) != (generation.size, generation.modified_ns):
            generation.changed_at = now
        elif generation.compared_at - generation.changed_at > _CLOCK_TICK_SECONDS:
            return
        generation.compared_at = now
        marker = generation.read_at(generation.offset - len(generation.marker), len(generation.marker))
        held = Held(generation.offset, generation.marker, generation.modified_ns)
        if classify(held, Seen(status.st_size, marker, status.st_mtime_ns)) is Content.REPLACED:
            self._replace(generation, now)
        generation.size, generation.modified_ns = status.st_size, status.st_mtime_ns

    def _replace(self, generation: Generation, now: float) -> None:
        """Begin a new generation in the same file; what the old one still held may stand in a copy (copytruncate)."""
        self._tell.rotated(generation.path, "replaced")
        self._retire(generation)
        self._known.add(Known(generation.number, generation.position(), sought=True))
        generation.start_over(self._next_number(), self._options.max_line_bytes)
        generation.changed_at = now

    def _open(self, sighting: Sighting, now: float, known: Known | None = None) -> bool:
        """Follow the file that was sighted, or, given a generation, only if it proves to be that one."""
        try:
            descriptor = os.open(sighting.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False  # it went since it was seen
        except OSError as error:
            self._refuse(sighting.key, sighting.path, error.strerror or str(error))
            return False
        try:
            held = self._hold(sighting.path, descriptor, now, known)
        except OSError as error:
            self._refuse(sighting.key, sighting.path, error.strerror or str(error))
            held = False
        if not held:
            os.close(descriptor)
        return held

    def _hold(self, path: str, descriptor: int, now: float, wanted: Known | None) -> bool:
        """Follow an open file from now on; return whether it is to be followed."""
        status = os.fstat(descriptor)
        key = FileKey(status.st_dev, status.st_ino)
        if key in self._held:
            return False
        if is_compressed_head(os.pread(descriptor, 8, 0)):
            self._refuse(key, path, _COMPRESSED)
            return False
        cutter = LineCutter(self._options.max_line_bytes)
        generation = Generation(0, path, key, descriptor, cutter, size=status.st_size, changed_at=now, compared_at=now)
        generation.modified_ns = status.st_mtime_ns
        parked = self._parking.leave(key)
        known = self._known.take(key, generation.read_at, wanted)
        if parked is not None and known is None and self._known.seek(parked.number):
            self._tell.rotated(path, "replaced")
        if known is not None:
            generation.number = known.number
            generation.resume(known.position)
        elif wanted is not None or self._is_copy(generation):
            return False
        else:
            generation.number = self._next_number()
        self._held[key] = generation
        if known is None:
            self._tell.opened(path)
        elif key not in self._refused and parked is None:  # a read that failed and fails again is told once
            self._tell.resumed(path, known.position.offset)
        return True

    def _is_copy(self, other: Generation) -> bool:
        """Return whether a file holds what one that is followed holds: a copytruncate between copy and truncation.

        It is not read while the original is there; once that is truncated, the copy is known by its bytes.
        """
        for generation in self._held.values():
            length = min(other.size, generation.size)
            if not length or generation.gone_at is not None or not is_name_of_copy(generation.path, other.path):
                continue
            if holds_the_same(other.read_at, generation.read_at, length):
                return True
        return False

    def _seek_all(self, now: float) -> None:
        """Look for what is sought, before new files are opened: one of them may be it."""
        directories: dict[str, Siblings | None] = {}
        for known in self._known.sought():
            directory = os.path.dirname(known.position.path)  # noqa: PTH120
            if directory not in directories:
                directories[directory] = beside(known.position.path)
            siblings = directories[directory]
            if siblings is not None:  # else it is not mounted yet, say: wait
                self._seek(known, siblings, now)

    def _seek(self, known: Known, siblings: Siblings, now: float) -> None:
        """Look for a generation where it was, then beside it: plain, compressed, at last in a new file of its name.

        The order matters only for logs whose lines are all alike, where a proof proves little.
        """
        plain = sorted(siblings.plain, key=lambda each: each.key != known.position.key)  # stable: the newest first
        renamed = [each for each in plain if each.key == known.position.key or each.path != known.position.path]
        if self._seek_plain(known, renamed, now):
            return
        if self._seek_compressed(known, [sighting.path for sighting in siblings.compressed], now):
            return
        if self._seek_plain(known, [each for each in plain if each.path == known.position.path], now):
            return
        self._known.give_up(known.number)
        self.retired[known.number] = known.position
        if known.position.size > known.position.offset:
            self._tell.vanished(known.position.path, known.position.size - known.position.offset)

    def _seek_plain(self, known: Known, sightings: Sequence[Sighting], now: float) -> bool:
        for sighting in sightings:
            if sighting.key not in self._held and self._open(sighting, now, known):
                if sighting.path != known.position.path:
                    self._held[sighting.key].gone_at = now  # no glob need mean it; if one does, the next look says so
                return True
        return False

    def _seek_compressed(self, known: Known, paths: Sequence[str], now: float) -> bool:
        """Return whether a compressed file is the generation, or may be it once it has been written to its end."""
        may_come = False
        for path in paths:
            if path in self._unfinished and not self._unfinished.has_grown(path, now):
                may_come = may_come or self._unfinished.quiet_for(path, now) < self._options.linger_seconds
                continue
            try:
                rest = rest_of(known.position, path)
            except InputError:
                self._unfinished.has_grown(path, now)
                may_come = True
                continue
            if rest is not None:
                self._known.drop(known.number)
                self._rests.append((self._compressed(known, path, rest.head, rest.marker), rest.blocks))
                self._tell.resumed(path, known.position.offset)
                return True
        return may_come

    def _compressed(self, known: Known, path: str, head: bytes, marker: bytes) -> Generation:
        """Return a generation that stands in a compressed file at the position known."""
        cutter = LineCutter(self._options.max_line_bytes)
        offset = known.position.offset
        key = known.position.key
        return Generation(known.number, path, key, _NO_DESCRIPTOR, cutter, offset, head, marker, marker, size=offset)

    def _refuse(self, key: FileKey, path: str, why: str) -> None:
        if self._refused.get(key) != why:
            self._refused[key] = why
            self._tell.unreadable(path, why)

    def _give_up(self, generation: Generation, why: str) -> None:
        self._refuse(generation.key, generation.path, why)
        self._close(generation)

    def _read(self, generation: Generation) -> Iterator[Batch]:
        while generation.unread_bytes:
            length = min(BLOCK_BYTES, generation.unread_bytes)
            try:
                block = generation.read_at(generation.offset, length)
            except OSError as error:
                self._give_up(generation, error.strerror or str(error))
                return
            if generation.offset == 0 and is_compressed_head(block):  # was empty when it was opened
                self._give_up(generation, _COMPRESSED)
                return
            if not block:
                generation.size = generation.offset  # shorter than seen: the next look tells why
                return
            yield from generation.take(block)

    def _read_rest(self, generation: Generation, blocks: Iterator[bytes]) -> Iterator[Batch]:
        try:
            for block in blocks:
                yield from generation.take(block)
        except InputError:  # it is still being written, or for ever incomplete: the next looks will tell
            self._unfinished.has_grown(generation.path, self._looked_at)
            self._known.add(Known(generation.number, generation.position(), sought=True))
            return
        yield from generation.finish()
        self._retire(generation)
        self._tell.closed(generation.path)

    def _close(self, generation: Generation) -> None:
        if _how_gone(generation.descriptor) != "removed":
            self._known.add(Known(generation.number, generation.position()))
        os.close(generation.descriptor)
        del self._held[generation.key]
        self._retire(generation)

    def _retire(self, generation: Generation) -> None:
        self.retired[generation.number] = generation.position()

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number


def _how_gone(descriptor: int) -> str:
    try:
        return "removed" if os.fstat(descriptor).st_nlink == 0 else "renamed"
    except OSError:  # a network file system says so of a file that was removed
        return "removed"


def _has_changed(generation: Generation) -> bool:
    """Return whether something happened to the file since the last look."""
    try:
        return os.fstat(generation.descriptor).st_size != generation.offset
    except OSError:  # nothing more will be read of it
        return False
