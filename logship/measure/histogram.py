"""Put durations into the buckets of a histogram, many at once.

Comparison is what a Prometheus client in the application does: `duration / 1000 <= bound` for milliseconds.
The bounds are therefore moved into the unit of the log once, to the last float for which that holds.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise, repeat
from operator import mul
from typing import NamedTuple

from logship.errors import UsageError

DEFAULT_BUCKETS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds in seconds, as the first user's dashboards and alerts expect them."""

_NANOSECONDS = 1_000_000_000

_EXACT_SUM_NS = 1e15
"""Nanoseconds up to which a float sum errs by less than half of one: `fsum` as such, plain addition times its terms."""

_LONGEST = 1e15
"""Units up to which a number is a duration, 30,000 years of milliseconds: sums of more could leave the floats."""


class Fold(NamedTuple):
    """Durations folded: how many fell into each bucket (the last is +Inf), their sum and the longest one."""

    buckets: tuple[int, ...]
    sum_ns: int
    max_ns: int


class Histogram:
    """Fold durations that are given in one unit of time."""

    def __init__(self, buckets: Sequence[float], unit_nanoseconds: int) -> None:
        self._unit_nanoseconds = unit_nanoseconds
        self._thresholds = [_threshold(bound, _NANOSECONDS // unit_nanoseconds) for bound in buckets]

    def fold(self, durations: list[float]) -> Fold:
        """Fold sorted `durations`; all must be valid, and at least one there.

        The sum is exact for durations written to the nanosecond or coarser, in any order and division.
        """
        counts = []
        below = 0
        for threshold in self._thresholds:
            upto = bisect_right(durations, threshold, below)
            counts.append(upto - below)
            below = upto
        counts.append(len(durations) - below)
        return Fold(tuple(counts), self._sum_ns(durations), round(durations[-1] * self._unit_nanoseconds))

    def bucket_of(self, duration: float) -> int:
        """Return the number of the bucket that a duration falls into."""
        return bisect_left(self._thresholds, duration)

    def _sum_ns(self, durations: list[float]) -> int:
        """Return the sum by the cheapest way that is exact: 5, 34 or 113 ns a duration."""
        unit = self._unit_nanoseconds
        total = sum(durations)
        if total * unit * len(durations) <= _EXACT_SUM_NS:
            return round(total * unit)
        if total * unit <= _EXACT_SUM_NS:
            return round(math.fsum(durations) * unit)
        return sum(map(round, map(mul, durations, repeat(unit))))


def drop_invalid(durations: list[float]) -> int:
    """Remove what is no duration (negative, beyond all bounds) from sorted `durations`; return how many there were."""
    start = bisect_left(durations, 0.0)
    end = bisect_right(durations, _LONGEST)
    dropped = len(durations) - (end - start)
    if dropped:
        durations[:] = durations[start:end]
    return dropped


def is_duration(number: float) -> bool:
    """Return whether a number can be a duration, as `drop_invalid` sees it."""
    return 0 <= number <= _LONGEST


def check_buckets(buckets: Sequence[float]) -> tuple[float, ...]:
    """Return `buckets` when they can be the bounds of a histogram, else raise UsageError."""
    finite = all(math.isfinite(bound) and bound > 0 for bound in buckets)
    if not buckets or not finite or any(low >= high for low, high in pairwise(buckets)):
        given = ", ".join(f"{bound:g}" for bound in buckets) or "none"
        raise UsageError(f"histogram buckets must be seconds above 0 that rise, such as 0.1, 0.5, 1: not {given}")
    return tuple(float(bound) for bound in buckets)


def _threshold(bound: float, units_per_second: int) -> float:
    """Return the largest float `d` with `d / units_per_second <= bound`."""
    threshold = bound * units_per_second
    while threshold / units_per_second > bound:
        threshold = math.nextafter(threshold, -math.inf)
    while (higher := math.nextafter(threshold, math.inf)) / units_per_second <= bound:
        threshold = higher
    return threshold
