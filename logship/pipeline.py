"""Batches of lines come in, the change of the tally goes out: parse and measure, joined on the hot path.

Live and replay run this very code (P5). It is pure: no files, no clock, no threads. The work is done in two steps,
because a record must cost as little Python as it can: `feed` appends each duration to the list of its label set, `take`
folds whole lists into buckets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from logship.measure import (
    DEFAULT_BUCKETS,
    Histogram,
    LearnedRoutes,
    Roll,
    Routes,
    Series,
    Sketcher,
    Tally,
    drop_invalid,
    fold,
    level_label,
)
from logship.model import OTHER, Batch, LabelSet, Reason
from logship.parse import (
    HEARTBEAT_MESSAGE,
    OWN_MESSAGES,
    UNDECIDED,
    AppRecord,
    Decoded,
    Decoder,
    FirstRequest,
    Format,
    Record,
    event_times,
    first_request,
    format_named,
    is_in_flight,
    line_of,
    said,
    weight_of,
)

MAX_LABEL_CHARACTERS = 512
"""A longer method, route or exception type is folded into `__other__`: label values are kept for ever."""

_MAX_LISTS = 4096
"""Label sets with lists of their own; a flood of new ones is folded in between, so that memory stays bounded."""

_MAX_PENDING = 3 * _MAX_LISTS
"""Label sets that may wait for the next `take`: they are admitted, and so bounded, only then."""

_MAX_NUMBERS = 10_000
"""Runs of record numbers that may wait for the next `take`: only then are they bounded."""

_AppRecords = list[tuple[AppRecord]]
"""Records of a format that is numbered; the undecided ones have the same fields."""

_Key = tuple[str, str, int | None, str | None, int]
"""Method, route, status, level, and how many requests each record stands for."""
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What to make of the records.

    Attributes:
        format: Name of the log format, None to find it from the first request of each file.
        buckets: Upper bounds of the latency histogram in seconds.
        routes: Templates of the application's routes, for records that have a url but no route.
        quantiles: Whether to keep a sketch of each series beside its buckets.
    """

    format: str | None = None
    buckets: tuple[float, ...] = DEFAULT_BUCKETS
    routes: tuple[str, ...] = ()
    quantiles: bool = False


class Pipeline:
    """Turn batches into changes of a tally."""

    def __init__(self, options: MeasureOptions) -> None:
        self._options = options
        self._routes = LearnedRoutes(Routes(options.routes))
        self._counters: dict[str, _FormatCounter] = {}
        self._chosen: dict[int, _FormatCounter] = {}
        self._roll = Roll(lambda line: said(line).at)
        self._change = Tally()

    def feed(self, batch: Batch) -> None:
        """Count the lines of `batch`."""
        change = self._change
        change.read_bytes += batch.end - batch.start
        if batch.oversize:
            change.rejected[Reason.TOO_LONG] += batch.oversize
        if batch.lines:
            self._count(batch.generation, batch.lines)
            change.widen_span(event_times(batch.lines))

    @property
    def is_crowded(self) -> bool:
        """Whether so much waits to be taken that it should be done soon: a flood of distinct urls, of lost records."""
        waiting = sum(counter.pending for counter in self._counters.values())
        return waiting > _MAX_PENDING or self._roll.size > _MAX_NUMBERS

    def take(self) -> Tally:
        """Return what has been counted since the last call."""
        change, self._change = self._change, Tally()
        for counter in self._counters.values():
            counter.drain_into(change)
        change.add_writers(self._roll.take())
        return change

    def format_of(self, generation: int) -> str | None:
        """Return the name of the format that was found for a generation, None while no request was seen."""
        counter = self._chosen.get(generation)
        return counter.format.name if counter is not None else None

    def forget(self, generation: int) -> None:
        """Drop what is known of a generation that will not come again."""
        self._chosen.pop(generation, None)

    def _count(self, generation: int, lines: bytes) -> None:
        chosen = self._chosen.get(generation)
        if chosen is None:
            first = self._first_request(lines)
            before = lines if first is None else lines[: first.offset]
            if before:
                self._counter_for(UNDECIDED).count(before)
            if first is None:
                return
            lines = lines[first.offset :]
            chosen = self._chosen[generation] = self._counter_for(first.format)
        chosen.count(lines)

    def _first_request(self, lines: bytes) -> FirstRequest | None:
        """Return from where on `lines` have a known format; the division into batches must not matter for it."""
        name = self._options.format
        return first_request(lines) if name is None else FirstRequest(0, format_named(name))

    def _counter_for(self, fmt: Format) -> _FormatCounter:
        counter = self._counters.get(fmt.name)
        if counter is None:
            counter = self._counters[fmt.name] = _FormatCounter(fmt, self._routes, self._roll, self._options)
        return counter


class _FormatCounter:
    """Count the lines of one format."""

    def __init__(self, fmt: Format, routes: LearnedRoutes, roll: Roll, options: MeasureOptions) -> None:
        self.format = fmt
        self._decoder = Decoder(fmt)
        self._route = routes.route
        self._roll = roll
        self._histogram = Histogram(options.buckets, fmt.unit_nanoseconds)
        self._sketcher = Sketcher(fmt.unit_nanoseconds) if options.quantiles else None
        self._no_buckets = (0,) * (len(options.buckets) + 1)
        self._durations: dict[_Key, list[float | None]] = {}
        self._appends: dict[tuple[str | None, str | None, int | None, str | None], Callable[[float | None], None]] = {}
        self._tally = Tally()

    def count(self, lines: bytes) -> None:
        """Count `lines`, each ended by a newline."""
        decoded = self._decoder.decode(lines)
        self._tally.not_request += decoded.blank
        if decoded.rejected:
            self._tally.rejected.update(decoded.rejected)
        if self.format.is_numbered:
            others = self._count_in_order(decoded.records)
            self._note_writers(lines, decoded)
            self._heed(lines, others)
        else:
            others = self._count_requests(decoded.records)
        self._count_messages(others)
        if len(self._durations) > _MAX_LISTS:
            self._fold()

    @property
    def pending(self) -> int:
        """How many label sets have been counted since the last drain, folded or not."""
        return len(self._tally.series) + len(self._durations)

    def drain_into(self, change: Tally) -> None:
        """Add what has been counted since the last call to `change`."""
        self._fold()
        change.add(self._tally)
        self._tally = Tally()

    def _count_requests(self, records: list[tuple[Record]]) -> list[Record]:
        """Note the duration of each request; return the records that are none. The hot loop."""
        appends = self._appends
        marker = self.format.request_message
        route_of = self._route
        others = []
        for (record,) in records:
            if record.message != marker:
                others.append(record)
                continue
            route = record.route
            if not route:
                url = record.url
                if url is None:
                    self._count_unusual(record)
                    continue
                route = route_of(url, record.status)
            try:
                appends[record.method, route, record.status, record.level](record.duration)
            except KeyError:
                self._count_first(record, route)
        return others

    def _count_unusual(self, record: Record) -> None:
        """Count a request that has neither route nor url where they usually stand."""
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
            word = said(line_of(lines, boot_id, seq))
            if record.message != HEARTBEAT_MESSAGE:
                self._tally.dropped += word.dropped
            elif word.heartbeat_seconds is not None and word.in_flight is not None:
                self._roll.note_heartbeat(boot_id, word.heartbeat_seconds)
                self._roll.note_in_flight(boot_id, seq, word.in_flight)

    def _count_first(self, record: Record, route: str | None, weight: int = 1) -> None:
        """Count a request whose labels have no list yet, if they can be labels; too long ones share a list."""
        reason = _unfit(record)
        if reason is not None:
            self._tally.rejected[reason] += 1
            return
        if record.duration is not None and drop_invalid([record.duration]):
            self._tally.rejected[Reason.INVALID_DURATION] += 1
            return  # it must not take the place of a series: the order of places is the order of what counts
        labels = (_short(record.method), _short(route), record.status, _short_level(record.level))
        key = (*labels, weight)
        if key not in self._durations:
            self._durations[key] = []
            if weight == 1:
                self._appends[labels] = self._durations[key].append
        self._durations[key].append(record.duration)

    def _count_messages(self, records: list[Record]) -> None:
        tally = self._tally
        tally.not_request += len(records)
        exception_type = self.format.exception_type
        for record in records:
            tally.messages[level_label(record.level)] += 1
            name = exception_type(record)
            if name is not None:
                tally.exceptions[_short(name)] += 1

    def _fold(self) -> None:
        for key, durations in self._durations.items():
            if durations:
                self._fold_list(key, durations)
                durations.clear()
        if len(self._durations) > _MAX_LISTS:
            self._durations.clear()
            self._appends.clear()

    def _fold_list(self, key: _Key, noted: list[float | None]) -> None:
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


def _sorted(noted: list[float | None]) -> list[float]:
    """Return the durations of `noted` in rising order; it may be sorted itself by that."""
    try:
        noted.sort()  # None among several raises: cheaper than to look for it
    except TypeError:
        return sorted(each for each in noted if each is not None)
    return cast("list[float]", noted) if noted[0] is not None else []


def _unfit(record: Record) -> Reason | None:
    """Return why the record cannot be counted as a request, None when it can."""
    if not record.method:
        return Reason.MISSING_METHOD
    if record.status is None:
        return Reason.MISSING_STATUS
    if not 100 <= record.status <= 599:  # noqa: PLR2004 - RFC 9110, section 15
        return Reason.INVALID_STATUS
    return None


def _short(label: str | None) -> str:
    """Return `label` bounded in length, and without NUL, at which Prometheus would refuse the whole scrape."""
    if label is None or len(label) > MAX_LABEL_CHARACTERS:
        return OTHER
    return label.replace("\0", _REPLACEMENT)


def _short_level(level: str | None) -> str | None:
    return level if level is None or len(level) <= MAX_LABEL_CHARACTERS else OTHER
