"""Keep the slowest requests, a bounded number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappush, heapreplace

from logship.measure import Tally
from logship.model import LabelSet
from logship.pipeline import CountedLines, SlowReader, SlowRequest
from logship.replay.selection import LabelCondition, fits

MOST = 50

LabelOf = Callable[[LabelSet], LabelSet]
"""Gives what a request counts under, behind the limits on series."""


class Slowest:
    """The slowest requests for which all conditions hold; of equally slow ones the first that were seen.

    Args:
        reader: Reads lines once more; None where nothing is read, only added up.
        where: Conditions on the labels.
        most: How many are kept.
    """

    def __init__(self, reader: SlowReader | None, where: Sequence[LabelCondition] = (), most: int = MOST) -> None:
        self._reader = reader
        self._where = where
        self._most = most
        self._heap: list[tuple[int, int, SlowRequest]] = []
        self._seen = 0

    def see(self, change: Tally, counted: Iterable[CountedLines], label_of: LabelOf) -> None:
        """Look for some in lines that came to `change`, if that has any that are slow enough."""
        series = (each for labels, each in change.whole().series.items() if fits(labels, self._where))
        longest = max((each.max_ns for each in series if any(each.buckets)), default=-1)
        if self._reader is None or longest <= self._least_ns:
            return
        for found in self._reader.slower_than(self._least_ns, counted):
            labels = label_of(found.labels)
            if fits(labels, self._where):
                self._keep(found._replace(labels=labels))

    def plus(self, other: Slowest) -> Slowest:
        """Return the slowest of both; what this one saw came first."""
        total = Slowest(None, self._where, self._most)
        for found in (*self._in_order, *other._in_order):
            total._keep(found)
        return total

    @property
    def _in_order(self) -> list[SlowRequest]:
        """The requests in the order in which they were seen."""
        return [found for *_, found in sorted(self._heap, key=lambda each: -each[1])]

    @property
    def requests(self) -> list[SlowRequest]:
        """The requests, the slowest one first."""
        return [found for *_, found in sorted(self._heap, key=lambda each: (-each[0], -each[1]))]

    @property
    def _least_ns(self) -> int:
        """How long the fastest one that is kept took, as soon as there are enough."""
        return self._heap[0][0] if len(self._heap) >= self._most else -1

    def _keep(self, found: SlowRequest) -> None:
        if found.duration_ns <= self._least_ns:
            return
        self._seen += 1
        entry = (found.duration_ns, -self._seen, found)
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        else:
            heapreplace(self._heap, entry)
