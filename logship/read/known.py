"""Remember the generations that are not open, so that a file is known again by its bytes when it comes back.

A file comes back under its name or another, as a copy (copytruncate), or compressed; after a restart all of them do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from logship.model import FileKey, Position
from logship.read.identity import ReadAt, proves

MAX_KNOWN = 1000
"""Ended generations remembered, the latest ones; what is sought is never forgotten, it would be counted again."""


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
        self._sought: dict[int, Known] = {}
        self._ended: dict[int, Known] = {}
        for number, position in ended_before.items():
            self.add(Known(number, position))
        for number, position in open_before.items():
            self.add(Known(number, position, sought=True))

    def add(self, known: Known) -> None:
        """Remember a generation; one that ended with nothing counted would prove nothing."""
        self.drop(known.number)
        if known.sought:
            self._sought[known.number] = known
        elif known.position.offset:
            self._ended[known.number] = known
            if len(self._ended) > MAX_KNOWN:
                del self._ended[next(iter(self._ended))]

    def take(self, key: FileKey, read_at: ReadAt, wanted: Known | None = None) -> Known | None:
        """Return the generation that an open file proves to be, and forget it here; None for a new file.

        Only `wanted` is tried when it is given, else those that were last seen in this very file.
        """
        for known in self._seen_in(key) if wanted is None else [wanted]:
            if proves(known.position, read_at):
                self.drop(known.number)
                return known
        return None

    def sought(self) -> list[Known]:
        """Return the generations that still have to be looked for."""
        return list(self._sought.values())

    def seek(self, number: int) -> bool:
        """Look for a generation from now on; return False when nothing is known of it."""
        if number in self._ended:
            self.add(replace(self._ended[number], sought=True))
        return number in self._sought

    def give_up(self, number: int) -> None:
        """Look for a generation no more; it is still known again when it comes by itself."""
        self.add(replace(self._sought[number], sought=False))

    def drop(self, number: int) -> None:
        """Forget a generation."""
        self._sought.pop(number, None)
        self._ended.pop(number, None)

    def _seen_in(self, key: FileKey) -> list[Known]:
        """Return the generations that were last seen in one file, the latest first."""
        return [
            known for known in reversed([*self._ended.values(), *self._sought.values()]) if known.position.key == key
        ]
