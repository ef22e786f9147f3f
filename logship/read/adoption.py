"""Take over files that were found by search: what a generation left, in a plain file or in a compressed one."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.discovery import Sighting
from logship.read.generation import Generation, beginning, unpacked
from logship.read.happenings import Happenings
from logship.read.known import Known
from logship.read.missed import Moved
from logship.read.opening import Opener
from logship.read.refusals import Refusals
from logship.read.shelf import Shelf, Unpacked
from logship.read.siblings import Rest, rest_of


class Adoption:
    """Put what was found on the shelf.

    Args:
        shelf: Where it is put.
        opener: Opens plain files.
        refusals: Knows what cannot be opened now.
        happenings: Who is told.
        suspect: Is told where a file was rotated, so that others may have been missed.
    """

    def __init__(
        self,
        shelf: Shelf,
        opener: Opener,
        refusals: Refusals,
        happenings: Happenings,
        suspect: Callable[..., None],
    ) -> None:
        self._shelf = shelf
        self._opener = opener
        self._refusals = refusals
        self._tell = happenings
        self._suspect = suspect
        self.seen: Collection[FileKey] = ()
        """Files that are meant, and seen by the look under way."""
        self.fresh: set[FileKey] = set()
        """Open files that hold something since this look, of which nothing was read yet."""

    def follow(self, sighting: Sighting, known: Known) -> bool:
        """Follow a file if it proves to be the generation that is sought; return whether it does."""
        held = self._shelf.held.get(sighting.key)
        if held is not None:
            found = held if sighting.key in self.fresh and self._become(held, known) else None
        else:
            found = self._opener.open(sighting, known) if self._opener.has_room() else None
        if found is not None:
            self._mind_name(found)
            self._tell_move(known.position, sighting)
        return found is not None

    def unpack(self, known: Known, archive: Sighting, rest: Rest) -> None:
        """Read a generation on in a compressed file."""
        self._suspect(known.position.path, Moved(archive.path))
        self._begin_unpacking(known, archive, rest)
        self._tell.resumed(archive.path, known.position.offset)

    def follow_missed(self, sighting: Sighting) -> bool:
        """Follow a file that nobody knows from its beginning; return False if it must wait."""
        if not self._opener.has_room():
            return False
        last_number = self._shelf.last_number
        generation = self._opener.open(sighting)
        if generation is not None:
            self._mind_name(generation)
            if generation.key != sighting.key and generation.number > last_number:
                self._shelf.close(generation)  # another file took that name meanwhile: the next look tells
        return not self._refusals.is_out_of_reach(sighting.key)

    def unpack_missed(self, archive: Sighting) -> bool:
        """Read a compressed file that nobody knows from its beginning; return False if it cannot be opened now."""
        position = beginning(archive.path)
        try:
            rest = rest_of(position, archive.path)
        except InputError:
            return False
        if rest is not None and rest.key != archive.key:
            rest.close()  # another file took that name meanwhile
            return False
        if rest is not None:
            self._begin_unpacking(Known(self._shelf.next_number(), position), archive, rest)
            self._tell.opened(archive.path)
        return True

    def _begin_unpacking(self, known: Known, archive: Sighting, rest: Rest) -> None:
        self._shelf.known.drop(known.number)
        source = self._opener.sources.of(archive.path, known.position.source)
        generation = unpacked(known, archive.path, rest, self._opener.cutter_of(source))
        generation.source = source
        self._shelf.unpacked.append(Unpacked(generation, archive, rest))

    def _tell_move(self, position: Position, sighting: Sighting) -> None:
        """Tell that a generation was found elsewhere; or where it was, though nothing proves that it is the same."""
        place = os.path.realpath(sighting.path)
        if not position.offset:
            self._suspect(position.path, Moved(place))
        elif place != position.path:
            self._suspect(position.path, Moved(place, sighting.key, sighting.modified_ns))

    def _mind_name(self, generation: Generation) -> None:
        """Treat a file that is followed, but not under its name, as one whose name went."""
        if generation.key not in self.seen:
            generation.gone_at = self._opener.now

    def _become(self, generation: Generation, known: Known) -> bool:
        """Go on with what is sought in an open file of which nothing was read yet, if it proves to be it."""
        if generation.offset:
            return False
        unread = {generation.number: generation.position()}
        try:
            if self._shelf.known.take(generation.key, generation.read_at, known) is None:
                return False
            self._opener.resume(generation, known)
        except OSError:  # the next look tells
            return False
        self._shelf.retire(unread)
        self._shelf.hold(generation)
        self._tell.resumed(generation.path, known.position.offset)
        return True
