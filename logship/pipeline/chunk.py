"""The records of a chunk as own counting sees them: their fields, and what is derived from them.

What many records are asked for is made for the whole chunk, of what counting its requests found; that takes a chunk
with nothing out of the ordinary. Else, and for a few records, it is derived record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, Protocol, Self

from logship.measure import LEVEL, METHOD, ROUTE, STATUS, Column, Memo, Places, is_duration, level_label
from logship.parse import Decoded, Format, Record
from logship.parse.columns import Columns, picker
from logship.parse.values import seconds

_FEW = 4
"""Records of which there are less than one in so many are looked at one by one."""


class Requests(Protocol):
    """What is known of request records; each is asked for those that are requests by their message."""

    def as_request(self, record: Record) -> tuple[Record, int] | None:
        """Return the fields of a request and how many it stands for, None when it is going to be rejected."""

    def route_of(self, request: Record) -> str:
        """Return the route that the fields of a request count under."""


class Derivation:
    """Derive from the records of a chunk what is known of them beside their fields.

    Attributes:
        decoded: The chunk.
        format: The format of its records.
        kept: The places of the records that no rule dropped.
        derived_routes: When all requests among them have counted as they stand, each as one: gives the routes under
            which those without a route of their own have, in their order. Else None.
    """

    def __init__(self, decoded: Decoded, fmt: Format, requests: Requests) -> None:
        self.decoded = decoded
        self.format = fmt
        self.kept: Places = range(len(decoded.records))
        self.derived_routes: Callable[[], Sequence[str]] | None = None
        self._records = decoded.records
        self._marker = fmt.request_message
        self._requests = requests
        self._columns: dict[str, Mapping[int, str | None] | Sequence[str | None]] = {}
        self._known: dict[int, Record | None] = {}
        self._weights: dict[int, int] = {}

    def counting(self, places: Places) -> Places:
        """Return those of `places` whose records are not going to be rejected."""
        if self._is_for_all(places):
            return places
        records, marker = self._records, self._marker
        return [place for place in places if records[place][0].message != marker or self._request(place) is not None]

    def weights(self, places: Places) -> list[int] | None:
        """Return how many records each of those at `places` stands for; None when each is one."""
        return [self._weights.get(place, 1) for place in places] if self._weights else None

    def column(self, path: str, places: Places) -> list[str | None]:
        """Return what is derived of the records at `places`."""
        if not self._is_for_all(places):
            return [self._at(path, place) for place in places]
        if path not in self._columns:
            whole = self._whole(path)
            is_complete = len(whole) == len(self._records)
            self._columns[path] = whole if is_complete else dict(zip(self.kept, whole, strict=True))
        return list(picker(places)(self._columns[path]))

    def _is_for_all(self, places: Places) -> bool:
        """Return whether so many records are asked for that columns for all are cheaper, and possible."""
        return self.derived_routes is not None and len(places) * _FEW > len(self.kept) and self._has_only_durations

    @cached_property
    def _kept_records(self) -> list[Record]:
        records = self._records
        return [record for (record,) in (records if len(self.kept) == len(records) else picker(self.kept)(records))]

    @cached_property
    def _has_only_durations(self) -> bool:
        """Whether no request is going to be rejected for its duration, which counting requests sees later."""
        durations = sorted([record.duration for record in self._kept_records if record.duration is not None])
        return not durations or (is_duration(durations[0]) and is_duration(durations[-1]))

    def _whole(self, path: str) -> list[str | None]:
        records, marker = self._kept_records, self._marker
        if path == LEVEL:
            return [level_label(record.level) for record in records]
        if path == ROUTE:
            derived = iter(self.derived_routes() if self.derived_routes is not None else ())
            return [(record.route or next(derived)) if record.message == marker else None for record in records]
        read = _OF_REQUEST[path]
        return [read(record) if record.message == marker else None for record in records]

    def _request(self, place: int) -> Record | None:
        """Return the fields of the request at a place; None when it is none, or going to be rejected."""
        if place not in self._known:
            record = self._records[place][0]
            found = self._requests.as_request(record) if record.message == self._marker else None
            self._known[place] = None if found is None else found[0]
            if found is not None and found[1] != 1:
                self._weights[place] = found[1]
        return self._known[place]

    def _at(self, path: str, place: int) -> str | None:
        request = self._request(place)
        if path == LEVEL:
            return level_label((request or self._records[place][0]).level)
        if request is None:
            return None
        return self._requests.route_of(request) if path == ROUTE else _OF_REQUEST[path](request)


_OF_REQUEST: Mapping[str, Callable[[Record], str | None]] = {
    METHOD: attrgetter("method"),
    STATUS: lambda request: str(request.status),
}


class Chunk:
    """Records of a chunk: all that were kept, or those at some places."""

    def __init__(self, derivation: Derivation, places: Places) -> None:
        self.places = places
        self._derivation = derivation
        self._columns: dict[str, Column] = {}

    def at(self, places: Places) -> Self:
        """Return the records at some places."""
        return self if len(places) == len(self.places) else type(self)(self._derivation, places)

    def values(self, path: str) -> list[Any]:
        """Return what each record has at `path`."""
        return self._derivation.column(path, self.places) if path.startswith("@") else self._fields(path)

    def column(self, path: str) -> Column:
        """Return the same to be tested and read."""
        if path not in self._columns:
            self._columns[path] = Column(self.values(path))
        return self._columns[path]

    def counting(self, places: Places) -> Places:
        """Return those of `places` whose records count."""
        return self._derivation.counting(places)

    def weights(self) -> list[int] | None:
        """Return how many records each one stands for; None when each is one."""
        return self._derivation.weights(self.places)

    def times(self) -> list[float]:
        """Return the times of the records in seconds since the epoch, 0 for one without."""
        times: list[float] = [0.0] * len(self.places)
        for time in reversed(self._derivation.format.mapping.time):
            column = self.column(time.path).read(Memo(partial(seconds, clock=time.clock)))
            times = [held if at is None else at for held, at in zip(times, column, strict=True)]
        return times

    @cached_property
    def _fields(self) -> Columns:
        extras = self._derivation.decoded.extras
        return extras.at(None if len(self.places) == extras.count else self.places)
