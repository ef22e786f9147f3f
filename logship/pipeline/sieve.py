"""Leave out the records that drop rules name before they count as requests, and count the others into own metrics.

Own metrics come last: routes are learned in the order of the lines, whichever of them own metrics ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from logship.measure import (
    DERIVED,
    ROUTE,
    Column,
    Memo,
    OwnCounter,
    OwnMetric,
    OwnMetrics,
    Places,
    Selector,
    Tally,
    level_label,
)
from logship.parse import Decoded, Format, Record
from logship.parse.values import seconds


class Requests(Protocol):
    """What is known of request records; each is asked for those that are requests by their message."""

    def as_request(self, record: Record) -> tuple[Record, int] | None:
        """Return the fields of a request and how many it stands for, None when it is going to be rejected."""

    def route_of(self, request: Record) -> str:
        """Return the route that the fields of a request count under."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The records of a chunk, each in a tuple of one: those that go on, and those that were dropped."""

    chunk: _Chunk
    records: list[tuple[Record]]
    dropped: list[tuple[Record]] = field(default_factory=list)


class Sieve:
    """Sift the records of one format."""

    def __init__(self, own: OwnMetrics, fmt: Format, requests: Requests) -> None:
        times = fmt.mapping.time if any(metric.kind == "gauge" for metric in own.metrics) else ()
        self.fields = tuple(sorted(fields_of(own).union(time.path for time in times)))
        self._format = fmt
        self._requests = requests
        self._drops = [Selector(match) for match in own.drop]
        self._own = OwnCounter(own.metrics)
        self.asks_for_routes = any(ROUTE in _asked(metric) for metric in own.metrics)
        """Whether a metric looks at the routes of requests."""

    @property
    def pending(self) -> int:
        """How many series wait to be taken."""
        return self._own.pending

    def sift(self, decoded: Decoded) -> Sifted:
        """Return which records of a chunk go on."""
        chunk = _Chunk(decoded, self._format, self._requests)
        known: dict[str, Column] = {}
        chunk.dropped = {place for drop in self._drops for place in drop.select(chunk, known)}
        if not chunk.dropped:
            return Sifted(chunk, decoded.records)
        sifted = Sifted(chunk, [])
        for place, record in enumerate(decoded.records):
            (sifted.dropped if place in chunk.dropped else sifted.records).append(record)
        return sifted

    def count(self, sifted: Sifted) -> None:
        """Count the records that match an own metric, when all of the chunk have counted as requests."""
        self._own.count(sifted.chunk)

    def drain_into(self, change: Tally) -> None:
        """Add what was counted since the last call to `change`."""
        change.own, unfit, folded = self._own.take()
        change.own_unfit.update(unfit)
        change.folded += folded


class _Chunk:
    """The records of a chunk as own counting sees them."""

    def __init__(self, decoded: Decoded, fmt: Format, requests: Requests) -> None:
        self.count = len(decoded.records)
        self.dropped: set[int] = set()
        self._records = decoded.records
        self._extras = decoded.extras
        self._format = fmt
        self._requests = requests
        self._known: dict[int, Record | None] = {}
        self._weights: dict[int, int] = {}

    def column(self, path: str, places: Places | None = None) -> list[Any]:
        if not path.startswith("@"):
            return self._extras.column(path, places)
        derive = _DERIVATIONS[path]
        return [derive(self, place) for place in (range(self.count) if places is None else places)]

    def counting(self, places: Places) -> Places:
        marker, records = self._format.request_message, self._records
        if self.dropped:
            places = [place for place in places if place not in self.dropped]
        return [place for place in places if records[place][0].message != marker or self._request(place) is not None]

    def weights(self, places: Places) -> list[int] | None:
        return [self._weights.get(place, 1) for place in places] if self._weights else None

    def times(self, places: Places) -> list[float]:
        times: list[float] = [0.0] * len(places)
        for time in reversed(self._format.mapping.time):
            column = Column(self._extras.column(time.path, places)).read(Memo(partial(seconds, clock=time.clock)))
            times = [held if at is None else at for held, at in zip(times, column, strict=True)]
        return times

    def _request(self, place: int) -> Record | None:
        """Return the fields of the request at a place; None when it is none, or going to be rejected."""
        if place not in self._known:
            record = self._records[place][0]
            is_request = record.message == self._format.request_message
            found = self._requests.as_request(record) if is_request else None
            self._known[place] = None if found is None else found[0]
            if found is not None and found[1] != 1:
                self._weights[place] = found[1]
        return self._known[place]

    def _method(self, place: int) -> str | None:
        request = self._request(place)
        return None if request is None else request.method

    def _route(self, place: int) -> str | None:
        request = self._request(place)
        return None if request is None else self._requests.route_of(request)

    def _status(self, place: int) -> str | None:
        request = self._request(place)
        return None if request is None else str(request.status)

    def _level(self, place: int) -> str:
        return level_label((self._request(place) or self._records[place][0]).level)


_DERIVATIONS: Mapping[str, Callable[[_Chunk, int], str | None]] = dict(
    zip(DERIVED, (_Chunk._method, _Chunk._route, _Chunk._status, _Chunk._level), strict=True)  # noqa: SLF001
)


def fields_of(own: OwnMetrics) -> set[str]:
    """Return the fields that metrics and drop rules look at."""
    looked_at = {condition.field for match in own.drop for condition in match}
    return {each for each in looked_at.union(*map(_asked, own.metrics)) if not each.startswith("@")}


def _asked(metric: OwnMetric) -> set[str]:
    """Return what a metric looks at."""
    conditions, labels = (condition.field for condition in metric.match), (label.field for label in metric.labels)
    return {*conditions, *labels, *((metric.value.field,) if metric.value is not None else ())}
