"""Follow the files that sources mean, through rotation and restarts: batches of lines come out, each line once.

The acting half of `rotation`: it opens, reads and closes. Every file that matches is followed, not one name: with
winston's own rotation the writer moves on to `combined1.log` and `combined.log` is the oldest. A file whose name went
is read to its end and kept open until it can hardly grow any more. A file that is opened is first held against the
generations that are known already: it may be one of them under another name, or a copy.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress

from logship.errors import InputError
from logship.model import Batch, FileKey, Position
from logship.read.adoption import Adoption
from logship.read.archive import is_compressed_head
from logship.read.discovery import Sighting, combined_beside, sightings, without_repeats
from logship.read.generation import BLOCK_BYTES, NOWHERE, Generation
from logship.read.happenings import Happenings
from logship.read.known import Known
from logship.read.missed import Missed, Moved
from logship.read.opening import Opener
from logship.read.options import FollowOptions
from logship.read.places import Places
from logship.read.refusals import COMPRESSED, Refusals
from logship.read.rotation import Content, Held, Seen, can_let_go, classify, looks_rotated
from logship.read.search import Search
from logship.read.shelf import Shelf, Unpacked, directory_of
from logship.read.siblings import Neighbourhood
from logship.read.sources import Sources

_CLOCK_TICK_SECONDS = 0.1
"""Two changes of a file within one tick of the kernel's clock (1 to 10 ms) carry the same time; with room to spare."""

_MOST_AT_ONCE = 32 << 20
"""Bytes read of one file before others have their turn, and a stop is heard: a hole may be long and hold no line."""


class Follower:
    """Hold the files that `sources` mean and hand out their new lines; used by one thread.

    Args:
        sources: What is followed.
        options: How to follow.
        happenings: Who is told.
        positions: Where the generations stand that were open when a tailer stopped, by number.
        ended: The same for those that had ended before.
        excluded: Files that are never read, absolute and with links resolved: the tailer's own.
    """

    def __init__(
        self,
        sources: Sources,
        options: FollowOptions,
        happenings: Happenings,
        *,
        positions: Mapping[int, Position] | None = None,
        ended: Mapping[int, Position] | None = None,
        excluded: Iterable[str] = (),
    ) -> None:
        self._sources = sources
        self._options = options
        self._tell = happenings
        self._excluded = tuple(excluded)
        self._refusals = Refusals(happenings)
        self._shelf = Shelf.of(positions or {}, ended or {})
        self._opener = Opener(sources, self._shelf, options, happenings, self._refusals)
        self._adoption = Adoption(self._shelf, self._opener, self._refusals, happenings, self._suspect)
        neighbourhood = Neighbourhood(frozenset(self._excluded))
        self._search = Search(
            self._shelf.known,
            neighbourhood,
            options.linger_seconds,
            follow=self._adoption.follow,
            unpack=self._adoption.unpack,
            is_out_of_reach=lambda key: self.has_waiting or self._refusals.is_out_of_reach(key),
            give_up=self._give_up_search,
        )
        self._missed = Missed(
            sources.patterns,
            self._shelf,
            neighbourhood,
            self._refusals,
            options.linger_seconds,
            follow=self._adoption.follow_missed,
            unpack=self._adoption.unpack_missed,
            is_repeat=lambda path: bool(without_repeats([path], self._with_combined)[1]),
        )
        known = [position.path for each in (positions, ended) if each for position in each.values()]
        self._places = Places(sources.patterns, map(directory_of, known))
        self._past: set[FileKey] = set()
        self._gone: list[Known] = []
        self._with_combined: set[str] = set()
        self._waiting_bytes = 0

    def look(self, now: float) -> None:
        """See which files came, went, grew or were replaced; `now` is monotonic, in seconds."""
        self._opener.begin_look(now)
        self._refusals.begin_look()
        self._adoption.fresh.clear()
        self._adoption.seen = seen = self._see_files()
        for generation in self.generations:
            try:
                self._see(generation, seen.get(generation.key), now)
            except OSError as error:  # the disk, or a network file system that lost the file
                self._lose_sight(generation, error)
        for parked in self._shelf.parking.leave_unseen(seen):
            self._shelf.known.seek(parked.number)
        self._opener.open_new([sighting for key, sighting in seen.items() if key in self._shelf.parking])
        self._search.run(seen, now)
        self._leave_copies()
        unopened, last_number = self._unopened(seen), self._shelf.last_number
        self._meet_directories(unopened, seen)
        self._opener.open_new(unopened)
        self._suspect_missed(unopened, last_number)
        self._suspect_escaped(unopened, seen, last_number)
        self._tell_what_is_lost(self._missed.run(seen, now))
        self._tell_what_is_compressed(unopened)
        self._past &= seen.keys()
        self._opener.from_end &= seen.keys()
        self._refusals.end_look(seen)
        self._waiting_bytes = sum(map(self._shelf.parking.unread, self._unopened(seen))) if self.has_waiting else 0

    def batches(self) -> Iterator[Batch]:
        """Yield the lines up to the sizes seen by the last look, file by file.

        It may be left at any time; the next call goes on with what is unread.
        """
        unpacked_files = self._shelf.unpacked
        while unpacked_files:
            yield from self._read_unpacked(unpacked_files[0])
            unpacked_files.pop(0)
        for generation in list(self._shelf.held.values()):
            yield from self._read(generation)

    def let_go(self, now: float) -> Iterator[Batch]:
        """Close the files that can hardly grow any more; yield their unfinished last lines.

        `now` is the time of the last look: of what happened since then nothing is known.
        """
        for generation in list(self._shelf.held.values()):
            if generation.gone_at is None or generation.unread_bytes:
                continue
            gone_for, idle_for = now - generation.gone_at, now - generation.changed_at
            rested = can_let_go(gone_for=gone_for, idle_for=idle_for, linger=self._options.linger_seconds)
            if rested and not generation.has_changed():
                yield from generation.finish()
                self._shelf.close(generation)
                self._tell.closed(generation.path)

    def positions(self) -> dict[int, Position]:
        """Return where all generations stand that may have moved and have not ended."""
        return self._shelf.positions()

    def close(self) -> None:
        """Close all files; unfinished last lines stay unread."""
        self._shelf.close_all()

    def retire(self, ended: Mapping[int, Position]) -> None:
        """Let generations end that are not open."""
        self._shelf.retire(ended)

    def take_retired(self) -> dict[int, Position]:
        """Return the last positions of the generations that ended since the last call."""
        retired, self._shelf.retired = self._shelf.retired, {}
        return retired

    @property
    def retired(self) -> dict[int, Position]:
        """The last positions of generations that ended, until they are taken."""
        return self._shelf.retired

    @property
    def generations(self) -> list[Generation]:
        """The files that are open now."""
        return list(self._shelf.held.values())

    @property
    def has_waiting(self) -> bool:
        """Whether there are files that the last look could not open, as too many others are open."""
        return self._opener.has_waiting

    @property
    def behind_bytes(self) -> int:
        """Bytes that were seen but are in no batch yet, of open files and of those that wait to be opened."""
        return sum(generation.behind_bytes for generation in self._shelf.held.values()) + self._waiting_bytes

    @property
    def has_unread(self) -> bool:
        """Whether bytes that the last look saw are unread."""
        return any(generation.unread_bytes for generation in self._shelf.held.values())

    @property
    def is_settled(self) -> bool:
        """Whether everything is found and open that may hold lines: nothing is looked for, and nothing waits."""
        return not (self.has_waiting or self._shelf.known.sought() or self._shelf.unpacked or self._missed.is_waiting)

    @property
    def passes(self) -> int:
        """Looks that it takes to open every file once."""
        return 1 + self.followed_files // self._options.max_open_files

    @property
    def last_number(self) -> int:
        """The number of the newest generation."""
        return self._shelf.last_number

    @property
    def followed_files(self) -> int:
        """How many files are followed, open or not."""
        return len(self._shelf.held) + len(self._shelf.parking)

    def _suspect(self, live: str, *moved: Moved) -> None:
        self._missed.suspect(live, *moved)

    def _see_files(self) -> dict[FileKey, Sighting]:
        """Return the files that are to be followed now; let go of those that turn out to repeat others."""
        paths = self._sources.expand()
        self._with_combined |= combined_beside(paths)  # for good: a rotation takes it away for a moment
        kept, repeats = without_repeats(paths, self._with_combined)
        own = {sighting.key for sighting in sightings(self._excluded)}
        seen = {sighting.key: sighting for sighting in sightings(kept) if sighting.key not in own}
        left_out = set(repeats)
        for generation in self.generations:
            if generation.path in left_out and generation.key not in seen:
                self._give_up(generation, "repeats the lines of combined.log beside it")
        return seen

    def _unopened(self, seen: Mapping[FileKey, Sighting]) -> list[Sighting]:
        """Return the files to open, originals before what may be their copies."""
        held, parking = self._shelf.held, self._shelf.parking
        closed = (each for key, each in seen.items() if key not in held and not parking.rests(each))
        found = [each for each in closed if not self._refusals.is_compressed(each)]
        return sorted(found, key=lambda each: looks_rotated(each.path))

    def _suspect_missed(self, opened: Iterable[Sighting], last_number: int) -> None:
        """Where a new file appears in a directory that was known, others may have come and gone since the last look."""
        for key in {each.key for each in opened} - self._past:
            generation = self._shelf.held.get(key)
            if generation is not None and generation.number > last_number:
                self._missed.suspect(generation.real_path, *self._meant_before(generation))

    def _suspect_escaped(self, opened: Iterable[Sighting], seen: dict[FileKey, Sighting], last_number: int) -> None:
        """Look for the files in whose place another one was opened: each was rotated away since it was seen."""
        instead = {each.path for each in self.generations if each.number > last_number and each.key not in seen}
        for each in opened:
            if each.path in instead and each.key not in self._shelf.held:
                self._missed.suspect(os.path.realpath(each.path))
                del seen[each.key]  # it is not followed by that name any more

    def _meant_before(self, generation: Generation) -> list[Moved]:
        """Return the files that a link meant until now; it may have meant others since, of a like name."""
        if not os.path.islink(generation.path):  # noqa: PTH114 - a Path object costs more than the call
            return []
        place = directory_of(generation.real_path)
        gone = [each for each in self.generations if each.gone_at is not None]
        beside = (each for each in gone if directory_of(each.real_path) == place)
        return [Moved(each.real_path, each.key, each.modified_ns) for each in beside]

    def _tell_what_is_compressed(self, opened: Iterable[Sighting]) -> None:
        """Tell of the compressed files that are meant, but are neither what was followed nor what was missed."""
        for each in opened:
            is_past = each.key in self._past
            if self._refusals.is_compressed(each) and (is_past or not self._missed.knows_archive(each)):
                self._refusals.refuse(each.key, each.path, COMPRESSED)

    def _meet_directories(self, unopened: Iterable[Sighting], seen: Mapping[FileKey, Sighting]) -> None:
        """Note what stands in directories that begin with a past, and which files are to be opened there."""
        is_first = not self._places.has_met_any
        found_in = {each.key: directory_of(os.path.realpath(each.path)) for each in unopened}
        past = self._places.meet(found_in.values())
        for directory in past:
            self._missed.note(directory, seen)
        found = {key for key, directory in found_in.items() if directory in past}
        self._past |= found
        if is_first and self._options.from_end:
            self._opener.from_end = found

    def _see(self, generation: Generation, sighting: Sighting | None, now: float) -> None:
        if sighting is None:
            if generation.gone_at is None:
                generation.gone_at = now
                self._missed.suspect(generation.real_path, Moved(None, generation.key, generation.modified_ns))
                self._tell.rotated(generation.path, generation.how_gone())
        else:
            generation.gone_at = None
            if sighting.path != generation.path:
                self._tell.rotated(generation.path, "renamed")
                live = generation.real_path
                generation.move(sighting.path)
                self._missed.suspect(live, Moved(generation.real_path, generation.key, sighting.modified_ns))
        self._look_inside(generation, now)

    def _look_inside(self, generation: Generation, now: float) -> None:
        status = os.fstat(generation.descriptor)
        if (status.st_size, status.st_mtime_ns) != (generation.size, generation.modified_ns):
            generation.changed_at = now
        elif generation.compared_at - generation.changed_at > _CLOCK_TICK_SECONDS:
            return
        generation.compared_at = now
        if not generation.offset:
            self._missed.suspect(generation.real_path)  # what was never read can be cut without a trace
        marker = generation.read_at(generation.offset - len(generation.marker), len(generation.marker))
        held = Held(generation.offset, generation.marker, generation.modified_ns)
        if classify(held, Seen(status.st_size, marker, status.st_mtime_ns)) is Content.REPLACED:
            self._replace(generation, now)
            self._adoption.fresh.add(generation.key)
        elif not generation.size and status.st_size:
            self._adoption.fresh.add(generation.key)
        generation.size, generation.modified_ns = status.st_size, status.st_mtime_ns
        generation.note_beginning()

    def _replace(self, generation: Generation, now: float) -> None:
        """Begin a new generation in the same file; what the old one still held may stand in a copy (copytruncate)."""
        self._tell.rotated(generation.path, "replaced")
        if generation.counted_offset:
            known = Known(generation.number, generation.position(), sought=True, head=generation.head)
            self._shelf.known.add(known)
        else:
            self._shelf.retire({generation.number: generation.position()})
            self._missed.suspect(generation.real_path)
        generation.start_over(self._shelf.next_number())
        generation.changed_at = now

    def _leave_copies(self) -> None:
        """Let go of files that were empty, or held something else, and now hold a copy of another that is followed."""
        for key in self._adoption.fresh & self._shelf.held.keys():
            generation = self._shelf.held[key]
            with suppress(OSError):  # of the original: the next look tells
                if not generation.offset and generation.gone_at is None and self._opener.is_copy(generation):
                    self._shelf.close(generation)

    def _give_up_search(self, known: Known) -> None:
        self._shelf.known.give_up(known.number)
        self._shelf.retire({known.number: known.position})
        self._missed.suspect(known.position.path)
        self._gone.append(known)

    def _tell_what_is_lost(self, found_in: Collection[str]) -> None:
        """Tell how much was never read of what is found nowhere.

        Of what nothing was counted nothing is proven: it may be what was missed in its directory.
        """
        gone, self._gone = self._gone, []
        for position in (known.position for known in gone):
            is_proven = position.offset or directory_of(position.path) not in found_in
            if is_proven and position.size > position.offset:
                self._tell.vanished(position.path, position.size - position.offset)

    def _give_up(self, generation: Generation, why: str) -> None:
        self._refusals.refuse(generation.key, generation.path, why)
        self._shelf.close(generation)

    def _lose_sight(self, generation: Generation, error: OSError) -> None:
        """Close a file that cannot be read now, and look for it from now on, under any name."""
        self._refusals.refuse(generation.key, generation.path, error.strerror or str(error))
        self._shelf.lose(generation)

    def _read(self, generation: Generation) -> Iterator[Batch]:
        until = generation.offset + _MOST_AT_ONCE
        while generation.unread_bytes and generation.offset < until:
            length = min(BLOCK_BYTES, generation.unread_bytes)
            try:
                block = generation.read_at(generation.offset, length)
                is_as_seen = generation.is_as_seen(len(block) == length)
            except OSError as error:
                self._lose_sight(generation, error)
                return
            if not is_as_seen:  # cut since the look: this may be other content, and the next look tells
                generation.size = generation.offset
                return
            if generation.offset == 0 and is_compressed_head(block):  # was empty when it was opened
                self._give_up(generation, COMPRESSED)
                return
            yield from generation.take(block)

    def _read_unpacked(self, unpacked_file: Unpacked) -> Iterator[Batch]:
        generation = unpacked_file.generation
        try:
            for block in unpacked_file.rest.blocks:
                yield from generation.take(block)
        except InputError:  # it is still being written, or for ever incomplete: the next looks will tell
            self._search.ended_early(generation.number, unpacked_file.archive, self._opener.now)
            self._shelf.known.add(Known(generation.number, generation.position(), sought=True))
            return
        yield from generation.finish()
        self._shelf.end(generation.number, generation.position()._replace(key=NOWHERE))
        self._tell.closed(generation.path)
