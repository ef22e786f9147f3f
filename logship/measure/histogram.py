"""Put durations into the buckets of a histogram, many at once.

Comparison is what a Prometheus client in the application does: `duration / 1000 <= bound` for milliseconds.
The bounds are therefore moved into the unit of the log once, to the last float for which that holds.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from logship.errors import UsageError

DEFAULT_BUCKETS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds in seconds, as the first user's dashboards and alerts expect them."""

_NANOSECONDS = 1_000_000_000

_EXACT_PLAIN_SUM = 1e9
"""count x sum (milliseconds or finer) up to which plain addition errs by less than half a nanosecond."""


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
        """Sort `durations` in place and fold them; they must be finite and not negative, and at least one.

        The sum is exact for durations written to the nanosecond or coarser, in any order and division.
        """
        durations.sort()
        counts = []
        below = 0
        for threshold in self._thresholds:
            upto = bisect_right(durations, threshold, below)
            counts.append(upto - below)
            below = upto
        counts.append(len(durations) - below)
        total = sum(durations)
        if total * len(durations) > _EXACT_PLAIN_SUM:
            total = math.fsum(durations)
        return Fold(tuple(counts), round(total * self._unit_nanoseconds), round(durations[-1] * self._unit_nanoseconds))


def drop_invalid(durations: list[float]) -> int:
    """Remove what is no duration (negative, infinite) from sorted `durations`; return how many there were."""
    start = bisect_left(durations, 0.0)
    end = bisect_left(durations, math.inf)
    dropped = len(durations) - (end - start)
    if dropped:
        durations[:] = durations[start:end]
    return dropped


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
