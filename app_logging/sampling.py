"""Rates by path or route come in, which requests are recorded goes out: every Nth, the same ones each time.

A rate is 1/N with a whole N, so that a reader who multiplies by N gets whole requests again. The first record comes
after half of N: with it, N times the records is never further from the requests than half of N.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from app_logging.settings import SettingsError

TOLERANCE = 1e-6
"""How far 1/rate may be from a whole number, in shares of it: 0.333333 is meant to be a third."""


class Sampler:
    """Count the requests of each path and choose.

    Args:
        rates: Exact path or route template to rate, 0 < rate <= 1.

    Raises:
        SettingsError: A rate is not one out of N.
    """

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._intervals = {path: _interval(path, rate) for path, rate in rates.items()}
        # `next` of a count is one step for threads, which an integer in a dict is not.
        self._counts = {path: itertools.count(interval // 2 + 1) for path, interval in self._intervals.items()}
        self.is_on = bool(rates)

    def interval_of(self, path: str, route: str | None) -> int:
        """Return 1 if the request is to be recorded as one, N if it stands for N, 0 if it is not to be recorded."""
        key = path if path in self._intervals else route
        interval = self._intervals.get(key, 1) if key is not None else 1
        if interval == 1 or key is None:
            return 1
        return interval if next(self._counts[key]) % interval == 0 else 0


def _interval(path: str, rate: object) -> int:
    if isinstance(rate, int | float) and 0 < rate <= 1:
        interval = round(1 / rate)
        if abs(1 / rate - interval) <= TOLERANCE * interval:
            return interval
        nearest = f"the nearest is {1 / interval:.6g}"
    else:
        nearest = "more than 0 and at most 1"
    raise SettingsError(f"sample[{path!r}]", rate, "argument", f"it must be one out of a whole number, {nearest}")
