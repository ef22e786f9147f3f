"""Search for generations that are not open: where they were, then rotated, copied or compressed beside that place.

Names follow no rule, so every file may be it; its bytes prove which one is. The order matters for logs whose lines are
all alike, where a proof proves little: no generation may take the file of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from logship.errors import InputError
from logship.model import FileKey
from logship.read.discovery import Sighting
from logship.read.known import Known, KnownGenerations
from logship.read.rotation import is_name_of_copy
from logship.read.shelf import directory_of
from logship.read.siblings import Neighbourhood, Rest, Siblings, rest_of

_MOST_PASSES = 3
"""Searches before one look ends when files are renamed all the while; what is still missing is sought at the next."""


class Search:
    """Find what is sought among `known`.

    Args:
        known: Holds what is sought.
        neighbourhood: Where it may be.
        linger_seconds: How long a compressed file that ends too early is given to grow on.
        follow: Follows a plain file if it proves to be the generation, and returns whether it does.
        unpack: Takes over what a compressed file holds behind the position.
        is_out_of_reach: Whether a file is there but cannot be opened now.
        give_up: Is told what is found nowhere.
    """

    def __init__(
        self,
        known: KnownGenerations,
        neighbourhood: Neighbourhood,
        linger_seconds: float,
        *,
        follow: Callable[[Sighting, Known], bool],
        unpack: Callable[[Known, Sighting, Rest], None],
        is_out_of_reach: Callable[[FileKey], bool],
        give_up: Callable[[Known], None],
    ) -> None:
        self._known = known
        self._neighbourhood = neighbourhood
        self._linger_seconds = linger_seconds
        self._follow = follow
        self._unpack = unpack
        self._is_out_of_reach = is_out_of_reach
        self._give_up = give_up
        self._cut_short: dict[tuple[int, str], tuple[int, float]] = {}
        self._missing_since: dict[int, float] = {}

    def run(self, seen: Mapping[FileKey, Sighting], now: float) -> None:
        """Look for everything that is sought; `seen` are the files that are to be followed anyway."""
        for known in self._proven():
            if (here := seen.get(known.position.key)) is not None:
                self._follow(here, known)
        for _ in range(_MOST_PASSES):
            around = self._around()
            missing = self._missing(around, seen, now)
            self._missing_since = {each.number: self._missing_since.get(each.number, now) for each in missing}
            changing = {each for each in set(map(_directory, missing)) if self._has_changed(each, around)}
            for known in missing:
                is_patient = now - self._missing_since[known.number] < self._linger_seconds
                if not (is_patient and _directory(known) in changing):
                    self._forget(known.number)
                    self._give_up(known)
            if not changing:
                return

    def _has_changed(self, directory: str, around: Mapping[str, Siblings | None]) -> bool:
        return self._neighbourhood.has_changed(directory, around[directory])

    def _around(self) -> dict[str, Siblings | None]:
        places = dict.fromkeys(map(_directory, self._known.sought()))
        return {directory: self._neighbourhood.of(directory) for directory in places}

    def _proven(self) -> list[Known]:
        """Return what is sought, without what has nothing counted that could prove it: that takes what others leave."""
        return [known for known in self._known.sought() if known.position.offset]

    def _missing(
        self, around: Mapping[str, Siblings | None], seen: Mapping[FileKey, Sighting], now: float
    ) -> list[Known]:
        """Return what is neither found nor to be waited for."""
        for known in self._proven():
            if (siblings := around[_directory(known)]) is not None:
                self._try(known, (each for each in siblings.plain if _is_where_it_was(known, each)))
        missing = []
        for known in sorted(self._known.sought(), key=lambda each: not each.position.offset):
            if not known.position.offset and (here := seen.get(known.position.key)) and self._follow(here, known):
                continue
            siblings = around[_directory(known)]
            if siblings is None or self._is_out_of_reach(known.position.key):
                continue  # it is not mounted yet, say, or may not be read: wait
            if not self._is_beside(known, siblings, now):
                missing.append(known)
        return missing

    def ended_early(self, number: int, archive: Sighting, now: float) -> None:
        """Note that a compressed file, of the size given, broke off: it is still being written, or so for ever."""
        self._cut_short[number, archive.path] = (archive.size, now)

    def _is_beside(self, known: Known, siblings: Siblings, now: float) -> bool:
        """Return whether it is found or may come: under another name, compressed, at last in a new file of its name.

        Where its own file is still there, with other content, a copy is the likelier; where it is gone, an archive.
        """
        place = known.position
        if not place.offset:
            return self._try(known, (each for each in siblings.plain if _is_where_it_was(known, each)))
        plain = [each for each in siblings.plain if each.size >= place.offset and each.path != place.path]
        copies = [each for each in plain if not is_name_of_copy(each.path, place.path)]  # no rotation goes backwards
        if any(each.key == place.key for each in siblings.plain):
            found = self._try(known, copies) or self._is_compressed(known, siblings.compressed, now)
        else:
            found = self._is_compressed(known, siblings.compressed, now) or self._try(known, copies)
        return found or self._try(known, (each for each in siblings.plain if each.path == place.path))

    def _try(self, known: Known, sightings: Iterable[Sighting]) -> bool:
        return any(self._follow(sighting, known) for sighting in sightings)

    def _is_compressed(self, known: Known, archives: Iterable[Sighting], now: float) -> bool:
        may_come = False
        for archive in archives:
            size, since = self._cut_short.get((known.number, archive.path), (-1, now))
            if size == archive.size:
                may_come = may_come or now - since < self._linger_seconds
                continue
            try:
                rest = rest_of(known.position, archive.path)
            except InputError:
                self.ended_early(known.number, archive, now)  # with the size before it was read: it may grow meanwhile
                may_come = True
                continue
            if rest is not None:
                self._forget(known.number)
                self._unpack(known, archive, rest)
                return True
        return may_come

    def _forget(self, number: int) -> None:
        self._cut_short = {place: seen for place, seen in self._cut_short.items() if place[0] != number}


def _directory(known: Known) -> str:
    return directory_of(known.position.path)


def _is_where_it_was(known: Known, sighting: Sighting) -> bool:
    """Return whether a file has the identity of the generation, and, where nothing counted can prove it, a fit name."""
    place = known.position
    has_name = sighting.path == place.path or is_name_of_copy(place.path, sighting.path)
    return sighting.key == place.key and (place.offset > 0 or has_name)
