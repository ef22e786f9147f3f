"""Count the lines of one format: decode, append each duration to the list of its label set, fold whole lists.

A record must cost as little Python as it can: `count` appends to lists, `drain_into` folds them into buckets.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias, cast

from logship.measure import (
    NOT_FOUND,
    Histogram,
    LearnedRoutes,
    LearnedSegments,
    OwnMetrics,
    Roll,
    Series,
    Sketcher,
    Tally,
    Verdict,
    drop_invalid,
    fold,
    is_duration,
    level_label,
)
from logship.model import OTHER, LabelSet, Reason
from logship.parse import (
    HEALTH_MESSAGE,
    HEARTBEAT_MESSAGE,
    OWN_MESSAGES,
    AppRecord,
    Decoded,
    Decoder,
    Format,
    Record,
    checked,
    is_in_flight,
    line_of,
    said,
    weight_of,
)
from logship.pipeline.labels import short, short_level, unfit
from logship.pipeline.options import MeasureOptions
from logship.pipeline.sieve import Sieve, Sifted

MAX_LISTS = 4096
"""Label sets with lists of their own; a flood of new ones is folded in between, so that memory stays bounded."""

_AppRecords = list[tuple[AppRecord]]
"""Records of a format that is numbered; the undecided ones have the same fields."""

_Key = tuple[str, str, int | None, str | None, int]
"""Method, route, status, level, and how many requests each record stands for."""

_Durations: TypeAlias = "array[float] | list[float | None]"
"""An array keeps no float objects, whose memory would be spread over the cache; a list where some have no duration."""

_NONE = OwnMetrics()

_level = attrgetter("level")


class FormatCounter:
    """Count the lines of one format."""

    def __init__(
        self,
        fmt: Format,
        routes: LearnedRoutes,
        segments: LearnedSegments,
        roll: Roll,
        options: MeasureOptions,
        *,
        own: OwnMetrics = _NONE,
    ) -> None:
        self.format = fmt
        self._sieve = Sieve(own, fmt, self) if own != _NONE else None
        self._decoder = Decoder(fmt, self._sieve.fields if self._sieve is not None else ())
        self._routes = routes
        self._route = routes.route
        self._segments = segments
        self._roll = roll
        self._histogram = Histogram(options.buckets, fmt.unit_nanoseconds)
        self._sketcher = Sketcher(fmt.unit_nanoseconds) if options.quantiles else None
        self._no_buckets = (0,) * (len(options.buckets) + 1)
        self._durations: dict[_Key, _Durations] = {}
        self._appends: dict[tuple[str | None, str | None, int | None, str | None], Callable[[Any], None]] = {}
        self._records: list[tuple[Record]] = []
        self._is_ordinary = True
        self._derived_routes: list[str] = []
        self._tally = Tally()

    def count(self, lines: bytes) -> None:
        """Count `lines`, each ended by a newline."""
        decoded = self._decoder.decode(lines)
        self._tally.not_request += decoded.blank
        if decoded.rejected:
            self._tally.rejected.update(decoded.rejected)
        sifted = self._sifted(lines, decoded, self._sieve) if self._sieve is not None else None
        records = decoded.records if sifted is None else sifted.records
        self._records = records
        self._is_ordinary = True
        if self.format.is_numbered:
            others = self._count_in_order(records)
            self._note_writers(lines, decoded)
            self._heed(lines, others)
        else:
            others = self._count_requests(records)
        if others:
            self._count_messages(others)
        if self._sieve is not None and sifted is not None:
            self._sieve.count(sifted, self._labels_of_derived if self._is_ordinary else None)
            self._derived_routes.clear()
        self._records = []  # the next chunk is decoded into their memory, which is warm
        if len(self._durations) > MAX_LISTS:
            self._fold()

    def note_numbers(self, lines: bytes) -> None:
        """Take note of the numbers of lines that are not counted."""
        if self.format.is_numbered:
            self._roll.note(cast("_AppRecords", self._decoder.decode(lines).records))

    def times(self, lines: bytes) -> list[float]:
        """Return the times of the first and the last of `lines` in seconds since the epoch, as far as they have one."""
        return self._decoder.times(lines)

    @property
    def pending(self) -> int:
        """How many label sets have been counted since the last drain, folded or not."""
        own = self._sieve.pending if self._sieve is not None else 0
        return len(self._tally.series) + len(self._durations) + own

    def drain_into(self, change: Tally) -> None:
        """Add what has been counted since the last call to `change`."""
        self._fold()
        self._durations.clear()  # what is counted next must not depend on what was counted before
        self._appends.clear()
        if self._sieve is not None:
            self._sieve.drain_into(self._tally)
        change.add(self._tally)
        self._tally = Tally()

    def _sifted(self, lines: bytes, decoded: Decoded, sieve: Sieve) -> Sifted:
        """Return the records that are not dropped; what our own writer says of itself counts all the same."""
        sifted = sieve.sift(decoded)
        self._tally.ruled_out += len(sifted.dropped)
        if self.format.is_numbered:
            self._heed(lines, [record for (record,) in sifted.dropped])
        return sifted

    def as_request(self, record: Record) -> tuple[Record, int] | None:
        """Return the fields of a request and how many it stands for, None when it is going to be rejected."""
        request = record if record.route or record.url is not None else self.format.lift(record)
        if request is None or not (request.route or request.url is not None) or unfit(request) is not None:
            return None
        if request.duration is not None and not is_duration(request.duration):
            return None
        rate = cast("AppRecord", record).sample_rate if self.format.is_numbered else None
        weight = 1 if rate is None else weight_of(rate)
        return None if weight is None else (request, weight)

    def route_of(self, request: Record) -> str:
        """Return the route that the fields of a request count under."""
        return request.route or self._segments.label(short(self._route(request.url or "", request.status)))

    def counted_as(self, record: Record) -> tuple[LabelSet, float] | None:
        """Return under which labels a request was counted and its duration; None when it has none, or was rejected."""
        found = self.as_request(record)
        if found is None or found[0].duration is None:
            return None
        request, _ = found
        return LabelSet(short(request.method), short(self.route_of(request)), str(request.status)), found[0].duration

    def _count_requests(self, records: list[tuple[Record]]) -> list[Record]:
        """Note the duration of each request; return the records that are none. The hot loop."""
        appends, marker, folded = self._appends, self.format.request_message, self._segments.folded
        routes = self._routes
        match, names = routes.match, routes.names
        note = self._derived_routes.append if self._sieve is not None and self._sieve.asks_for_routes else None
        others = []
        for (record,) in records:
            if record.message != marker:
                others.append(record)
                continue
            route, status = record.route, record.status
            if not route:
                url = record.url
                if url is None:
                    self._count_unusual(record)
                    continue
                known = match(url) if status != NOT_FOUND else None
                if known is not None:
                    route = names[known.lastindex or 0]
                else:
                    route = routes.learn(url, status)
                    match, names = routes.match, routes.names
                if folded:
                    route = folded.get(route, route)
                if note is not None:
                    note(route)
            try:
                appends[record.method, route, status, record.level](record.duration)
            except (KeyError, TypeError):
                self._count_first(record, route)
        return others

    def _count_unusual(self, record: Record) -> None:
        """Count a request that has neither route nor url where they usually stand."""
        self._is_ordinary = False
        lifted = self.format.lift(record)
        if lifted is None or (not lifted.route and lifted.url is None):
            method = (lifted or record).method
            self._tally.rejected[Reason.MISSING_METHOD if method is None else Reason.MISSING_URL] += 1
            return
        route = lifted.route
        if not route and lifted.url is not None:
            route = self._route(lifted.url, lifted.status)
        self._count_first(lifted, route)

    def _count_in_order(self, records: list[tuple[Record]]) -> list[Record]:
        """Count as `_count_requests` does, but each record with a sampling rate as several requests."""
        rated = cast("_AppRecords", records)
        if not [None for (record,) in rated if record.sample_rate is not None]:
            return self._count_requests(records)
        others: list[Record] = []
        start = 0
        for place, (record,) in enumerate(rated):
            if record.sample_rate is not None and record.message == self.format.request_message:
                others += self._count_requests(records[start:place])
                self._count_weighed(record, weight_of(record.sample_rate or 0.0))
                start = place + 1
        return others + self._count_requests(records[start:])

    def _count_weighed(self, record: Record, weight: int | None) -> None:
        route = record.route
        if not route and record.url is not None:
            route = self._route(record.url, record.status)
        self._is_ordinary = False
        if weight is None:
            self._tally.rejected[Reason.INVALID_SAMPLE_RATE] += 1
        elif not route:
            self._count_unusual(record)
        else:
            self._count_first(record, route, weight)

    def _note_writers(self, lines: bytes, decoded: Decoded) -> None:
        """Note what only our own writer says: the numbers of its records, its requests in flight, its own messages."""
        roll, marker = self._roll, self.format.request_message
        for boot_id, group in roll.note(cast("_AppRecords", decoded.records)).items():
            last = group[-1][0].seq or 0
            roll.note_last(boot_id, last, line_of(lines, boot_id, last))
            for (record,) in reversed(group):
                if record.message == marker and is_in_flight(record.active):
                    behind = max(0, (record.active or 0) - 1)  # it counts itself, and it is over
                    roll.note_in_flight(boot_id, record.seq or 0, behind)
                    break
        for number in decoded.numbers:
            roll.note_number(*number)

    def _heed(self, lines: bytes, records: list[Record]) -> None:
        """Take note of what our own writer says in messages of its own."""
        for record in cast("list[AppRecord]", records):
            boot_id, seq = record.boot_id, record.seq
            if record.message not in OWN_MESSAGES or boot_id is None or seq is None:
                continue
            line = line_of(lines, boot_id, seq)
            if record.message == HEALTH_MESSAGE:
                self._heed_checks(line)
                continue
            word = said(line)
            if record.message != HEARTBEAT_MESSAGE:
                self._tally.dropped += word.dropped
            elif word.heartbeat_seconds is not None and word.in_flight is not None:
                self._roll.note_heartbeat(boot_id, word.heartbeat_seconds)
                self._roll.note_in_flight(boot_id, seq, word.in_flight)

    def _heed_checks(self, line: bytes) -> None:
        found = checked(line)
        if found is not None:
            self._tally.add_checks({name: Verdict(found.at, healthy) for name, healthy in found.healthy.items()})

    def _count_first(self, record: Record, route: str | None, weight: int = 1) -> None:
        """Count a request whose labels have no durations yet, or which has none, if they can be labels.

        Too long ones share theirs.
        """
        reason = unfit(record)
        if reason is None and record.duration is not None and not is_duration(record.duration):
            reason = Reason.INVALID_DURATION
        if reason is not None:
            self._is_ordinary = False
            self._tally.rejected[reason] += 1
            return  # it must not take the place of a series: the order of places is the order of what counts
        labels = (short(record.method), self._label(record, route), record.status, short_level(record.level))
        key = (*labels, weight)
        noted = self._durations.get(key)
        if noted is None or (record.duration is None and isinstance(noted, array)):
            noted = self._durations[key] = array("d") if record.duration is not None else list(noted or ())
            if weight == 1:
                self._appends[labels] = noted.append
        noted.append(record.duration)  # type: ignore[arg-type]  # None only comes to a list

    def _name_routes_before(self, named: Record) -> None:
        """Let the requests before one keep the routes that they count under, which own metrics ask for later.

        The route of the application's that comes with that one may change what others are counted under.
        """
        self._is_ordinary = False
        for (record,) in self._records:
            found = self.as_request(record) if record.message == self.format.request_message else None
            if record is named or (found is not None and found[0] is named):
                return
            if found is not None:
                found[0].route = self.route_of(found[0])

    def _labels_of_derived(self) -> list[str]:
        """Return the routes that the requests without one have counted under; each is known."""
        derived, kept = self._derived_routes, self._segments.kept
        labels = {each: each if each in kept else self._segments.label(short(each)) for each in dict.fromkeys(derived)}
        return list(map(labels.__getitem__, derived))

    def _label(self, record: Record, route: str | None) -> str:
        """Return the label for the route of a request; only a derived one may be counted under another."""
        label = short(route)
        if not record.route:
            return self._segments.label(label)
        if self._sieve is not None and self._sieve.asks_for_routes and self._segments.would_note(label):
            self._name_routes_before(record)
        self._segments.note(label)
        return label

    def _count_messages(self, records: list[Record]) -> None:
        tally = self._tally
        tally.not_request += len(records)
        for level, count in Counter(map(_level, records)).items():
            tally.messages[level_label(level)] += count
        for name, count in Counter(map(self.format.exception_type, records)).items():
            if name is not None:
                tally.exceptions[short(name)] += count

    def _fold(self) -> None:
        for key, durations in self._durations.items():
            if durations:
                self._fold_list(key, durations)
                del durations[:]
        if len(self._durations) > MAX_LISTS:
            self._durations.clear()
            self._appends.clear()

    def _fold_list(self, key: _Key, noted: _Durations) -> None:
        tally = self._tally
        method, route, status, level, weight = key
        durations = _sorted(noted)
        missing = len(noted) - len(durations)
        invalid = drop_invalid(durations)
        if invalid:
            tally.rejected[Reason.INVALID_DURATION] += invalid
        records = missing + len(durations)
        if not records:
            return
        tally.messages[level_label(level)] += records
        series = self._series(records, durations)
        if weight != 1:
            series = series.times(weight)
            tally.unlogged += series.requests - records
        labels = LabelSet(method, route, str(status))
        if OTHER in (method, route):
            tally.folded += series.requests
        if route == OTHER:
            labels = fold(labels)
        tally.add_series(labels, series)

    def _series(self, requests: int, durations: list[float]) -> Series:
        if not durations:
            return Series(requests, self._no_buckets, 0, 0, {})
        fold = self._histogram.fold(durations)
        sketch = self._sketcher.sketch(durations) if self._sketcher is not None else {}
        return Series(requests, fold.buckets, fold.sum_ns, fold.max_ns, sketch)


def _sorted(noted: _Durations) -> list[float]:
    """Return the durations of `noted` in rising order."""
    return sorted(noted if isinstance(noted, array) else [each for each in noted if each is not None])
