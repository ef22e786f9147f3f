"""Open files: each is held against the generations that are known, and against those of which it may be a copy."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from logship.model import FileKey
from logship.read.archive import is_compressed_head
from logship.read.copies import has_different_lines, is_copy
from logship.read.discovery import Sighting
from logship.read.framing import Cutter, cutter_for
from logship.read.generation import Generation
from logship.read.happenings import Happenings
from logship.read.identity import HEAD_BYTES
from logship.read.known import Known
from logship.read.options import FollowOptions
from logship.read.parking import surplus
from logship.read.refusals import Refusals
from logship.read.shelf import Shelf
from logship.read.sources import Sources


class Opener:
    """Put generations on a shelf by opening their files, as far as there is room.

    Args:
        sources: Which files belong to which source.
        shelf: Where they are put.
        options: How many, how long their lines.
        happenings: Who is told.
        refusals: What cannot be opened.
    """

    def __init__(
        self,
        sources: Sources,
        shelf: Shelf,
        options: FollowOptions,
        happenings: Happenings,
        refusals: Refusals,
    ) -> None:
        self.sources = sources
        self._shelf = shelf
        self._options = options
        self._tell = happenings
        self._refusals = refusals
        self.now = 0.0
        self.has_waiting = False
        """Whether there are files that could not be opened, as too many others are open."""
        self.from_end: set[FileKey] = set()
        """Files to be taken from their end."""

    def begin_look(self, now: float) -> None:
        """Let the files be opened that are seen at `now`, monotonic, in seconds."""
        self.now = now
        self.has_waiting = False

    def open_new(self, sightings: Iterable[Sighting]) -> None:
        """Open the files that are new or have changed, as far as there is room."""
        for sighting in sightings:
            if sighting.key in self._shelf.held or self._shelf.parking.rests(sighting):
                continue
            if not self.has_room():
                return
            self.open(sighting)

    def has_room(self) -> bool:
        """Return whether one more file may be opened; files that rest make room."""
        held, limit = self._shelf.held, self._options.max_open_files
        if len(held) >= limit:
            for generation in surplus(held.values(), limit - 1):
                self._shelf.park(generation)
        self.has_waiting |= len(held) >= limit
        return len(held) < limit

    def open(self, sighting: Sighting, known: Known | None = None) -> Generation | None:
        """Follow the file at the place that was sighted, or, given a generation, only if it proves to be that one."""
        try:
            descriptor = os.open(sighting.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None  # it went since it was seen
        except OSError as error:
            self._cannot_open(sighting, known, error)
            return None
        generation = None
        try:
            generation = self._hold(sighting.path, descriptor, known)
        except OSError as error:
            self._cannot_open(sighting, known, error)
        if generation is None:
            os.close(descriptor)
        return generation

    def _cannot_open(self, sighting: Sighting, known: Known | None, error: OSError) -> None:
        """Tell of a file that is to be followed; of others beside it nothing is expected."""
        if known is None or known.position.key == sighting.key:
            self._refusals.cannot_reach(sighting.key, sighting.path, error.strerror or str(error))

    def _hold(self, path: str, descriptor: int, wanted: Known | None) -> Generation | None:
        """Follow an open file from now on; return None if it is not to be followed."""
        status = os.fstat(descriptor)
        key = FileKey(status.st_dev, status.st_ino)
        if key in self._shelf.held:
            return None
        if is_compressed_head(os.pread(descriptor, 8, 0)):
            self._refusals.note_compressed(Sighting(path, key, status.st_size, status.st_mtime_ns))
            return None
        cutter, now = cutter_for(None), self.now  # until its source is known
        generation = Generation(0, path, key, descriptor, cutter, size=status.st_size, changed_at=now, compared_at=now)
        generation.modified_ns = status.st_mtime_ns
        if (wanted is None or not wanted.position.offset) and self.is_copy(generation):
            return None
        parked = self._shelf.parking.leave(key)
        known = self._recognised(generation, wanted, is_parked=parked is not None)
        if parked is not None and (known is None or known.number != parked.number):
            self._shelf.known.seek(parked.number)
            self._tell.rotated(path, "replaced")
        if known is not None:
            self.resume(generation, known)
        elif wanted is not None or (parked is None and self._was_counted(generation)):
            return None
        else:
            self._begin(generation)
            generation.note_beginning()
        self._shelf.hold(generation)
        if known is None or (not known.position.offset and known.position.head.length):  # new, or noted as the past
            self._tell.opened(path)
        elif key not in self._refusals and parked is None:  # a read that failed and fails again is told once
            self._tell.resumed(path, known.position.offset)
        return generation

    def _recognised(self, generation: Generation, wanted: Known | None, *, is_parked: bool) -> Known | None:
        """Return the generation that a file goes on with, None for a new one."""
        known = self._shelf.known.take(generation.key, generation.read_at, wanted)
        if known is None and wanted is None and not is_parked and has_different_lines(generation):
            return self._shelf.take_alike(generation)
        return known

    def _was_counted(self, generation: Generation) -> bool:
        """Return whether a file holds nothing but what was counted elsewhere: a copy of which the original has gone."""
        head = generation.read_at(0, HEAD_BYTES)
        return has_different_lines(generation) and self._shelf.known.have_counted(head, generation.size)

    def resume(self, generation: Generation, known: Known) -> None:
        """Go on as a generation that was taken from the known ones; if the file cannot be read now, look for it again.

        Raises OSError.
        """
        try:
            generation.resume(known.number, known.position)
            self._belongs(generation, self.sources.of(generation.path, known.position.source))
        except OSError:
            self._shelf.known.add(replace(known, sought=True))
            raise

    def cutter_of(self, source: str) -> Cutter:
        """Return a new cutter for the lines of a source."""
        return cutter_for(self.sources.wrap_of(source), self._options.max_line_bytes)

    def _belongs(self, generation: Generation, source: str) -> None:
        generation.source, generation.cutter = source, self.cutter_of(source)

    def _begin(self, generation: Generation) -> None:
        """Make a generation of a file that nobody knows."""
        generation.number = self._shelf.next_number()
        self._belongs(generation, self.sources.of(generation.path))
        if generation.key in self.from_end:
            generation.skip_to_end(self._options.max_line_bytes)

    def is_copy(self, generation: Generation) -> bool:
        """Return whether a file of which nothing was read is a copy of one that is followed."""
        return is_copy(generation, self._shelf.held.values(), self._shelf.known.parked)
