"""Keep the numbers of requests by slots of time, in bounded memory: few slots that grow, few bins that grow.

What two timelines saw adds up: `plus` is what one that saw both would hold, but for how coarse the bins of single
routes have become.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from logship.errors import UsageError
from logship.measure import Series, Tally, is_server_error, quantile_ns
from logship.model import LabelSet
from logship.replay.selection import LabelCondition, fits

MAX_SLOTS = 300
"""Slots beside each other: about as many as a chart has pixels for."""

MAX_BINS = 500_000
"""Bins of single routes in all, of some 80 bytes each."""

_COARSEST = 1 << 11
"""All bins of a sketch are one then."""

_WIDTHS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800)
"""Lengths of a slot in seconds; each divides the next."""


_STEP = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Place(NamedTuple):
    """Whose requests: those of a method and route."""

    method: str
    route: str


ALL = Place("", "")
"""All requests together."""


class Cell:
    """The requests of one place in one slot; `bins` are those of a sketch, some of them as one."""

    __slots__ = ("bins", "errors", "max_ns", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.max_ns = 0
        self.bins: Counter[int] = Counter()

    def count(self, status: str, series: Series, grain: int) -> None:
        """Count the requests of a series; so many bins of its sketch are one."""
        self.requests += series.requests
        self.errors += series.requests if is_server_error(status) else 0
        self.max_ns = max(self.max_ns, series.max_ns)
        for number, count in series.sketch.items():
            self.bins[number // grain] += count

    def add(self, other: Cell, grain: int = 1) -> None:
        """Count what another counted, whose bins are finer by `grain`."""
        self.requests += other.requests
        self.errors += other.errors
        self.max_ns = max(self.max_ns, other.max_ns)
        for number, count in other.bins.items():
            self.bins[number // grain] += count


class Timeline:
    """The requests by slot.

    Args:
        width: Length of a slot in seconds to begin with.
        where: Conditions on the labels of the requests.
        max_slots: So many slots lie from the first to the last; more make all of them longer.
        max_bins: So many bins are kept of single routes; more make them coarser.
    """

    def __init__(
        self,
        width: int = _WIDTHS[0],
        where: Sequence[LabelCondition] = (),
        *,
        max_slots: int = MAX_SLOTS,
        max_bins: int = MAX_BINS,
    ) -> None:
        self.width = width
        self.grain = 1
        self.untimed = 0
        self._where = where
        self._max_slots = max_slots
        self._max_bins = max_bins
        self._slots: dict[int, dict[Place, Cell]] = {}
        self._bins = 0

    def see(self, start: int | None, change: Tally) -> None:
        """Count the requests of lines from `start` on, in seconds since the epoch; None where no time was told."""
        chosen = [(labels, each) for labels, each in change.whole().series.items() if fits(labels, self._where)]
        if start is None:
            self.untimed += sum(series.requests for _, series in chosen)
        elif chosen:
            cells = self._slots.setdefault(start // self.width, {})
            for labels, series in chosen:
                self._count(cells, labels, series)
            self._bound()

    def plus(self, other: Timeline) -> Timeline:
        """Return what both saw; both were made alike."""
        total = Timeline(self.width, self._where, max_slots=self._max_slots, max_bins=self._max_bins)
        total.width = max(self.width, other.width)  # on the one way that all widths grow
        total.grain = max(self.grain, other.grain)
        total.untimed = self.untimed + other.untimed
        for side in (self, other):
            total._add(side)
        total._bound()
        return total

    @property
    def starts(self) -> range:
        """The beginnings of all slots from the first to the last, in seconds since the epoch."""
        if not self._slots:
            return range(0)
        return range(min(self._slots) * self.width, (max(self._slots) + 1) * self.width, self.width)

    def cells(self, place: Place) -> Iterator[Cell | None]:
        """Yield the cell of each slot, None for one without requests."""
        for start in self.starts:
            yield self._slots.get(start // self.width, {}).get(place)

    def grain_of(self, place: Place) -> int:
        """Return how many bins of a sketch are one in the cells of a place."""
        return 1 if place == ALL else self.grain

    def _count(self, cells: dict[Place, Cell], labels: LabelSet, series: Series) -> None:
        for place in (ALL, Place(labels.method, labels.route)):
            cell = cells.get(place)
            if cell is None:
                cell = cells[place] = Cell()
            before = len(cell.bins)
            cell.count(labels.status, series, self.grain_of(place))
            if place != ALL:
                self._bins += len(cell.bins) - before

    def _bound(self) -> None:
        """Make slots longer and bins coarser until there are few enough."""
        while max(self._slots, default=0) - min(self._slots, default=0) >= self._max_slots:
            self._widen(_next(self.width))
        while self._bins > self._max_bins and self.grain < _COARSEST:
            self._rebuild(self.width, self.grain * 2)

    def _widen(self, width: int) -> None:
        self._rebuild(width, self.grain)

    def _rebuild(self, width: int, grain: int) -> None:
        finer = Timeline(self.width)
        finer.grain, finer._slots = self.grain, self._slots
        self.width, self.grain, self._slots, self._bins = width, grain, {}, 0
        self._add(finer)

    def _add(self, finer: Timeline) -> None:
        """Count what another saw, whose slots and bins are as this one's or finer."""
        for number, cells in finer._slots.items():
            held = self._slots.setdefault(number * finer.width // self.width, {})
            for place, cell in cells.items():
                at = held.setdefault(place, Cell())
                before = len(at.bins)
                at.add(cell, 1 if place == ALL else self.grain // finer.grain)
                if place != ALL:
                    self._bins += len(at.bins) - before


def quantile(cell: Cell, grain: int, share: float) -> float | None:
    """Return a quantile of the durations of a cell in seconds, None where it has none."""
    sketch: Mapping[int, int] = cell.bins
    if grain > 1:
        sketch = {number * grain + grain // 2: count for number, count in cell.bins.items()}
    found = quantile_ns(sketch, share, cell.max_ns)
    return None if found is None else found / 1e9


def width_seconds(text: str) -> int:
    """Return the seconds that the length of a slot such as 15s, 5m, 1h, 1d means; raise UsageError for what is none."""
    found = _STEP.fullmatch(text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= seconds <= _WIDTHS[-1]:
        raise UsageError(f"--step {text!r} is no length of a slot in a report: 15s, 5m, 1h or 1d are, up to 7d")
    return seconds


def _next(width: int) -> int:
    """Return the next greater length of a slot that `width` divides."""
    return next((each for each in _WIDTHS if each > width and each % width == 0), width * 2)
