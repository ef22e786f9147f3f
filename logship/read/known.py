"""Remember the generations that are not open, so that a file is known again by its bytes when it comes back.

A file comes back under its name or another, as a copy (copytruncate), or compressed; after a restart all of them do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

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
        head: Its first bytes, where its content was replaced: a copy of it may be shorter than what digests tell of.
    """

    number: int
    position: Position
    sought: bool = False
    head: bytes = b""


class KnownGenerations:
    """The generations that are not open, by number."""

    def __init__(self, open_before: Mapping[int, Position], ended_before: Mapping[int, Position]) -> None:
        self._sought: dict[int, Known] = {}
        self._parked: dict[int, Known] = {}
        self._ended: dict[int, Known] = {}
        self._by_key = _Index[FileKey]()
        self._by_head = _Index[Excerpt]()
        self._replaced: dict[int, Known] = {}
        self._parked_at: dict[str, Known] = {}
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
        self._parked_at[known.position.path] = known

    def take(self, key: FileKey, read_at: ReadAt, wanted: Known | None = None) -> Known | None:
        """Return the generation that an open file proves to be, and forget it here; None for a new file.

        Only `wanted` is tried when it is given, else those that were last seen in this very file, the latest first.
        """
        for known in self._by_key.latest_first(key) if wanted is None else [wanted]:
            if proves(known.position, read_at):
                self.drop(known.number)
                return known
        return None

    def take_alike(self, head: bytes, read_at: ReadAt) -> Known | None:
        """Return the generation, not a parked one, whose content a file of another identity holds, and forget it here.

        That is so on a file system that was mounted again, or with a file that was brought from a backup.
        """
        for known in self._alike(head):
            if known.number not in self._parked and known.position.offset and proves(known.position, read_at):
                self.drop(known.number)
                return known
        return None

    def have_counted(self, head: bytes, size: int) -> bool:
        """Return whether a file of that size, which begins with `head`, holds nothing but what was counted: a copy."""
        return any(size <= known.position.offset for known in self._alike(head))

    def recognise(self, head: bytes, size: int, read_at: ReadAt | None) -> bool:
        """Return whether a file that begins with `head` is one of them, or a part of one.

        `read_at` reads a plain file; of a compressed one the head must do.
        """
        for known in self._alike(head):
            place = known.position
            if not place.offset:  # noted: nothing but its beginning is known
                if place.head.length in (HEAD_BYTES, len(head)):
                    return True
            elif read_at is None or size <= place.offset or proves(place, read_at):
                return True
        return False

    def _alike(self, head: bytes) -> Iterator[Known]:
        """Yield the generations that begin as a file does, the latest first; the file may be the shorter one."""
        lengths = sorted({each.length for each in self._by_head if each.length <= len(head)}, reverse=True)
        for length in lengths:
            yield from self._by_head.latest_first(excerpt(head[:length]))
        if len(head) < HEAD_BYTES:
            yield from [known for known in self._replaced.values() if head and known.head.startswith(head)]

    @property
    def parked(self) -> Mapping[str, Known]:
        """The generations whose files are closed while they rest, by path."""
        return self._parked_at

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
                self._replaced.pop(number, None)
                if held is self._parked:
                    self._parked_at.pop(known.position.path, None)
                self._by_key.take_out(known.position.key, number)
                if known.position.head.length:
                    self._by_head.take_out(known.position.head, number)

    def _put(self, held: dict[int, Known], known: Known) -> None:
        held[known.number] = known
        self._by_key.put(known.position.key, known)
        if known.head:
            self._replaced[known.number] = known
        if known.position.head.length:
            self._by_head.put(known.position.head, known)


class _Index(Generic[_Key]):
    """Generations by what several may share; most stand alone, for which a dict would take more memory than they do."""

    def __init__(self) -> None:
        self._found: dict[_Key, Known | dict[int, Known]] = {}

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._found)

    def latest_first(self, key: _Key) -> list[Known]:
        found = self._found.get(key, {})
        return [found] if isinstance(found, Known) else list(reversed(found.values()))

    def put(self, key: _Key, known: Known) -> None:
        found = self._found.get(key)
        if found is None:
            self._found[key] = known
        elif isinstance(found, Known):
            self._found[key] = {found.number: found, known.number: known}
        else:
            found[known.number] = known

    def take_out(self, key: _Key, number: int) -> None:
        found = self._found[key]
        if isinstance(found, dict):
            del found[number]
        if isinstance(found, Known) or not found:
            del self._found[key]
