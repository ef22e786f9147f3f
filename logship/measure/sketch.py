"""Estimate quantiles of durations with a known relative error, in a sum that does not depend on the order.

A sketch counts durations by the logarithm of their length (as DDSketch does: Masson, Rim, Lee, VLDB 2019), so that
a quantile read from it is within 1 % of a duration that was really there. Sketches add up exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping

RELATIVE_ERROR = 0.01

_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_SHORTEST_NS = 1_000
_LONGEST_NS = 100 * 24 * 3600 * 1_000_000_000
_LAST = math.ceil(math.log(_LONGEST_NS / _SHORTEST_NS) / math.log(_GAMMA))
_BOUNDS_NS = [_SHORTEST_NS * _GAMMA**index for index in range(_LAST + 1)]
"""Upper bounds: everything up to a microsecond is one bin, everything over 100 days another."""

Sketch = Mapping[int, int]
"""How many durations fell into each bin, by its number."""


class Sketcher:
    """Sort durations of one unit of time into bins."""

    def __init__(self, unit_nanoseconds: int) -> None:
        self._bounds = [bound / unit_nanoseconds for bound in _BOUNDS_NS]

    def sketch(self, durations: Iterable[float]) -> Sketch:
        """Return the bins of `durations`; the time taken grows with the bins that they fall into."""
        rising = sorted(durations)  # next to nothing for those that rise, as they do on the hot path
        bounds, length = self._bounds, len(rising)
        bins = {}
        start = 0
        while start < length:
            index = bisect_left(bounds, rising[start])
            end = bisect_right(rising, bounds[index], start) if index < len(bounds) else length
            bins[index] = end - start
            start = end
        return bins


def add(one: Sketch, other: Sketch) -> Sketch:
    """Return the sketch of the durations of both."""
    if not one:
        return other
    total = Counter(one)
    total.update(other)
    return total


def quantile_ns(sketch: Sketch, share: float, longest_ns: int) -> float | None:
    """Return the duration in nanoseconds below which `share` of all lie, at most `longest_ns`; None without any."""
    count = sum(sketch.values())
    if not count:
        return None
    rank = max(1, math.ceil(share * count))
    seen = 0
    for index in sorted(sketch):
        seen += sketch[index]
        if seen >= rank:
            return min(_middle_ns(index), float(longest_ns))
    raise AssertionError("rank exceeds the count")  # pragma: no cover - rank <= count by construction


def _middle_ns(index: int) -> float:
    """Return the value that is within the relative error of everything in the bin."""
    if index == 0:
        return float(_SHORTEST_NS)
    upper = _BOUNDS_NS[min(index, _LAST)]
    return 2 * upper / (_GAMMA + 1)


def upper_ns(index: int) -> float:
    """Return the longest duration in nanoseconds that falls into a bin; the bin behind the last has no such."""
    return _BOUNDS_NS[min(index, _LAST)]
