"""Keep the generations of a follower: open, closed for a while, being looked for, ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from logship.model import FileKey, Position
from logship.read.discovery import Sighting
from logship.read.generation import NOWHERE, Generation
from logship.read.identity import HEAD_BYTES, proves
from logship.read.known import Known, KnownGenerations
from logship.read.parking import Parking
from logship.read.siblings import Rest


@dataclass(slots=True)
class Unpacked:
    """A generation that is read on in a compressed file."""

    generation: Generation
    archive: Sighting
    rest: Rest


@dataclass(slots=True)
class Shelf:
    """All generations there are, by what is known of them.

    Attributes:
        known: Those that are not open.
        held: Those whose files are open.
        unpacked: Those whose rest stands in a compressed file, to be read.
        parking: The files that are closed while they rest.
        retired: Last positions of those that ended, until somebody takes them.
        last_number: The number given last.
    """

    known: KnownGenerations
    held: dict[FileKey, Generation] = field(default_factory=dict)
    unpacked: list[Unpacked] = field(default_factory=list)
    parking: Parking = field(default_factory=Parking)
    retired: dict[int, Position] = field(default_factory=dict)
    last_number: int = 0

    @classmethod
    def of(cls, positions: Mapping[int, Position], ended: Mapping[int, Position]) -> Shelf:
        """Return the shelf of a follower that goes on where another stopped."""
        last_number = max([0, *positions, *ended])
        return cls(KnownGenerations(positions, ended), last_number=last_number)

    def next_number(self) -> int:
        """Return a number that no generation has had."""
        self.last_number += 1
        return self.last_number

    def hold(self, generation: Generation) -> None:
        """Keep a generation whose file was opened."""
        self.held[generation.key] = generation
        self.retired.pop(generation.number, None)  # an end that was taken back

    def park(self, generation: Generation) -> None:
        """Close a file that rests; its generation goes on."""
        self.known.park(Known(generation.number, generation.position()))
        self.parking.park(generation)
        self._let_go(generation)

    def close(self, generation: Generation) -> None:
        """Close a file; its generation ended."""
        position = generation.position()
        if generation.how_gone() == "removed":
            position = position._replace(key=NOWHERE)
        self.end(generation.number, position)
        self._let_go(generation)

    def end(self, number: int, position: Position) -> None:
        """Remember where a generation ended."""
        self.known.add(Known(number, position))
        self.retired[number] = position

    def take_alike(self, other: Generation) -> Known | None:
        """Return the generation whose content a file of another identity holds, and which that file goes on with."""
        for each in list(self.held.values()):
            is_here = each.gone_at is not None and each.real_path == other.real_path and each.counted_offset
            if is_here and proves(each.position(), other.read_at):
                self._let_go(each)
                return Known(each.number, each.position())
        return self.known.take_alike(other.read_at(0, HEAD_BYTES), other.read_at)

    def lose(self, generation: Generation) -> None:
        """Close a file that cannot be read now; its generation is looked for."""
        self.known.add(Known(generation.number, generation.position(), sought=True))
        self._let_go(generation)

    def retire(self, ended: Mapping[int, Position]) -> None:
        """Let generations end that are not open."""
        self.retired.update(ended)

    def positions(self) -> dict[int, Position]:
        """Return where all generations stand that may have moved and have not ended."""
        sought = {known.number: known.position for known in self.known.sought()}
        open_now = [*self.held.values(), *(each.generation for each in self.unpacked)]
        return sought | {generation.number: generation.position() for generation in open_now}

    def close_all(self) -> None:
        """Close all files, without a word about where they end."""
        for generation in list(self.held.values()):
            self._let_go(generation)
        for each in self.unpacked:
            each.rest.close()
        self.unpacked.clear()

    def _let_go(self, generation: Generation) -> None:
        os.close(generation.descriptor)
        del self.held[generation.key]


def directory_of(path: str) -> str:
    """Return the directory of a path."""
    return os.path.dirname(path)  # noqa: PTH120 - a Path object for each file and look costs more than the call
