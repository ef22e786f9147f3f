"""Leave out the records that drop rules name before they count as requests, and count the others into own metrics.

Own metrics come last: routes are learned in the order of the lines, whichever of them own metrics ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from logship.measure import ROUTE, OwnCounter, OwnMetric, OwnMetrics, Selector, Tally
from logship.parse import Decoded, Format, Record
from logship.pipeline.chunk import Chunk, Derivation, Requests


@dataclass(frozen=True, slots=True)
class Sifted:
    """The records of a chunk, each in a tuple of one: those that go on, and those that were dropped."""

    derivation: Derivation
    chunk: Chunk
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
        derivation = Derivation(decoded, self._format, self._requests)
        chunk = Chunk(derivation, derivation.kept)
        dropped = set(chain.from_iterable(drop.select(chunk) for drop in self._drops))
        if not dropped:
            return Sifted(derivation, chunk, decoded.records)
        derivation.kept = [place for place in chunk.places if place not in dropped]
        sifted = Sifted(derivation, chunk.at(derivation.kept), [])
        for place, record in enumerate(decoded.records):
            (sifted.dropped if place in dropped else sifted.records).append(record)
        return sifted

    def count(self, sifted: Sifted, derived_routes: Callable[[], Sequence[str]] | None) -> None:
        """Count the records that match an own metric, when all of the chunk have counted as requests.

        `derived_routes` are those of its `Derivation`.
        """
        sifted.derivation.derived_routes = derived_routes
        self._own.count(sifted.chunk)

    def drain_into(self, change: Tally) -> None:
        """Add what was counted since the last call to `change`."""
        change.own, unfit, folded = self._own.take()
        change.own_unfit.update(unfit)
        change.folded += folded


def fields_of(own: OwnMetrics) -> set[str]:
    """Return the fields that metrics and drop rules look at."""
    looked_at = {condition.field for match in own.drop for condition in match}
    return {each for each in looked_at.union(*map(_asked, own.metrics)) if not each.startswith("@")}


def _asked(metric: OwnMetric) -> set[str]:
    """Return what a metric looks at."""
    conditions, labels = (condition.field for condition in metric.match), (label.field for label in metric.labels)
    return {*conditions, *labels, *((metric.value.field,) if metric.value is not None else ())}
