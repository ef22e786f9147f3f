"""Count the records of a chunk into own metrics: columns of plain values come in, samples go out.

What costs Python is done once for a chunk or for each distinct value in it; only what an own metric asks for is looked
up, and only for the records that match.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any, Protocol

from logship.conditions import number_of
from logship.measure.own import Match, OwnMetric
from logship.measure.own_growth import Amounts, Counts, Latest, Values
from logship.measure.own_labels import label_reader
from logship.measure.own_selection import Columns, Memo, Places, Selector
from logship.measure.own_series import Dated, Sample
from logship.model import OTHER, OwnKey

LARGEST = 1e18
"""An amount beyond this is a mistake, and would drown all others."""

_EXACT_INTEGERS = 1 << 53
_NUMBERS = frozenset({int, float})


class Chunk(Columns, Protocol):
    """Records of a chunk, with what is known of them beside their fields, which has paths with an `@`."""

    def counting(self, places: Places) -> Places:
        """Return those of `places` whose records count: they are neither dropped nor going to be rejected."""

    def weights(self) -> list[int] | None:
        """Return how many records each one stands for; None when each is one."""

    def times(self) -> list[float]:
        """Return the times of the records in seconds since the epoch, 0 for one without."""


class OwnCounter:
    """Count into `metrics`."""

    def __init__(self, metrics: Sequence[OwnMetric]) -> None:
        by_match: defaultdict[Match, list[_MetricCounter]] = defaultdict(list)
        for metric in metrics:
            by_match[metric.match].append(_MetricCounter(metric))
        self._matches = [(Selector(match), counts) for match, counts in by_match.items()]

    @property
    def pending(self) -> int:
        """How many series wait to be taken, as far as they are folded."""
        return sum(each.growth.pending for each in self._counters())

    def count(self, chunk: Chunk) -> None:
        """Count the records that match."""
        for selector, counters in self._matches:
            places = selector.select(chunk)
            places = chunk.counting(places) if places else ()
            if places:
                matching = chunk.at(places)
                for counter in counters:
                    counter.count(matching)

    def take(self) -> tuple[dict[OwnKey, Sample], Counter[str], int]:
        """Return what was counted since the last call.

        Beside the samples: how many records had no fitting value, by metric, and how many had an over-long label.
        """
        taken: dict[OwnKey, Sample] = {}
        unfit: Counter[str] = Counter()
        folded = 0
        for each in self._counters():
            samples = each.growth.take()
            taken.update((OwnKey(each.name, values), sample) for values, sample in samples.items())
            folded += sum(sample.records for values, sample in samples.items() if each.has_folded(values))
            unfit += Counter({each.name: each.unfit})
            each.unfit = 0
        return taken, unfit, folded

    def _counters(self) -> Iterator[_MetricCounter]:
        return (counter for _, counters in self._matches for counter in counters)


class _MetricCounter:
    """Count into one metric."""

    def __init__(self, metric: OwnMetric) -> None:
        self.name = metric.name
        self.unfit = 0
        self.growth = _growth_of(metric)
        self._value = metric.value
        lowest = -LARGEST if metric.kind == "gauge" else 0.0
        scale = 1.0 if metric.value is None else metric.value.scale
        self._bounds = (lowest / scale, LARGEST / scale)
        self._fields = [label.field for label in metric.labels]
        readers = [label_reader(label) for label in metric.labels]
        self._read_alone: Memo[Values] = Memo(lambda value: (readers[0](value),))
        self._readers = list(map(Memo, readers))
        self._open_labels = [number for number, label in enumerate(metric.labels) if not label.values]

    def count(self, chunk: Chunk) -> None:
        """Count all records of `chunk`."""
        growth, value = self.growth, self._value
        if isinstance(growth, Counts):
            growth.note(self._series_of(chunk), chunk.weights())
        elif value is not None:
            numbers = numbers_of(chunk.values(value.field), *self._bounds)
            if None in numbers:
                fit = [number is not None for number in numbers]
                chunk = chunk.at(list(compress(chunk.places, fit)))
                self.unfit += len(numbers) - len(chunk.places)
                numbers = list(compress(numbers, fit))
            if isinstance(growth, Latest):
                dated = [Dated(at, number * value.scale) for at, number in zip(chunk.times(), numbers, strict=True)]
                growth.note(self._series_of(chunk), dated)
            else:
                growth.note(self._series_of(chunk), numbers, chunk.weights())

    def has_folded(self, values: Values) -> bool:
        """Return whether a label was too long; what a declaration folds is meant to be."""
        return any(values[number] == OTHER for number in self._open_labels)

    def _series_of(self, chunk: Chunk) -> list[Values]:
        """Return the label values of each record."""
        if not self._fields:
            return [()] * len(chunk.places)
        if len(self._fields) == 1:
            return chunk.column(self._fields[0]).read(self._read_alone)
        columns = map(chunk.column, self._fields)
        return list(zip(*(column.read(read) for column, read in zip(columns, self._readers, strict=True)), strict=True))


def _growth_of(metric: OwnMetric) -> Counts | Amounts | Latest:
    if metric.value is None:
        return Counts()
    if metric.kind == "gauge":
        return Latest()
    return Amounts(metric.value.scale, metric.buckets if metric.kind == "histogram" else ())


def numbers_of(values: list[Any], lowest: float, highest: float) -> list[Any]:
    """Return the number that each value is, integers only as far as floats hold them; None for one out of bounds."""
    exact = min(highest, _EXACT_INTEGERS)
    if values and _NUMBERS.issuperset(map(type, values)):
        in_order = sorted(values)  # cheaper than to ask for least and greatest
        if lowest <= in_order[0] and in_order[-1] <= exact:
            return values
    return [
        value if type(value) in _NUMBERS and lowest <= value <= exact else _within(number_of(value), lowest, highest)
        for value in values
    ]


def _within(number: float | None, lowest: float, highest: float) -> float | None:
    return number if number is not None and lowest <= number <= highest else None
