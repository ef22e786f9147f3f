"""The numbers: what has been counted, as one commutative sum.

`merge(a, b)` equals having counted the lines of both in one go, in any order. The cap on series is not in here, because
"first come, first served" would break that law: `admission` stands before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from logship.measure import sketch
from logship.measure.checks import Verdict, latest_verdicts
from logship.measure.own_series import Own, add_own
from logship.measure.sketch import Sketch
from logship.measure.writers import Settled, Writer, bound, settle
from logship.model import Constant, LabelSet, Reason


class Series(NamedTuple):
    """The requests of one label set.

    Attributes:
        requests: All of them.
        buckets: Those with a duration, by bucket, not cumulative; the last bucket is +Inf.
        sum_ns: Sum of the durations in nanoseconds.
        max_ns: The longest duration in nanoseconds.
        sketch: Bins for quantiles; empty where nobody asks for them.
    """

    requests: int
    buckets: tuple[int, ...]
    sum_ns: int
    max_ns: int
    sketch: Sketch

    def plus(self, other: Series) -> Series:
        """Return the series of the requests of both."""
        return Series(
            self.requests + other.requests,
            tuple(map(int.__add__, self.buckets, other.buckets)),
            self.sum_ns + other.sum_ns,
            max(self.max_ns, other.max_ns),
            sketch.add(self.sketch, other.sketch) if other.sketch else self.sketch,
        )

    def times(self, weight: int) -> Series:
        """Return the series of `weight` times each of the requests."""
        return Series(
            self.requests * weight,
            tuple(count * weight for count in self.buckets),
            self.sum_ns * weight,
            self.max_ns,
            {number: count * weight for number, count in self.sketch.items()},
        )


@dataclass(slots=True)
class Tally:
    """What some lines came to.

    Attributes:
        series: Requests by label set.
        messages: Records, requests or not, by level.
        exceptions: Records that tell of an exception, by its type.
        not_request: Lines that are no request.
        rejected: Lines that were refused, by reason.
        ruled_out: Lines that a drop rule of the configuration left out.
        outside: Lines outside the window of time that was asked for.
        folded: Requests, and records of own metrics, that were counted under other labels because of a limit.
        read_bytes: Bytes of the lines, newlines included.
        lost_bytes: Bytes that were seen in a file but could never be read, as it vanished.
        lost_lines: Records whose numbers are missing for good.
        dropped: Records that the writers say they dropped.
        unlogged: Requests that have no line: those that records with a sampling rate stand for, beside their own.
        own: The samples of own metrics.
        own_unfit: Records that match an own metric but have no fitting number as its value, by metric.
        checks: What the latest run of each health check of the application found.
        writers: What is known of the processes that number their records; the longest silent one first.
        first_event: Earliest time of a line in seconds since the epoch, as seen at the ends of batches.
        last_event: Latest one.
        parts: What the lines of sources with labels of their own came to, apart from all this, by those labels.
    """

    series: dict[LabelSet, Series] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)
    not_request: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    ruled_out: int = 0
    outside: int = 0
    folded: int = 0
    read_bytes: int = 0
    lost_bytes: int = 0
    lost_lines: int = 0
    dropped: int = 0
    unlogged: int = 0
    own: Own = field(default_factory=dict)
    own_unfit: Counter[str] = field(default_factory=Counter)
    checks: dict[str, Verdict] = field(default_factory=dict)
    writers: dict[str, Writer] = field(default_factory=dict)
    first_event: float | None = None
    last_event: float | None = None
    parts: dict[Constant, Tally] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """All requests, with or without a duration, with or without a line."""
        return sum(series.requests for series in self.series.values())

    @property
    def request_lines(self) -> int:
        """Lines that are requests."""
        return self.requests - self.unlogged

    @property
    def lines(self) -> int:
        """All lines: each is a request, no request, rejected, ruled out, or outside."""
        return self.request_lines + self.not_request + self.rejected.total() + self.ruled_out + self.outside

    def part(self, labels: Constant) -> Tally:
        """Return the tally of the sources with these labels; this one itself is that of those without."""
        if not labels:
            return self
        return self.parts.setdefault(labels, Tally())

    def by_labels(self) -> Iterator[tuple[Constant, Tally]]:
        """Yield this tally and its parts, with the labels of each."""
        yield (), self
        yield from sorted(self.parts.items())

    def whole(self) -> Tally:
        """Return everything together, whatever its source."""
        if not self.parts:
            return self
        total = replace(self.copy(), parts={})
        for part in self.parts.values():
            total.add(part)
        return total

    def add_series(self, labels: LabelSet, series: Series) -> None:
        """Count the requests of `series` under `labels`."""
        held = self.series.get(labels)
        self.series[labels] = series if held is None else held.plus(series)

    def add(self, other: Tally) -> None:
        """Count everything that `other` counted."""
        for labels, series in other.series.items():
            self.add_series(labels, series)
        self.messages.update(other.messages)
        self.exceptions.update(other.exceptions)
        self.not_request += other.not_request
        self.rejected.update(other.rejected)
        self.ruled_out += other.ruled_out
        self.outside += other.outside
        self.folded += other.folded
        self.read_bytes += other.read_bytes
        self.lost_bytes += other.lost_bytes
        self.lost_lines += other.lost_lines
        self.dropped += other.dropped
        self.unlogged += other.unlogged
        add_own(self.own, other.own)
        self.own_unfit.update(other.own_unfit)
        self.add_checks(other.checks)
        self.add_writers(other.writers)
        self.widen_span(at for at in (other.first_event, other.last_event) if at is not None)
        for constant, part in other.parts.items():
            self.part(constant).add(part)

    def add_checks(self, checks: Mapping[str, Verdict]) -> None:
        """Add what runs of health checks found."""
        if checks:
            self.checks = latest_verdicts(self.checks, checks)

    def add_writers(self, writers: Mapping[str, Writer]) -> None:
        """Add what is known of writing processes; they are the last ones heard of."""
        for boot_id, writer in writers.items():
            held = self.writers.pop(boot_id, None)
            self.writers[boot_id] = writer if held is None else held.plus(writer)

    def bound_writers(self) -> None:
        """Keep what is known of writing processes within its limits; what must be forgotten is counted as lost."""
        self.lost_lines += bound(self.writers)

    def settle(self, found: Settled | None = None) -> None:
        """Count gaps as losses, all of them if none are given."""
        found = settle(self.writers) if found is None else found
        self.lost_lines += found.lost
        self.add_writers(found.writers)

    def widen_span(self, times: Iterable[float]) -> None:
        """Extend the span of events to `times`, in seconds since the epoch."""
        for at in times:
            self.first_event = at if self.first_event is None else min(self.first_event, at)
            self.last_event = at if self.last_event is None else max(self.last_event, at)

    def copy(self) -> Tally:
        """Return a tally that no longer changes with this one."""
        return Tally(
            series=dict(self.series),
            messages=Counter(self.messages),
            exceptions=Counter(self.exceptions),
            not_request=self.not_request,
            rejected=Counter(self.rejected),
            ruled_out=self.ruled_out,
            outside=self.outside,
            folded=self.folded,
            read_bytes=self.read_bytes,
            lost_bytes=self.lost_bytes,
            lost_lines=self.lost_lines,
            dropped=self.dropped,
            unlogged=self.unlogged,
            own=dict(self.own),
            own_unfit=Counter(self.own_unfit),
            checks=dict(self.checks),
            writers=dict(self.writers),
            first_event=self.first_event,
            last_event=self.last_event,
            parts={labels: part.copy() for labels, part in self.parts.items()},
        )


def merge(one: Tally, other: Tally) -> Tally:
    """Return what both counted."""
    total = one.copy()
    total.add(other)
    return total
