"""Find slow requests in lines that have been counted: they are read again, with what identifies a request.

Whoever asks does so only where the longest duration of some lines tells that there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from logship.measure import OwnMetrics, trace_id_of
from logship.model import LabelSet
from logship.parse import Decoded, Decoder, Format
from logship.parse.values import seconds
from logship.pipeline.counting import FormatCounter
from logship.pipeline.sieve import Sieve
from logship.pipeline.slots import CountedLines

_REQUEST_IDS = ("request_id", "requestId", "req_id", "reqId", "req.id")
"""Where loggers put the id of a request."""

_ID = re.compile(r"[\w.:/+=-]{1,64}", re.ASCII)


class SlowRequest(NamedTuple):
    """One request.

    Attributes:
        duration_ns: Its duration in nanoseconds.
        at: Its time in seconds since the epoch, None where it tells none.
        labels: What it was counted under, before any limit on series.
        request_id: Its id, as far as it looks like one.
        trace_id: The id of its trace, as far as it looks like one.
    """

    duration_ns: int
    at: float | None
    labels: LabelSet
    request_id: str | None
    trace_id: str | None


class SlowReader:
    """Read the requests that took longer than others; `own` has the rules by which records are dropped."""

    def __init__(self, own: OwnMetrics) -> None:
        self._drops = replace(own, metrics=())
        self._readers: dict[FormatCounter, _Reader] = {}

    def slower_than(self, least_ns: int, counted: Iterable[CountedLines]) -> Iterator[SlowRequest]:
        """Yield the requests in lines that took longer than `least_ns`, in their order."""
        for _, counter, lines in counted:
            if counter not in self._readers:
                self._readers[counter] = _Reader(counter, self._drops)
            yield from self._readers[counter].slower_than(least_ns, lines)


class _Reader:
    """Read the requests of what one counter has counted."""

    def __init__(self, counter: FormatCounter, drops: OwnMetrics) -> None:
        fmt = counter.format
        self._counter = counter
        self._times = fmt.mapping.time
        self._traces = fmt.mapping.trace_id
        self._sieve = Sieve(drops, fmt, counter)
        self._decoder = Decoder(fmt, [*dict.fromkeys((*self._sieve.fields, *_paths(fmt)))])

    def slower_than(self, least_ns: int, lines: bytes) -> Iterator[SlowRequest]:
        counter, unit = self._counter, self._counter.format.unit_nanoseconds
        marker = counter.format.request_message
        decoded = self._decoder.decode(lines)
        for place in self._sieve.sift(decoded).derivation.kept:
            (record,) = decoded.records[place]
            if record.message != marker:
                continue
            counted = counter.counted_as(record)
            if counted is not None and (duration := round(counted[1] * unit)) > least_ns:
                yield self._described(decoded, place, duration, counted[0])

    def _described(self, decoded: Decoded, place: int, duration_ns: int, labels: LabelSet) -> SlowRequest:
        fields = decoded.extras.at([place])
        times = (seconds(fields(time.path)[0], time.clock) for time in self._times)
        texts = (fields(path)[0] for path in self._traces)
        traces = (trace_id_of(text) for text in texts if isinstance(text, str))
        ids = (_id(fields(path)[0]) for path in _REQUEST_IDS)
        return SlowRequest(duration_ns, _first(times), labels, _first(ids), _first(traces))


def _paths(fmt: Format) -> Iterator[str]:
    yield from (time.path for time in fmt.mapping.time)
    yield from fmt.mapping.trace_id
    yield from _REQUEST_IDS


def _id(value: Any) -> str | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)
