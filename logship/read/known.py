"""Remember the generations that are not open, so that a file is known again by its bytes when it comes back.

A file comes back under its name or another, as a copy (copytruncate), or compressed; after a restart all of them do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from logship.model import FileKey, Position
from logship.read.identity import ReadAt, proves

MAX_KNOWN = 1000
"""Generations remembered; the oldest ended ones go first. More rotated files than this are hardly kept anywhere."""


@dataclass(frozen=True, slots=True)
class Known:
    """A generation that is not open.

    Attributes:
        number: Its number.
        position: Up to where it was counted.
        sought: Whether it is to be looked for, in other files than its own too: after a restart, or when its content
            was replaced.
    """

    number: int
    position: Position
    sought: bool = False


class KnownGenerations:
    """The generations that are not open, by number."""

    def __init__(self, open_before: Mapping[int, Position], ended_before: Mapping[int, Position]) -> None:
        self._known: dict[int, Known] = {}
        for number, position in ended_before.items():
            self.add(Known(number, position))
        for number, position in open_before.items():
            self.add(Known(number, position, sought=True))

    def add(self, known: Known) -> None:
        """Remember a generation; one of which nothing was counted would prove nothing."""
        if not known.position.offset:
            return
        self._known[known.number] = known
        if len(self._known) > MAX_KNOWN:
            oldest = next((number for number, each in self._known.items() if not each.sought), known.number)
            del self._known[oldest]

    def take(self, key: FileKey, read_at: ReadAt, wanted: Known | None = None) -> Known | None:
        """Return the generation that an open file proves to be, and forget it here; None for a new file.

        Only `wanted` is tried when it is given, else those that were last seen in this very file.
        """
        here = [known for known in self._known.values() if known.position.key == key]
        for known in reversed(here) if wanted is None else [wanted]:
            if proves(known.position, read_at):
                del self._known[known.number]
                return known
        return None

    def sought(self) -> list[Known]:
        """Return the generations that still have to be looked for."""
        return [known for known in self._known.values() if known.sought]

    def seek(self, number: int) -> None:
        """Look for a generation from now on."""
        if number in self._known:
            self._known[number] = replace(self._known[number], sought=True)

    def give_up(self, number: int) -> None:
        """Look for a generation no more; it is still known again when it comes by itself."""
        self._known[number] = replace(self._known[number], sought=False)

    def drop(self, number: int) -> None:
        """Forget a generation."""
        self._known.pop(number, None)
