"""Remember what was counted in the last quarter of an hour, in slots of some seconds: one immutable value.

It is for a person who looks at rates and quantiles of now, as counters only say what was since the start. What is kept
is bounded: `MAX_PAIRS` pairs of method and route stand for themselves, the rest is one row, and a slot keeps of each
a sketch, 10 bytes for each of its bins once it is closed. With all pairs in use that is 1 MB at 3 requests a slot of
each, 6 MB at 300, 9 MB at 3,000; 14 MB when each slot has durations in all of the 461 bins from 1 ms to 10 s.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from logship.measure import sketch
from logship.measure.sketch import Sketch
from logship.measure.tally import Series
from logship.model import OTHER, LabelSet

SLOT_SECONDS = 15
SLOTS = 60
"""Closed slots that are kept: a quarter of an hour."""

MAX_PAIRS = 50

_NO_BINS: Sketch = MappingProxyType({})


class Pair(NamedTuple):
    """A method and a route."""

    method: str
    route: str


REST = Pair(OTHER, OTHER)
"""Where the pairs are counted for which there is no room."""


class Cell(NamedTuple):
    """Some requests.

    Attributes:
        requests: All of them.
        errors: Those with a status from 500 to 599.
        longest_ns: The longest duration in nanoseconds.
        sketch: Bins for quantiles.
    """

    requests: int = 0
    errors: int = 0
    longest_ns: int = 0
    sketch: Sketch = _NO_BINS

    def plus(self, other: Cell) -> Cell:
        """Return the requests of both."""
        return Cell(
            self.requests + other.requests,
            self.errors + other.errors,
            max(self.longest_ns, other.longest_ns),
            sketch.add(self.sketch, other.sketch) if other.sketch else self.sketch,
        )

    def quantile_seconds(self, share: float) -> float | None:
        """Return the duration below which `share` of all lie, within 1 %; None without any."""
        found = sketch.quantile_ns(self.sketch, share, self.longest_ns)
        return None if found is None else found / 1e9


Cells = Mapping[Pair, Cell]


def cells_of(series: Iterable[tuple[LabelSet, Series]]) -> dict[Pair, Cell]:
    """Return the requests of label sets by method and route."""
    cells: dict[Pair, Cell] = {}
    for labels, each in series:
        pair = Pair(labels.method, labels.route)
        errors = each.requests if is_server_error(labels.status) else 0
        cell = Cell(each.requests, errors, each.max_ns, each.sketch)
        cells[pair] = cells[pair].plus(cell) if pair in cells else cell
    return cells


def is_server_error(status: str) -> bool:
    """Return whether the value of a label is a status from 500 to 599."""
    return len(status) == 3 and status.startswith("5") and status.isdecimal()  # noqa: PLR2004 - digits of a status


class _Packed(NamedTuple):
    """A cell of a closed slot, in little memory."""

    requests: int
    errors: int
    longest_ns: int
    bins: array[int]
    counts: array[int]


def _packed(cell: Cell) -> _Packed:
    bins, counts = array("H", cell.sketch.keys()), array("Q", cell.sketch.values())
    return _Packed(cell.requests, cell.errors, cell.longest_ns, bins, counts)


class Slot(NamedTuple):
    """What was counted in one slot that is over; slots are numbered by the clock."""

    number: int
    cells: Mapping[Pair, _Packed]


class Span(NamedTuple):
    """Some time up to now: the closed slots in it, and how many seconds it is with the open one."""

    slots: tuple[Slot, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Recent:
    """The requests of the last quarter of an hour; all times are those of one clock, in seconds.

    Attributes:
        began: When noting began.
        number: Which slot is open.
        cells: What was counted in it.
        closed: The slots before that are not empty, the oldest first.
        kept: The pairs that stand for themselves.
    """

    began: float
    number: int
    cells: Cells = field(default_factory=dict)
    closed: tuple[Slot, ...] = ()
    kept: frozenset[Pair] = frozenset()

    @classmethod
    def beginning(cls, now: float) -> Recent:
        """Return what knows of nothing before `now`."""
        return cls(now, _slot_at(now))

    def plus(self, change: Cells, now: float) -> Recent:
        """Return this with `change`, which was counted at `now`."""
        recent = self.at(now)
        kept, cells = set(recent.kept), dict(recent.cells)
        for pair, cell in change.items():
            if len(kept) < MAX_PAIRS and pair != REST:
                kept.add(pair)
            place = pair if pair in kept else REST
            cells[place] = cells[place].plus(cell) if place in cells else cell
        return replace(recent, cells=cells, kept=frozenset(kept))

    def at(self, now: float) -> Recent:
        """Return this as it is at `now`: the slots that are over closed, those that are too old forgotten.

        A pair that was silent for so long leaves its place to another.
        """
        number = _slot_at(now)
        if number <= self.number:
            return self
        closed = tuple(slot for slot in self.closed if slot.number >= number - SLOTS)
        if self.cells and self.number >= number - SLOTS:
            closed += (Slot(self.number, {pair: _packed(cell) for pair, cell in self.cells.items()}),)
        kept = frozenset(pair for slot in closed for pair in slot.cells) - {REST}
        return Recent(self.began, number, {}, closed, kept)

    @property
    def has_rest(self) -> bool:
        """Whether there was no room for some pair."""
        return REST in self.cells or any(REST in slot.cells for slot in self.closed)

    def span(self, minutes: int, now: float) -> Span:
        """Return the time of the last minutes, the open slot beside them; shorter while noting has just begun."""
        first = self.number - minutes * 60 // SLOT_SECONDS
        seconds = now - max(self.began, first * SLOT_SECONDS)
        return Span(tuple(slot for slot in self.closed if slot.number >= first), max(seconds, 0.0))

    def history(self) -> Iterator[tuple[int, float]]:
        """Yield the closed slots of the last quarter of an hour since noting began: number, and length in seconds."""
        for number in range(self.number - SLOTS, self.number):
            seconds = (number + 1) * SLOT_SECONDS - max(self.began, number * SLOT_SECONDS)
            if seconds > 0:
                yield number, seconds


class RunningSum:
    """What was counted in several slots together; costs only the slots that came and went since it was last asked."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._numbers: dict[Pair, tuple[int, int]] = {}
        self._sketches: dict[Pair, Counter[int]] = {}

    def of(self, slots: Iterable[Slot]) -> dict[Pair, Cell]:
        """Return what was counted in `slots`; some 0.1 µs for each bin of those that are new or gone."""
        before, self._slots = self._slots, {id(slot): slot for slot in slots}
        for slot in (slot for name, slot in self._slots.items() if name not in before):
            self._add(slot, 1)
        for slot in (slot for name, slot in before.items() if name not in self._slots):
            self._add(slot, -1)
        longest: dict[Pair, int] = {}
        for slot in self._slots.values():
            for pair, cell in slot.cells.items():
                longest[pair] = max(longest.get(pair, 0), cell.longest_ns)
        return {pair: Cell(*self._numbers[pair], longest[pair], +self._sketches[pair]) for pair in longest}

    def _add(self, slot: Slot, sign: int) -> None:
        for pair, cell in slot.cells.items():
            requests, errors = self._numbers.get(pair, (0, 0))
            self._numbers[pair] = requests + sign * cell.requests, errors + sign * cell.errors
            bins = self._sketches.setdefault(pair, Counter())
            for number, count in zip(cell.bins, cell.counts, strict=True):
                bins[number] += sign * count
            if not self._numbers[pair][0]:
                del self._numbers[pair], self._sketches[pair]


def joined(one: Cells, other: Cells) -> dict[Pair, Cell]:
    """Return what both counted."""
    cells = dict(one)
    for pair, cell in other.items():
        cells[pair] = cells[pair].plus(cell) if pair in cells else cell
    return cells


def _slot_at(now: float) -> int:
    return int(now // SLOT_SECONDS)
