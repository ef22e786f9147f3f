"""Count the records of a chunk into own metrics: columns of plain values come in, samples go out.

What costs Python is done once for a chunk or for each distinct value in it; only what an own metric asks for is looked
up, and only for the records that match.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any, Protocol

from logship.conditions import MAX_MATCHED_CHARACTERS, compiled_pattern, number_of, text_of
from logship.measure.own import Match, OwnLabel, OwnMetric, OwnValue, scaled
from logship.measure.own_selection import Column, Columns, Memo, Places, Selector
from logship.measure.own_series import UNITS, Dated, Sample
from logship.model import OTHER, OwnKey

MAX_VALUE_CHARACTERS = 512
"""A longer label value is counted under `__other__`: label values are kept for ever."""

LARGEST = 1e18
"""An amount beyond this is a mistake, and would drown all others."""

_MAX_NOTED = 4096
"""Records that wait to be folded together."""

_REPLACEMENT = "\ufffd"

_Values = tuple[str, ...]


class Chunk(Columns, Protocol):
    """The records of a chunk, with what is known of them beside their fields, which has paths with an `@`."""

    def counting(self, places: Places) -> Places:
        """Return those of `places` whose records count: they are neither dropped nor going to be rejected."""

    def weights(self, places: Places) -> list[int] | None:
        """Return how many records each of those at `places` stands for; None when each is one."""

    def times(self, places: Places) -> list[float]:
        """Return the times of the records at `places` in seconds since the epoch, 0 for one without."""


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
        return sum(each.pending for each in self._counters())

    def count(self, chunk: Chunk) -> None:
        """Count the records that match."""
        known: dict[str, Column] = {}
        for selector, counters in self._matches:
            places = selector.select(chunk, known)
            places = chunk.counting(places) if places else ()
            if places:
                for counter in counters:
                    counter.count(chunk, places)

    def take(self) -> tuple[dict[OwnKey, Sample], Counter[str], int]:
        """Return what was counted since the last call.

        Beside the samples: how many records had no fitting value, by metric, and how many had an over-long label.
        """
        taken: dict[OwnKey, Sample] = {}
        unfit: Counter[str] = Counter()
        folded = 0
        for each in self._counters():
            taken.update(each.samples())
            unfit += Counter({each.name: each.unfit})
            folded += each.folded
            each.clear()
        return taken, unfit, folded

    def _counters(self) -> Iterator[_MetricCounter]:
        return (counter for _, counters in self._matches for counter in counters)


class _Entry:
    """One series while it grows."""

    __slots__ = ("buckets", "latest", "records", "total")

    def __init__(self, buckets: int) -> None:
        self.records = 0
        self.total = 0
        self.buckets = [0] * buckets
        self.latest: Dated | None = None


class _MetricCounter:
    """Count into one metric."""

    def __init__(self, metric: OwnMetric) -> None:
        self.name = metric.name
        self.unfit = 0
        self._entries: dict[_Values, _Entry] = {}
        self._series: list[_Values] = []
        self._amounts: list[int] = []
        self._kind = metric.kind
        self._value = metric.value
        self._labels = [(label.field, Memo(label_reader(label))) for label in metric.labels]
        self._open_labels = [number for number, label in enumerate(metric.labels) if not label.values]
        self._bounds = [scaled(bound, 1.0) for bound in metric.buckets] if metric.kind == "histogram" else []

    @property
    def pending(self) -> int:
        """How many series have grown, as far as they are folded."""
        return len(self._entries)

    @property
    def entries(self) -> dict[_Values, _Entry]:
        """The series that grew, in the order in which they first did."""
        self._fold()
        return self._entries

    @property
    def folded(self) -> int:
        """How many records have a label that is too long; what a declaration folds is meant to be."""
        return sum(
            entry.records
            for values, entry in self.entries.items()
            if any(values[number] == OTHER for number in self._open_labels)
        )

    def count(self, chunk: Chunk, places: Places) -> None:
        """Count the records at `places`."""
        if self._value is None:
            self._note(self._series_of(chunk, places), None, chunk.weights(places))
            return
        amounts = amounts_of(chunk.column(self._value.field, places), self._value, self._kind)
        if None in amounts:
            fit = [place for place, amount in zip(places, amounts, strict=True) if amount is not None]
            self.unfit += len(places) - len(fit)
            places, amounts = fit, [amount for amount in amounts if amount is not None]
        series = self._series_of(chunk, places)
        if self._kind == "gauge":
            self._note_latest(series, map(Dated, chunk.times(places), amounts))
        else:
            self._note(series, amounts, chunk.weights(places))

    def samples(self) -> Iterator[tuple[OwnKey, Sample]]:
        """Yield the series that grew."""
        for values, entry in self.entries.items():
            yield OwnKey(self.name, values), Sample(entry.records, entry.total, tuple(entry.buckets), entry.latest)

    def clear(self) -> None:
        """Begin from nothing."""
        self._entries, self.unfit = {}, 0

    def _series_of(self, chunk: Chunk, places: Places) -> list[_Values]:
        """Return the label values of each record."""
        if not self._labels:
            return [()] * len(places)
        return list(zip(*(Column(chunk.column(field, places)).read(read) for field, read in self._labels), strict=True))

    def _entry(self, values: _Values) -> _Entry:
        entry = self._entries.get(values)
        if entry is None:
            entry = self._entries[values] = _Entry(len(self._bounds) + 1 if self._bounds else 0)
        return entry

    def _note(self, series: list[_Values], amounts: list[int] | None, weights: list[int] | None) -> None:
        """Note records, many of which are folded at once; those that stand for several are so one by one."""
        if weights is None:
            self._series += series
            self._amounts += amounts or ()
            if len(self._series) > _MAX_NOTED:
                self._fold()
            return
        self._fold()
        for number, (values, weight) in enumerate(zip(series, weights, strict=True)):
            self._count_amounts(values, [UNITS if amounts is None else amounts[number]], weight)

    def _fold(self) -> None:
        series, amounts = self._series, self._amounts
        self._series, self._amounts = [], []
        if self._value is None:
            for values, count in Counter(series).items():
                entry = self._entry(values)
                entry.records += count
                entry.total += count * UNITS
            return
        together: defaultdict[_Values, list[int]] = defaultdict(list)
        for values, amount in zip(series, amounts, strict=True):
            together[values].append(amount)
        for values, several in together.items():
            self._count_amounts(values, several)

    def _count_amounts(self, values: _Values, amounts: list[int], weight: int = 1) -> None:
        entry = self._entry(values)
        entry.records += len(amounts) * weight
        entry.total += sum(amounts) * weight
        if self._bounds:
            for bucket, count in Counter(map(bisect_left, repeat(self._bounds), amounts)).items():
                entry.buckets[bucket] += count * weight

    def _note_latest(self, series: list[_Values], found: Iterator[Dated]) -> None:
        for values, dated in zip(series, found, strict=True):
            entry = self._entry(values)
            entry.records += 1
            if entry.latest is None or dated > entry.latest:
                entry.latest = dated


def label_reader(label: OwnLabel) -> Callable[[Any], str]:
    """Return the function that makes the value of a label from that of its field."""
    pattern = compiled_pattern(label.pattern) if label.pattern is not None else None
    mapped, values = dict(label.map), frozenset(label.values)

    def read(value: Any) -> str:
        text = text_of(value)
        if text is not None and pattern is not None:
            text = _found(pattern, text)
        if text is None:
            return label.default
        text = text.lower() if label.lower else text
        text = mapped.get(text, text)
        if len(text) > MAX_VALUE_CHARACTERS or (values and text not in values):
            return OTHER
        return text if text.isascii() and "\0" not in text else _exposable(text)

    return read


def amounts_of(values: list[Any], wanted: OwnValue, kind: str) -> list[Any]:
    """Return what each record adds: floats for a gauge, else billionths from 0 on; None where there is no such number.

    Billionths make sums exact: to the last digit for what has nine decimals or fewer.
    """
    factor = wanted.scale * UNITS
    lowest, highest = (-LARGEST if kind == "gauge" else 0.0) / wanted.scale, LARGEST / wanted.scale
    numbers = [
        value if type(value) in _NUMBERS and lowest <= value <= highest else _within(number_of(value), lowest, highest)
        for value in values
    ]
    if kind == "gauge":
        return [None if number is None else number * wanted.scale for number in numbers]
    return [None if number is None else round(number * factor) for number in numbers]


_NUMBERS = frozenset({int, float})


def _within(number: float | None, lowest: float, highest: float) -> float | None:
    return number if number is not None and lowest <= number <= highest else None


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text[:MAX_MATCHED_CHARACTERS])
    return None if found is None else found[1 if pattern.groups else 0]


def _exposable(text: str) -> str:
    """Return `text` without what an exposition cannot hold: NUL, at which Prometheus refuses it, lone surrogates."""
    return text.replace("\0", _REPLACEMENT).encode("utf-8", "replace").decode()
