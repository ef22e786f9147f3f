"""Prove that records are missing: each writing process numbers its records, and a number that never comes is a loss.

What is known of a process is a commutative sum, as the tally is: the same numbers seen in any order, in any files, and
any number of times come to the same. When a gap becomes a loss is not decided here: `losses` does it while tailing, as
files may still be read late; a replay does it at its end.

A gap counts only between two records below level error, because `error.log` has those of error and above alone: who
reads nothing else would find gaps without a loss. What comes before the first record seen is not known to be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from logship.measure.runs import Run, Runs, gaps, size, union

MAX_WRITERS = 1000
"""Processes remembered, the latest ones: what one host starts within weeks, in a megabyte."""

MAX_GAPS = 2000
"""Gaps remembered of all processes together; a log that was read in order has next to none."""


SILENT_SECONDS = 60.0
"""A process that has said nothing for so long is taken for gone, unless it announced a longer pause."""

_MISSED_HEARTBEATS = 3


class Word(NamedTuple):
    """A number that a process says again and again, with the number of the record that said it: the latest counts."""

    seq: int
    value: float


class Writer(NamedTuple):
    """What is known of the numbered records of one process.

    Attributes:
        runs: Numbers with an outcome: they were seen, or told as lost.
        span: First and last number seen below level error, None before there was one; a gap between them is a loss.
        in_flight: Requests in flight behind a record, None before one said it.
        heard: When the last record was written, in seconds since the epoch, 0 when it does not say; None before one.
        heartbeat_seconds: The longest time between two heartbeats that it announced, None when it sends none.
    """

    runs: Runs
    span: Run | None = None
    in_flight: Word | None = None
    heard: Word | None = None
    heartbeat_seconds: float | None = None

    def plus(self, other: Writer) -> Writer:
        """Return what is known of the records of both."""
        return Writer(
            union(self.runs, other.runs),
            wider(self.span, other.span),
            latest(self.in_flight, other.in_flight),
            latest(self.heard, other.heard),
            longer(self.heartbeat_seconds, other.heartbeat_seconds),
        )

    @property
    def gaps(self) -> Runs:
        """The numbers that should have been seen and were not."""
        return gaps(self.runs, self.span) if self.span is not None and len(self.runs) > 1 else ()


class Settled(NamedTuple):
    """Gaps that are told as lost: how many records, and their numbers by process, to be counted as seen."""

    lost: int
    writers: Mapping[str, Writer]


def settle(writers: Mapping[str, Writer]) -> Settled:
    """Return all gaps of `writers` as losses."""
    found = {boot_id: missing for boot_id, writer in writers.items() if (missing := writer.gaps)}
    return Settled(sum(map(size, found.values())), {boot_id: Writer(missing) for boot_id, missing in found.items()})


def bound(writers: dict[str, Writer]) -> int:
    """Keep `writers`, the longest silent one first, within the limits; return how many records are lost by that.

    What cannot be remembered as a gap is told as a loss: it is never forgotten in silence.
    """
    lost = 0
    surplus = sum(len(writer.runs) - 1 for writer in writers.values()) - MAX_GAPS
    for boot_id, writer in list(writers.items()):
        if len(writers) > MAX_WRITERS:
            surplus -= len(writer.runs) - 1
            lost += size(writer.gaps)
            del writers[boot_id]
        elif surplus > 0:
            closed = min(surplus, len(writer.runs) - 1)
            surplus -= closed
            lost += size(writer.gaps) - size((kept := _close_lowest(writer, closed)).gaps)
            writers[boot_id] = kept
    return lost


def in_flight(writers: Mapping[str, Writer], now: float, newest: float) -> int | None:
    """Return the requests in flight in all processes that are alive at `now`; None when none ever told.

    Times are in seconds since the epoch; `newest` is that of a process whose records have no time.
    """
    told = [writer for writer in writers.values() if writer.in_flight is not None]
    if not told:
        return None
    return sum(
        int(writer.in_flight.value) for writer in told if writer.in_flight and not _is_silent(writer, now, newest)
    )


def latest(one: Word | None, other: Word | None) -> Word | None:
    """Return the later one of two words of a process."""
    if one is None or other is None:
        return one or other
    return max(one, other)


def _is_silent(writer: Writer, now: float, newest: float) -> bool:
    heard_at = (writer.heard.value if writer.heard is not None else 0.0) or newest
    patience = _MISSED_HEARTBEATS * writer.heartbeat_seconds if writer.heartbeat_seconds else SILENT_SECONDS
    return now - heard_at > patience


def _close_lowest(writer: Writer, count: int) -> Writer:
    """Return `writer` with its lowest gaps counted as seen."""
    return writer._replace(runs=((writer.runs[0][0], writer.runs[count][1]), *writer.runs[count + 1 :]))


def wider(one: Run | None, other: Run | None) -> Run | None:
    """Return the span of both."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def longer(one: float | None, other: float | None) -> float | None:
    """Return the longer time of both."""
    return max(one or 0.0, other or 0.0) or None
