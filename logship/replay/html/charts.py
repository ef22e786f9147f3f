"""Turn a timeline into what the charts draw: plain numbers, slot by slot, of all requests and of some routes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from logship.measure import upper_ns
from logship.replay.gaps import Gap
from logship.replay.html.timeline import ALL, Cell, Place, Timeline, quantile
from logship.replay.summary import QUANTILES
from logship.replay.values import printable

MAX_ROWS = 28
"""Rows of a heat map."""

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a heat map: so many bins of a sketch each, from the first on."""

    first: int
    bins: int
    count: int

    def of(self, index: int) -> int:
        """Return the row of a bin."""
        return min(max(0, (index - self.first) // self.bins), self.count - 1)

    @property
    def bounds(self) -> list[float]:
        """Durations in seconds between the rows, those at both ends included."""
        edges = (self.first - 1 + self.bins * row for row in range(self.count + 1))
        return [_short(upper_ns(max(0, edge)) / _NANOSECONDS) for edge in edges]


def chart_data(timeline: Timeline, places: Sequence[Place], gaps: Iterable[Gap]) -> dict[str, Any]:
    """Return what is drawn, JSON-ready: times in seconds since the epoch, durations in seconds."""
    rows = _rows(timeline)
    return {
        "start": timeline.starts.start,
        "width": timeline.width,
        "slots": len(timeline.starts),
        "gaps": [[gap.start, gap.end] for gap in gaps],
        "bounds": rows.bounds,
        "views": [_view(timeline, place, rows) for place in (ALL, *places)],
    }


def _rows(timeline: Timeline) -> _Rows:
    numbers = [number for cell in timeline.cells(ALL) if cell is not None for number in cell.bins]
    if not numbers:
        return _Rows(1, 1, 1)
    first, last = max(1, min(numbers)), max(1, *numbers)
    bins = -(-(last - first + 1) // MAX_ROWS)
    return _Rows(first, bins, -(-(last - first + 1) // bins))


def _view(timeline: Timeline, place: Place, rows: _Rows) -> dict[str, Any]:
    cells, grain = list(timeline.cells(place)), timeline.grain_of(place)
    return {
        "name": "All requests" if place == ALL else f"{printable(place.method)} {printable(place.route)}",
        "requests": [cell.requests if cell is not None else 0 for cell in cells],
        "errors": [cell.errors if cell is not None else 0 for cell in cells],
        "quantiles": [[_quantile(cell, grain, share) for cell in cells] for share in QUANTILES],
        "heat": [_heat(cell, grain, rows) for cell in cells],
    }


def _quantile(cell: Cell | None, grain: int, share: float) -> float | None:
    found = None if cell is None else quantile(cell, grain, share)
    return None if found is None else _short(found)


def _heat(cell: Cell | None, grain: int, rows: _Rows) -> list[int]:
    """Return the rows that have requests, each followed by how many."""
    counts: dict[int, int] = {}
    for number, count in sorted(cell.bins.items()) if cell is not None else ():
        row = rows.of(number * grain + grain // 2)
        counts[row] = counts.get(row, 0) + count
    return [each for pair in counts.items() for each in pair]


def _short(number: float) -> float:
    """Return a number with four digits: more cannot be seen."""
    return float(f"{number:.4g}")
