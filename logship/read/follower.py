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
from logship.read.generation import BLOCK_BYTES, Generation, unpacked
from logship.read.happenings import Happenings
from logship.read.identity import holds_the_same
from logship.read.known import Known, KnownGenerations
from logship.read.lines import DEFAULT_MAX_LINE_BYTES, LineCutter
from logship.read.parking import DEFAULT_MAX_OPEN_FILES, Parking, surplus
from logship.read.rotation import Content, Held, Seen, can_let_go, classify, is_name_of_copy
from logship.read.search import Search
from logship.read.siblings import Rest

_CLOCK_TICK_SECONDS = 0.1
"""Two changes of a file within one tick of the kernel's clock (1 to 10 ms) carry the same time; with room to spare."""

_COMPRESSED = "compressed; replay reads it"
_NOWHERE = FileKey(0, 0)


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
        self._rests: list[tuple[Generation, Sighting, Rest]] = []
        self._known = KnownGenerations(positions or {}, ended or {})
        self._search = Search(
            self._known,
            options.linger_seconds,
            follow=self._follow,
            unpack=self._unpack,
            is_out_of_reach=lambda key: self.has_waiting or key in self._out_of_reach,
            give_up=self._lose,
        )
        self._looked_at = 0.0
        self._seen: dict[FileKey, Sighting] = {}
        self._fresh: set[FileKey] = set()
        self._out_of_reach: set[FileKey] = set()
        self._parking = Parking()
        self._refused: dict[FileKey, str] = {}
        self._with_combined: set[str] = set()
        self._last_number = self._first_new_number = max([0, *(positions or {}), *(ended or {})])
        self.has_waiting = False
        """Whether there are files that the last look could not open, as too many others are open."""
        self.retired: dict[int, Position] = {}
        """Last positions of generations that ended; whoever keeps something about them clears it."""

    def look(self, now: float) -> None:
        """See which files came, went, grew or were replaced; `now` is monotonic, in seconds."""
        self._looked_at = now
        self._first_new_number = self._last_number + 1
        self.has_waiting = False
        self._fresh.clear()
        self._out_of_reach.clear()
        paths = expand(self._patterns)
        self._with_combined |= combined_beside(paths)  # for good: a rotation takes it away for a moment
        kept, repeats = without_repeats(paths, self._with_combined)
        self._seen = seen = {sighting.key: sighting for sighting in sightings(kept)}
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
        self._open_new([sighting for key, sighting in seen.items() if key in self._parking], now)
        self._search.run(seen, now)
        self._leave_copies()
        self._open_new(seen.values(), now)
        self._refused = {key: why for key, why in self._refused.items() if key in seen or key in self._out_of_reach}

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
            if rested and not generation.has_changed():
                yield from generation.finish()
                self._close(generation)
                self._tell.closed(generation.path)

    def positions(self) -> dict[int, Position]:
        """Return where all generations stand that have not ended."""
        open_now = [*self._held.values(), *(generation for generation, *_ in self._rests)]
        sought = {known.number: known.position for known in self._known.sought()}
        return sought | {generation.number: generation.position() for generation in open_now}

    def close(self) -> None:
        """Close all files; unfinished last lines stay unread."""
        for generation in list(self._held.values()):
            self._close(generation)
        for _, _, rest in self._rests:
            rest.close()

    @property
    def generations(self) -> list[Generation]:
        """The files that are open now."""
        return list(self._held.values())

    @property
    def followed_files(self) -> int:
        """How many files are followed, open or not."""
        return len(self._held) + len(self._parking)

    def _open_new(self, sightings: Iterable[Sighting], now: float) -> None:
        """Open the files that are new or have changed, as far as there is room."""
        for sighting in sightings:
            if sighting.key in self._held or self._parking.rests(sighting):
                continue
            if not self._has_room():
                return
            self._open(sighting, now)

    def _has_room(self) -> bool:
        """Return whether one more file may be opened; files that rest make room."""
        limit = self._options.max_open_files
        if len(self._held) >= limit:
            for generation in surplus(self._held.values(), limit - 1):
                self._park(generation)
        self.has_waiting |= len(self._held) >= limit
        return len(self._held) < limit

    def _park(self, generation: Generation) -> None:
        self._known.park(Known(generation.number, generation.position()))
        self._parking.park(generation)
        os.close(generation.descriptor)
        del self._held[generation.key]

    def _see(self, generation: Generation, sighting: Sighting | None, now: float) -> None:
        if sighting is None:
            if generation.gone_at is None:
                generation.gone_at = now
                self._tell.rotated(generation.path, generation.how_gone())
        else:
            generation.gone_at = None
            if sighting.path != generation.path:
                self._tell.rotated(generation.path, "renamed")
                generation.move(sighting.path)
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
            self._fresh.add(generation.key)
        elif not generation.size and status.st_size:
            self._fresh.add(generation.key)
        generation.size, generation.modified_ns = status.st_size, status.st_mtime_ns

    def _replace(self, generation: Generation, now: float) -> None:
        """Begin a new generation in the same file; what the old one still held may stand in a copy (copytruncate)."""
        self._tell.rotated(generation.path, "replaced")
        if generation.counted_offset:
            self._known.add(Known(generation.number, generation.position(), sought=True))
        else:
            self.retired[generation.number] = generation.position()
        generation.start_over(self._next_number(), self._options.max_line_bytes)
        generation.changed_at = now

    def _open(self, sighting: Sighting, now: float, known: Known | None = None) -> bool:
        """Follow the file that was sighted, or, given a generation, only if it proves to be that one."""
        try:
            descriptor = os.open(sighting.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False  # it went since it was seen
        except OSError as error:
            self._cannot_open(sighting, known, error)
            return False
        try:
            held = self._hold(sighting.path, descriptor, now, known)
        except OSError as error:
            self._cannot_open(sighting, known, error)
            held = False
        if not held:
            os.close(descriptor)
        return held

    def _cannot_open(self, sighting: Sighting, known: Known | None, error: OSError) -> None:
        """Tell of a file that is to be followed; of others beside it nothing is expected."""
        if known is None or known.position.key == sighting.key:
            self._out_of_reach.add(sighting.key)
            self._refuse(sighting.key, sighting.path, error.strerror or str(error))

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
            self._resume(generation, known)
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
            came_along = generation.number >= self._first_new_number  # two of a log whose lines are all alike
            if came_along or generation.gone_at is not None or not is_name_of_copy(generation.path, other.path):
                continue
            size = os.fstat(generation.descriptor).st_size
            if size < generation.size:
                return True  # cut since it was looked at: the next look tells what the other one is
            if 0 < other.size <= size and holds_the_same(other.read_at, generation.read_at, other.size):
                return True
        return False

    def _leave_copies(self) -> None:
        """Let go of files that were empty, or held something else, and now hold a copy of another that is followed."""
        for key in self._fresh & self._held.keys():
            generation = self._held[key]
            if not generation.offset and generation.gone_at is None and self._is_copy(generation):
                self._close(generation)

    def _follow(self, sighting: Sighting, known: Known) -> bool:
        """Follow a file if it proves to be the generation that is sought; return whether it does."""
        held = self._held.get(sighting.key)
        if held is None:
            found = self._has_room() and self._open(sighting, self._looked_at, known)
        else:
            found = sighting.key in self._fresh and self._become(held, known)
        if found and sighting.key not in self._seen:
            self._held[sighting.key].gone_at = self._looked_at
        return found

    def _become(self, generation: Generation, known: Known) -> bool:
        """Go on with what is sought in an open file of which nothing was read yet, if it proves to be it."""
        if generation.offset or self._known.take(generation.key, generation.read_at, known) is None:
            return False
        self.retired[generation.number] = generation.position()
        self._resume(generation, known)
        self._tell.resumed(generation.path, known.position.offset)
        return True

    def _resume(self, generation: Generation, known: Known) -> None:
        generation.number = known.number
        generation.resume(known.position)
        self.retired.pop(known.number, None)

    def _unpack(self, known: Known, archive: Sighting, rest: Rest) -> None:
        """Read a generation on in a compressed file."""
        self._known.drop(known.number)
        cutter = LineCutter(self._options.max_line_bytes)
        self._rests.append((unpacked(known, archive.path, rest, cutter), archive, rest))
        self._tell.resumed(archive.path, known.position.offset)

    def _lose(self, known: Known) -> None:
        """Look for a generation no more that is found nowhere, and tell how much of it was never read."""
        self._known.give_up(known.number)
        self.retired[known.number] = known.position
        if known.position.size > known.position.offset:
            self._tell.vanished(known.position.path, known.position.size - known.position.offset)

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

    def _read_rest(self, generation: Generation, archive: Sighting, rest: Rest) -> Iterator[Batch]:
        try:
            for block in rest.blocks:
                yield from generation.take(block)
        except InputError:  # it is still being written, or for ever incomplete: the next looks will tell
            self._search.ended_early(generation.number, archive, self._looked_at)
            self._known.add(Known(generation.number, generation.position(), sought=True))
            return
        yield from generation.finish()
        self.retired[generation.number] = generation.position()._replace(key=_NOWHERE)
        self._tell.closed(generation.path)

    def _close(self, generation: Generation) -> None:
        position = generation.position()
        if generation.how_gone() == "removed":
            position = position._replace(key=_NOWHERE)  # its inode is the next file's
        self._known.add(Known(generation.number, position))
        os.close(generation.descriptor)
        del self._held[generation.key]
        self.retired[generation.number] = position

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number
