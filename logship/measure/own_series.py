"""The numbers of own metrics: a commutative sum as the tally is, and the limits that stand before it.

Amounts are whole billionths, as durations are whole nanoseconds: their sum depends on no order and no division.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from logship.model import OTHER, OwnKey

UNITS = 1_000_000_000
"""What an amount of one is counted as."""

DEFAULT_MAX_LABEL_VALUES = 100
"""Distinct values of one label: more than a person looks at, and usually something that should be no label."""


class Dated(NamedTuple):
    """The value of a gauge, and the time of its record in seconds since the epoch, 0 when that has none."""

    at: float
    value: float


class Sample(NamedTuple):
    """What the records of a series came to.

    Attributes:
        records: How many there were.
        total: Sum of their amounts, in billionths.
        buckets: How many fell into each bucket, not cumulative; the last one is +Inf. Empty for all but histograms.
        latest: The value of a gauge; of equally late ones the greatest.
    """

    records: int
    total: int
    buckets: tuple[int, ...] = ()
    latest: Dated | None = None

    def plus(self, other: Sample) -> Sample:
        """Return the sample of the records of both."""
        return Sample(
            self.records + other.records,
            self.total + other.total,
            tuple(map(int.__add__, self.buckets, other.buckets)),
            max(self.latest, other.latest) if self.latest and other.latest else self.latest or other.latest,
        )


Own = dict[OwnKey, Sample]


def add_own(held: Own, more: Mapping[OwnKey, Sample]) -> None:
    """Add the samples of `more` to those that are held."""
    for key, sample in more.items():
        known = held.get(key)
        held[key] = sample if known is None else known.plus(sample)


def admit_own(
    held: Mapping[OwnKey, Sample], change: Mapping[OwnKey, Sample], max_series: int, max_label_values: int
) -> tuple[Own, int]:
    """Return `change` with what there is no room for under `__other__`, and how many records that were.

    A label that has too many values is folded alone; a metric that has too many series, with all its labels.
    """
    admitted: Own = {}
    folded = 0
    rooms: dict[str, _Room] = {}
    for key, sample in change.items():
        target = key
        if key not in held:
            if key.metric not in rooms:
                rooms[key.metric] = _Room(each.values for each in held if each.metric == key.metric)
            target = OwnKey(key.metric, rooms[key.metric].admit(key.values, max_series, max_label_values))
            if target != key:
                folded += sample.records
        add_own(admitted, {target: sample})
    return admitted, folded


def has_room_for_own(keys: Iterable[OwnKey], max_series: int, max_label_values: int) -> bool:
    """Return whether all these series stand for themselves together."""
    by_metric: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key in keys:
        by_metric[key.metric].append(key.values)
    rooms = map(_Room, by_metric.values())
    return all(
        len(room.series) <= max_series and all(len(known) <= max_label_values for known in room.values)
        for room in rooms
    )


class _Room:
    """The label values and series of one metric that have been admitted."""

    def __init__(self, held: Iterable[tuple[str, ...]]) -> None:
        self.series = {values for values in held if set(values) != {OTHER}}
        self.values: list[set[str]] = [set(column) - {OTHER} for column in zip(*self.series, strict=True)]

    def admit(self, values: tuple[str, ...], max_series: int, max_label_values: int) -> tuple[str, ...]:
        """Return the values that a series is counted under; those that are new take their room."""
        if not self.values:
            self.values = [set() for _ in values]
        fitting = tuple(
            value if value in known or len(known) < max_label_values else OTHER
            for value, known in zip(values, self.values, strict=True)
        )
        if fitting not in self.series and len(self.series) >= max_series:
            fitting = (OTHER,) * len(values)
        if set(fitting) != {OTHER}:
            self.series.add(fitting)
        for value, known in zip(fitting, self.values, strict=True):
            known.update({value} - {OTHER})
        return fitting
