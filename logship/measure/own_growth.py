"""What the series of a metric grow by until it is taken: records come in by the chunk, samples go out.

A record is noted with as little Python as it can be; sums and buckets are made of many numbers at once.
Numbers come as the log has them, and are rounded to billionths one by one, so that no division changes a sum.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from logship.measure.own_series import UNITS, Dated, Sample

MAX_NOTED = 8192
"""Numbers that wait to be folded together."""

Values = tuple[str, ...]
"""The label values of a series."""

Samples = dict[Values, Sample]


class Growth(Protocol):
    """The series of a metric since they were last taken."""

    @property
    def pending(self) -> int:
        """How many series have grown, as far as they are folded."""

    def take(self) -> Samples:
        """Return the series that grew since the last call, in the order in which they first did."""


class Counts:
    """The series of a counter of records."""

    def __init__(self) -> None:
        self._counts: Counter[Values] = Counter()

    @property
    def pending(self) -> int:
        """How many series have grown."""
        return len(self._counts)

    def note(self, series: Sequence[Values], weights: Sequence[int] | None) -> None:
        """Count records by their series; `weights` says how many each one stands for."""
        if weights is None:
            self._counts.update(series)
            return
        for values, weight in zip(series, weights, strict=True):
            self._counts[values] += weight

    def take(self) -> Samples:
        """Return the series that grew since the last call."""
        counts, self._counts = self._counts, Counter()
        return {values: Sample(count, count * UNITS) for values, count in counts.items()}


class Amounts:
    """The series of a metric that sums numbers up, times `scale`, and puts them into buckets if there are bounds."""

    def __init__(self, scale: float, bounds: Sequence[float] = ()) -> None:
        factor = scale * UNITS
        self._factor = int(factor) if factor.is_integer() else factor
        self._thresholds = [threshold(round(bound * UNITS), self._factor) for bound in bounds]
        self._noted: defaultdict[Values, list[float]] = defaultdict(list)
        self._count_noted = 0
        self._samples: Samples = {}

    @property
    def pending(self) -> int:
        """How many series have grown, as far as they are folded."""
        return len(self._samples)

    def note(self, series: Sequence[Values], numbers: Sequence[float], weights: Sequence[int] | None) -> None:
        """Note the number of each record under its series; `weights` says how many records each one stands for."""
        if weights is not None:
            self._fold()
            for values, number, weight in zip(series, numbers, weights, strict=True):
                self._add(values, [number], weight)
            return
        noted = self._noted
        if series and not series[0]:
            noted[()] += numbers
        else:
            for values, number in zip(series, numbers, strict=True):
                noted[values].append(number)
        self._count_noted += len(numbers)
        if self._count_noted > MAX_NOTED:
            self._fold()

    def take(self) -> Samples:
        """Return the series that grew since the last call."""
        self._fold()
        samples, self._samples = self._samples, {}
        return samples

    def _fold(self) -> None:
        for values, numbers in self._noted.items():
            self._add(values, numbers)
        self._noted.clear()
        self._count_noted = 0

    def _add(self, values: Values, numbers: list[float], weight: int = 1) -> None:
        buckets = (count * weight for count in self._buckets(numbers)) if self._thresholds else ()
        sample = Sample(len(numbers) * weight, self._sum(numbers) * weight, tuple(buckets))
        held = self._samples.get(values)
        self._samples[values] = sample if held is None else held.plus(sample)

    def _sum(self, numbers: list[float]) -> int:
        factor = self._factor
        whole = sum(numbers)
        if isinstance(whole, int) and isinstance(factor, int):  # one float among them would have made it one
            return whole * factor
        return sum([round(number * factor) for number in numbers])

    def _buckets(self, numbers: list[float]) -> list[int]:
        numbers.sort()
        below = [0, *(bisect_right(numbers, threshold) for threshold in self._thresholds), len(numbers)]
        return [end - start for start, end in pairwise(below)]


class Latest:
    """The series of a gauge."""

    def __init__(self) -> None:
        self._records: Counter[Values] = Counter()
        self._latest: dict[Values, Dated] = {}

    @property
    def pending(self) -> int:
        """How many series have a value."""
        return len(self._latest)

    def note(self, series: Sequence[Values], dated: Sequence[Dated]) -> None:
        """Note the value of each record under its series."""
        latest = self._latest
        self._records.update(series)
        for values, found in zip(series, dated, strict=True):
            if values not in latest or found > latest[values]:
                latest[values] = found

    def take(self) -> Samples:
        """Return the series that have a value since the last call."""
        records, self._records = self._records, Counter()
        latest, self._latest = self._latest, {}
        return {values: Sample(records[values], 0, (), dated) for values, dated in latest.items()}


def threshold(bound: int, factor: float) -> float:
    """Return the largest float that is no more than `bound` billionths when it is scaled by `factor` and rounded."""
    number = (bound + 0.5) / factor
    while round(number * factor) > bound:
        number = math.nextafter(number, -math.inf)
    while round((higher := math.nextafter(number, math.inf)) * factor) <= bound:
        number = higher
    return number
