"""Sum up a tally by route: requests, error share, quantiles; the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from logship.measure import Series, Tally, quantile_ns

QUANTILES = (0.5, 0.9, 0.99)
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RouteSummary:
    """The requests of one method and route; durations in seconds, None where no request had one.

    Attributes:
        errors: Requests answered with a status of 500 or above.
        slowness: The histogram bucket that holds the 99th percentile, counted from the fastest.
        quantiles: The 50th, 90th and 99th percentile, within 1 %.
    """

    method: str
    route: str
    requests: int
    errors: int
    slowness: int
    quantiles: tuple[float | None, ...]
    longest: float | None
    sum_seconds: float

    @property
    def error_share(self) -> float:
        """Errors among the requests, from 0 to 1."""
        return self.errors / self.requests


def by_route(tally: Tally) -> list[RouteSummary]:
    """Return a summary of each method and route, unsorted."""
    grouped: dict[tuple[str, str], list[tuple[str, Series]]] = {}
    for labels, series in tally.series.items():
        grouped.setdefault((labels.method, labels.route), []).append((labels.status, series))
    return [_summary(method, route, members) for (method, route), members in grouped.items()]


def total(tally: Tally) -> RouteSummary | None:
    """Return a summary of all requests together, None when there are none."""
    members = [(labels.status, series) for labels, series in tally.series.items()]
    return _summary("", "", members) if members else None


ORDERS: dict[str, Callable[[RouteSummary], tuple[object, ...]]] = {
    "worst": lambda row: (-row.slowness, -row.error_share, -(row.quantiles[-1] or 0.0), row.route, row.method),
    "errors": lambda row: (-row.error_share, -row.errors, row.route, row.method),
    "requests": lambda row: (-row.requests, row.route, row.method),
    "route": lambda row: (row.route, row.method),
}
"""Ways to sort; `worst` is slowest first by the bucket of p99, and within a bucket most failing first."""


def ordered(rows: Iterable[RouteSummary], order: str) -> list[RouteSummary]:
    """Return `rows` in one of the `ORDERS`."""
    return sorted(rows, key=ORDERS[order])


def _summary(method: str, route: str, members: list[tuple[str, Series]]) -> RouteSummary:
    together = members[0][1]
    for _, series in members[1:]:
        together = together.plus(series)
    has_durations = any(together.buckets)
    quantiles = [quantile_ns(together.sketch, share, together.max_ns) for share in QUANTILES]
    return RouteSummary(
        method=method,
        route=route,
        requests=together.requests,
        errors=sum(series.requests for status, series in members if status >= "500"),
        slowness=_bucket_of_p99(together.buckets),
        quantiles=tuple(None if value is None else value / _NANOSECONDS for value in quantiles),
        longest=together.max_ns / _NANOSECONDS if has_durations else None,
        sum_seconds=together.sum_ns / _NANOSECONDS,
    )


def _bucket_of_p99(buckets: tuple[int, ...]) -> int:
    rank = sum(buckets) * QUANTILES[-1]
    below = 0
    for number, count in enumerate(buckets):
        below += count
        if below >= rank:
            return number
    return len(buckets)
