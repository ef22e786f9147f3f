"""Sum up a tally by route: requests, rate, error share, quantiles; the worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from logship.measure import Series, Tally, is_server_error, quantile_ns
from logship.replay.selection import LabelCondition, selected

QUANTILES = (0.5, 0.9, 0.95, 0.99)
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RouteSummary:
    """The requests of one method and route; durations in seconds, None where no request had one.

    Attributes:
        rate: Requests per second in the period that was replayed, None where that has no length.
        errors: Requests answered with a status from 500 to 599.
        slowness: The histogram bucket that holds the 99th percentile, counted from the fastest.
        p50: Median, within 1 % of a duration that was there, as all percentiles are.
        p90: 90th percentile.
        p95: 95th percentile.
        p99: 99th percentile.
        max: The longest duration.
        sum: Sum of the durations.
    """

    method: str
    route: str
    requests: int
    rate: float | None
    errors: int
    slowness: int
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    sum: float

    @property
    def error_share(self) -> float:
        """Errors among the requests, from 0 to 1."""
        return self.errors / self.requests


COLUMNS = ("method", "route", "requests", "rate", "errors", "error_share", "p50", "p90", "p95", "p99", "max", "sum")
"""What is shown of a route, in this order, by the names of its attributes."""

_Key = Callable[[RouteSummary], tuple[object, ...]]


def _falling(column: str) -> _Key:
    """Return a key that sorts the highest first, and what has no value last."""

    def key(row: RouteSummary) -> tuple[object, ...]:
        value = getattr(row, column)
        return (value is None, -(value or 0), row.route, row.method)

    return key


ORDERS: dict[str, _Key] = {
    "worst": lambda row: (-row.slowness, -row.error_share, -(row.p99 or 0.0), row.route, row.method),
    **{column: _falling(column) for column in COLUMNS},
    "method": lambda row: (row.method, row.route),
    "route": lambda row: (row.route, row.method),
    "errors": lambda row: (-row.error_share, -row.errors, row.route, row.method),
}
"""Ways to sort; `worst` is slowest first by the bucket of p99, and within a bucket most failing first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown of the numbers.

    Attributes:
        order: The order of the rows, one of `ORDERS`.
        top: How many rows are shown, None for all.
        where: Conditions on the labels of the requests that are shown.
    """

    order: str = "worst"
    top: int | None = None
    where: tuple[LabelCondition, ...] = ()


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of a replay, summed up.

    Attributes:
        rows: Methods and routes, chosen and sorted.
        total: All requests for which the conditions hold, None when there are none.
        tally: All numbers together, whatever was chosen.
        chosen: The tally with the series only for which the conditions hold.
        more: How many rows are not among the first.
    """

    rows: Sequence[RouteSummary]
    total: RouteSummary | None
    tally: Tally
    chosen: Tally
    more: int


def summed_up(tally: Tally, choice: Choice) -> Summary:
    """Return the numbers of `tally`, of all sources together, as they are to be shown."""
    whole = tally.whole()
    chosen = selected(whole, choice.where) if choice.where else whole
    rows = sorted(by_route(chosen), key=ORDERS[choice.order])
    shown = rows[: choice.top]
    return Summary(shown, total(chosen), whole, chosen, len(rows) - len(shown))


def by_route(tally: Tally) -> list[RouteSummary]:
    """Return a summary of each method and route, unsorted."""
    grouped: dict[tuple[str, str], list[tuple[str, Series]]] = {}
    for labels, series in tally.series.items():
        grouped.setdefault((labels.method, labels.route), []).append((labels.status, series))
    seconds = period(tally)
    return [_summary(method, route, members, seconds) for (method, route), members in grouped.items()]


def total(tally: Tally) -> RouteSummary | None:
    """Return a summary of all requests together, None when there are none."""
    members = [(labels.status, series) for labels, series in tally.series.items()]
    return _summary("", "", members, period(tally)) if members else None


def period(tally: Tally) -> float | None:
    """Return how many seconds lie between the first and the last event, None where that is no time."""
    if tally.first_event is None or tally.last_event is None:
        return None
    return tally.last_event - tally.first_event or None


def _summary(method: str, route: str, members: list[tuple[str, Series]], seconds: float | None) -> RouteSummary:
    together = members[0][1]
    for _, series in members[1:]:
        together = together.plus(series)
    quantiles = [quantile_ns(together.sketch, share, together.max_ns) for share in QUANTILES]
    p50, p90, p95, p99 = (None if value is None else value / _NANOSECONDS for value in quantiles)
    return RouteSummary(
        method=method,
        route=route,
        requests=together.requests,
        rate=together.requests / seconds if seconds is not None else None,
        errors=sum(series.requests for status, series in members if is_server_error(status)),
        slowness=_bucket_of_p99(together.buckets),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        max=together.max_ns / _NANOSECONDS if any(together.buckets) else None,
        sum=together.sum_ns / _NANOSECONDS,
    )


def _bucket_of_p99(buckets: tuple[int, ...]) -> int:
    rank = sum(buckets) * QUANTILES[-1]
    below = 0
    for number, count in enumerate(buckets):
        below += count
        if below >= rank:
            return number
    return len(buckets)
