"""Find the records that match: columns of a chunk come in, the places of the records that match go out.

The condition that fewest records should pass selects; the others look at what it lets through. A test is asked once
for each value that comes again and again, not once a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any, Protocol, Self, TypeVar

from logship.conditions import MAX_MATCHED_CHARACTERS, Condition

Places = Sequence[int]
"""Records of a chunk, by their number in it, rising."""

Read = TypeVar("Read")

_MESSAGE = "message"
_MAX_REMEMBERED = 1024
_PLAIN = frozenset({str, int, float, bool, type(None)})


class Memo(dict[Any, Read]):
    """What a function makes of values, asked once for each as long as they are few."""

    def __init__(self, function: Callable[[Any], Read]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, value: Any) -> Read:
        made = self.function(value)
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        if not isinstance(value, str) or len(value) <= MAX_MATCHED_CHARACTERS:
            self[value] = made
        return made


class Columns(Protocol):
    """Records of a chunk by their values: text, numbers, booleans, None; what is none of these is as good as None."""

    @property
    def places(self) -> Places:
        """Where the records are in the chunk."""

    def values(self, path: str) -> list[Any]:
        """Return what each of them has at `path`."""

    def column(self, path: str) -> Column:
        """Return the same to be tested and read; it is made once."""

    def at(self, places: Places) -> Self:
        """Return those at some places of the chunk."""


class Selector:
    """Find the records that satisfy all of `conditions`."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._tests = [(each.field, Memo(each.compile())) for each in sorted(conditions, key=_breadth)]

    def select(self, chunk: Columns) -> Places:
        """Return the places of the records of a whole chunk that match."""
        places = chunk.places
        for number, (field, test) in enumerate(self._tests):
            looked_at = chunk.at(places) if number else chunk
            places = looked_at.column(field).passing(test, places)
            if not places:
                break
        return places


class Column:
    """The values of some records at a path."""

    def __init__(self, values: list[Any]) -> None:
        try:
            distinct = set(values)
            is_plain = _PLAIN.issuperset(map(type, distinct))
        except TypeError:  # a list
            is_plain = False
        if not is_plain:
            values = [value if type(value) in _PLAIN else None for value in values]
            distinct = set(values)
        self._values = values
        self._distinct = None if 0 in distinct or 1 in distinct else distinct  # they would hide False and True

    def passing(self, test: Memo[bool], places: Places) -> Places:
        """Return those of `places`, where the records are, whose values pass a test."""
        if self._distinct is None:
            return list(compress(places, map(test.function, self._values)))
        if not any(map(test.__getitem__, self._distinct)):
            return ()
        return list(compress(places, map(test.__getitem__, self._values)))

    def read(self, reader: Memo[Read]) -> list[Read]:
        """Return what a reader makes of each value."""
        return list(map(reader.function if self._distinct is None else reader.__getitem__, self._values))


def _breadth(condition: Condition) -> tuple[int, bool]:
    """Return a rank by how many records should satisfy a condition; the message divides them best, and comes cheap."""
    if condition.field.startswith("@"):
        return 5, True  # to be derived, which only few records should have to be
    if condition.one_of:
        return (0 if condition.texts else 1), condition.field != _MESSAGE
    if condition.present is None or condition.pattern is not None:
        return 2, True
    return (3 if condition.present else 4), True
