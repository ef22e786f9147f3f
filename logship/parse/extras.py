"""What records have at extra paths, column by column, looked up only for the records that it is asked of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logship.parse.columns import Columns, filled, picker

Pick = Callable[[Sequence[int] | None], Columns]
"""Gives the columns of the records at some places of a chunk; None means all of them."""


def picking(columns: Columns) -> Pick:
    """Return how to pick from columns that are there as a whole."""

    def pick(places: Sequence[int] | None) -> Columns:
        if places is None:
            return columns
        pick = picker(places)
        return lambda path: list(pick(columns(path)))

    return pick


class Extras:
    """The values of the records of several chunks in a row; `ways` tells at which paths each one asked for may stand.

    A value is text, a number, a truth value, None, or something else that stands for a list or an object.
    """

    def __init__(self, ways: Mapping[str, Sequence[str]]) -> None:
        self._ways = ways
        self._chunks: list[Pick] = []
        self._starts: list[int] = []
        self.count = 0
        """How many records there are."""

    def add(self, count: int, pick: Pick) -> None:
        """Add the records of a chunk."""
        self._chunks.append(pick)
        self._starts.append(self.count)
        self.count += count

    def column(self, path: str, places: Sequence[int] | None = None) -> list[Any]:
        """Return what the records at `places`, which rise, have at `path`; all records without `places`."""
        return self.at(places)(path)

    def at(self, places: Sequence[int] | None = None) -> Columns:
        """Return the columns of the records at `places`, which rise; of all records without `places`."""
        parts: list[tuple[int, Columns]] = []
        ends = [*self._starts, self.count][1:]
        for pick, start, end in zip(self._chunks, self._starts, ends, strict=True):
            here = None if places is None else _between(places, start, end)
            size = end - start if here is None else len(here)
            if size:
                parts.append((size, pick(None if size == end - start else here)))

        def column(path: str) -> list[Any]:
            first, *others = self._ways[path]
            columns = [filled(size, map(part, (first, *others))) if others else part(first) for size, part in parts]
            return columns[0] if len(columns) == 1 else [value for each in columns for value in each]

        return column


def _between(places: Sequence[int], start: int, end: int) -> Sequence[int]:
    """Return those of `places` that lie from `start` to `end`, counted from `start`."""
    inside = places[bisect_left(places, start) : bisect_left(places, end)]
    return inside if start == 0 else [place - start for place in inside]
