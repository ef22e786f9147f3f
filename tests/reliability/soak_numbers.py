"""What a soak measured: the growth of memory with the confidence in it, quantiles, and the verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

BLOCKS = 12
"""Samples of memory lean on their neighbours; the means of a dozen blocks do so much less."""

T_95 = 2.228
"""Student's t for 95 % on both sides and BLOCKS - 2 degrees of freedom."""


class Slope(NamedTuple):
    """A slope, and half of its confidence interval of 95 %, in the unit of the values per minute."""

    per_minute: float
    margin: float

    def is_above(self, limit: float) -> bool:
        """Return whether the whole interval lies above `limit`."""
        return self.per_minute - self.margin > limit

    def __str__(self) -> str:
        low, high = self.per_minute - self.margin, self.per_minute + self.margin
        return f"{self.per_minute:+.1f} KiB/min, 95 % sure between {low:+.1f} and {high:+.1f}"


def slope(samples: Sequence[tuple[float, float]]) -> Slope:
    """Return the slope of values over seconds by least squares through the means of blocks."""
    size = len(samples) // BLOCKS
    if not size:
        return Slope(math.nan, math.nan)
    blocks = [samples[number * size : (number + 1) * size] for number in range(BLOCKS)]
    times = [statistics.fmean(at for at, _ in block) / 60 for block in blocks]
    values = [statistics.fmean(value for _, value in block) for block in blocks]
    line = statistics.linear_regression(times, values)
    middle = statistics.fmean(times)
    spread = sum((at - middle) ** 2 for at in times)
    errors = (value - line.slope * at - line.intercept for at, value in zip(times, values, strict=True))
    deviation = math.sqrt(sum(error**2 for error in errors) / (BLOCKS - 2) / spread)
    return Slope(line.slope, T_95 * deviation)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is not below `share` of all; NaN without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
