"""Bound the number of open files: those that rest are closed, and opened again when they change.

A parked file is watched by its name alone; its bytes prove that it is the same when it is opened again (P6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from logship.model import FileKey
from logship.read.discovery import Sighting
from logship.read.generation import Generation

DEFAULT_MAX_OPEN_FILES = 256
"""A quarter of the usual limit of 1,024 descriptors."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A generation whose file is closed, and how the file looked then."""

    number: int
    size: int
    modified_ns: int


class Parking:
    """The files that are followed but closed."""

    def __init__(self) -> None:
        self._parked: dict[FileKey, Parked] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._parked)

    def __contains__(self, key: FileKey) -> bool:
        """Return whether a file is one of them."""
        return key in self._parked

    def park(self, generation: Generation) -> None:
        """Remember how the file of a generation looks as it is closed."""
        self._parked[generation.key] = Parked(generation.number, generation.size, generation.modified_ns)

    def rests(self, sighting: Sighting) -> bool:
        """Return whether a file is parked and looks as it did then."""
        parked = self._parked.get(sighting.key)
        return parked is not None and (parked.size, parked.modified_ns) == (sighting.size, sighting.modified_ns)

    def unread(self, sighting: Sighting) -> int:
        """Return how many bytes of a file that is not open were not read yet."""
        parked = self._parked.get(sighting.key)
        return max(0, sighting.size - (parked.size if parked is not None else 0))

    def leave(self, key: FileKey) -> Parked | None:
        """Return what is known of a parked file that is to be opened again, None for a file that was not parked."""
        return self._parked.pop(key, None)

    def leave_unseen(self, seen: Collection[FileKey]) -> list[Parked]:
        """Return the parked files that are not seen any more."""
        return [self._parked.pop(key) for key in list(self._parked) if key not in seen]


def surplus(generations: Iterable[Generation], room: int) -> list[Generation]:
    """Return the open files to close so that `room` remain: of those that rest, the ones that changed longest ago."""
    held = list(generations)
    resting = [each for each in held if each.gone_at is None and not each.unread_bytes]
    resting.sort(key=lambda each: each.changed_at)
    return resting[: max(0, len(held) - room)]
