"""Find exemplars: of the last chunks before a commit the last lines are read again, if a trace id stands in them.

So it costs next to nothing where there are none, and little where there are: recent requests are all that is wanted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from logship.measure import Exemplar, ExemplarKey, Exemplars, Histogram, trace_id_of
from logship.model import Constant, LabelSet
from logship.parse import Decoder, Format, Record
from logship.parse.values import seconds

_TAIL_BYTES = 8192
"""Of each chunk: some 30 lines."""

_TAILS = 4
"""Of the last chunks: more would make the common buckets no fresher, and commits slower."""

_NANOSECONDS = 1_000_000_000


class Requests(Protocol):
    """Counts the requests of one format."""

    @property
    def format(self) -> Format: ...  # noqa: D102 - the class says it

    def counted_as(self, record: Record) -> tuple[LabelSet, float] | None:
        """Return the labels and the duration of a request; None when it has none, or counts nowhere."""


class ExemplarFinder:
    """Find exemplars in lines that have been counted; `buckets` are the upper bounds in seconds."""

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self._buckets = buckets
        self._readers: dict[tuple[Constant, str], _Reader] = {}

    def note(self, constant: Constant, requests: Requests, lines: bytes) -> None:
        r"""Keep the last of `lines`, each ended by `\n`, to be read when exemplars are taken."""
        reader = self._readers.get((constant, requests.format.name))
        if reader is None:
            reader = _Reader(constant, requests, self._buckets)
            self._readers[constant, requests.format.name] = reader
        start = len(lines) - _TAIL_BYTES
        reader.tails.append(lines if start <= 0 else lines[lines.find(b"\n", start) + 1 :])

    def take(self) -> Exemplars:
        """Return the requests with a trace id that were noted since the last call."""
        taken: dict[ExemplarKey, Exemplar] = {}
        for reader in self._readers.values():
            for key, exemplar in reader.take():
                taken[key] = max(exemplar, taken.get(key, exemplar))
        return taken


class _Reader:
    """Read the requests of one format, of sources with the same labels, with their trace ids."""

    def __init__(self, constant: Constant, requests: Requests, buckets: tuple[float, ...]) -> None:
        mapping = requests.format.mapping
        self.tails: deque[bytes] = deque(maxlen=_TAILS)
        self._names = [max(path.split("."), key=len).encode() for path in mapping.trace_id]
        self._mapping = mapping
        self._constant = constant
        self._requests = requests
        times = (time.path for time in mapping.time)
        self._decoder = Decoder(requests.format, [*dict.fromkeys((*mapping.trace_id, *times))])
        self._histogram = Histogram(buckets, requests.format.unit_nanoseconds)

    def take(self) -> Iterator[tuple[ExemplarKey, Exemplar]]:
        """Yield the exemplars in the lines that were kept."""
        while self.tails:
            lines = self.tails.popleft()
            if any(name in lines for name in self._names):
                yield from self._read(lines)

    def _read(self, lines: bytes) -> Iterator[tuple[ExemplarKey, Exemplar]]:
        decoded, mapping, fmt = self._decoder.decode(lines), self._mapping, self._requests.format
        traces = zip(*(decoded.extras.column(path) for path in mapping.trace_id), strict=True)
        times = [(decoded.extras.column(time.path), time.clock) for time in mapping.time]
        for number, ((record,), found) in enumerate(zip(decoded.records, traces, strict=True)):
            trace = next((each for each in found if each is not None), None)
            trace_id = trace_id_of(trace) if isinstance(trace, str) and record.message == fmt.request_message else None
            counted = self._requests.counted_as(record) if trace_id is not None else None
            if trace_id is not None and counted is not None:
                labels, duration = counted
                ats = (seconds(column[number], clock) for column, clock in times)
                at = next((at for at in ats if at is not None), 0.0)
                key = (self._constant, labels, self._histogram.bucket_of(duration))
                yield key, Exemplar(at, trace_id, duration * fmt.unit_nanoseconds / _NANOSECONDS)
