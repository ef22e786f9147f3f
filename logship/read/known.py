"""Remember the generations that are not open, so that a file is known again by its bytes when it comes back.

A file comes back under its name or another, as a copy (copytruncate), or compressed; after a restart all of them do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from logship.model import Excerpt, FileKey, Position
from logship.read.identity import HEAD_BYTES, ReadAt, excerpt, proves

_Key = TypeVar("_Key", bound=tuple[object, ...])

MAX_KNOWN = 10_000
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
        self._parked: dict[int, Known] = {}
        self._ended: dict[int, Known] = {}
        self._by_key: dict[FileKey, dict[int, Known]] = {}
        self._by_head: dict[Excerpt, dict[int, Known]] = {}
        for number, position in ended_before.items():
            self.add(Known(number, position))
        for number, position in open_before.items():
            self.add(Known(number, position, sought=True))

    def add(self, known: Known) -> None:
        """Remember a generation; one that ended with nothing counted would prove nothing."""
        self.drop(known.number)
        if known.sought:
            self._put(self._sought, known)
        elif known.position.head.length:
            self._put(self._ended, known)
            if len(self._ended) > MAX_KNOWN:
                self.drop(next(iter(self._ended)))

    def park(self, known: Known) -> None:
        """Remember a generation that has not ended, though it is closed."""
        self.drop(known.number)
        self._put(self._parked, known)

    def take(self, key: FileKey, read_at: ReadAt, wanted: Known | None = None) -> Known | None:
        """Return the generation that an open file proves to be, and forget it here; None for a new file.

        Only `wanted` is tried when it is given, else those that were last seen in this very file, the latest first.
        """
        here = reversed(self._by_key.get(key, {}).values())
        for known in here if wanted is None else [wanted]:
            if proves(known.position, read_at):
                self.drop(known.number)
                return known
        return None

    def recognises(self, head: bytes, read_at: ReadAt | None) -> bool:
        """Return whether a file that begins with `head` is one of them, as far as can be told without decompressing it.

        `read_at` reads a file that is not compressed.
        """
        for length in {wanted.length for wanted in self._by_head if wanted.length <= len(head)}:
            alike = self._by_head.get(excerpt(head[:length]), {})
            if any(read_at is None or proves(known.position, read_at) for known in alike.values()):
                return True
        return False

    def take_alike(self, read_at: ReadAt) -> Known | None:
        """Return the generation that ended whose content a file holds, and forget it here.

        The file may be another one by its identity: on a file system that was mounted again, or brought from a backup.
        """
        head = read_at(0, HEAD_BYTES)
        for length in {wanted.length for wanted in self._by_head if wanted.length <= len(head)}:
            for known in reversed(self._by_head.get(excerpt(head[:length]), {}).values()):
                if known.number in self._ended and known.position.offset and proves(known.position, read_at):
                    self.drop(known.number)
                    return known
        return None

    def parked(self) -> list[Known]:
        """Return the generations whose files are closed while they rest."""
        return list(self._parked.values())

    def sought(self) -> list[Known]:
        """Return the generations that still have to be looked for."""
        return list(self._sought.values())

    def seek(self, number: int) -> bool:
        """Look for a generation from now on; return False when nothing is known of it."""
        known = self._parked.get(number) or self._ended.get(number)
        if known is not None:
            self.add(replace(known, sought=True))
        return number in self._sought

    def give_up(self, number: int) -> None:
        """Look for a generation no more; it is still known again when it comes by itself."""
        self.add(replace(self._sought[number], sought=False))

    def drop(self, number: int) -> None:
        """Forget a generation."""
        for held in (self._sought, self._parked, self._ended):
            known = held.pop(number, None)
            if known is not None:
                _take_out(self._by_key, known.position.key, number)
                if known.position.head.length:
                    _take_out(self._by_head, known.position.head, number)

    def _put(self, held: dict[int, Known], known: Known) -> None:
        held[known.number] = known
        self._by_key.setdefault(known.position.key, {})[known.number] = known
        if known.position.head.length:
            self._by_head.setdefault(known.position.head, {})[known.number] = known


def _take_out(index: dict[_Key, dict[int, Known]], key: _Key, number: int) -> None:
    del index[key][number]
    if not index[key]:
        del index[key]
