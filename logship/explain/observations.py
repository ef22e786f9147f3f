"""Say which samples a line adds to: the metrics of the change that it made, as the exposition would show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.core import Metric

from logship.expose import TallyCollector
from logship.measure import OwnMetric, Tally

_ABOUT_LINES = ("logship_lines", "logship_read_bytes", "logship_last_event_timestamp_seconds", "logship_series_folded")
"""Families that say of each line what is said of it anyway."""


class Observation(NamedTuple):
    """What a line adds to one series.

    Attributes:
        metric: Name of the sample; of a histogram, that of the metric.
        labels: Its labels.
        value: What is added; for a gauge what it becomes, for a histogram the observed value.
        bucket: The lowest upper bound that holds the value of a histogram.
        times: How many observations that are: more than one where a record stands for several requests.
    """

    metric: str
    labels: Mapping[str, str]
    value: float
    bucket: str | None = None
    times: int = 1


def observations(change: Tally, buckets: Sequence[float], metrics: Sequence[OwnMetric]) -> Iterator[Observation]:
    """Yield what `change`, that of one line, adds to."""
    for family in TallyCollector(lambda: change, buckets, now=None, metrics=metrics).collect():
        if family.name in _ABOUT_LINES:
            continue
        if family.type == "histogram":
            yield from _observed(family)
            continue
        for sample in family.samples:
            if sample.value or family.type == "gauge":
                yield Observation(sample.name, sample.labels, sample.value)


def _observed(family: Metric) -> Iterator[Observation]:
    by_labels: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    for sample in family.samples:
        labels = tuple(item for item in sample.labels.items() if item[0] != "le")
        name = sample.labels.get("le", sample.name.removeprefix(f"{family.name}_"))
        by_labels.setdefault(labels, {})[name] = sample.value
    for labels, values in by_labels.items():
        times = int(values.pop("count"))
        total = values.pop("sum")
        if times:
            bucket = next(bound for bound, count in values.items() if count)
            yield Observation(family.name, dict(labels), total / times, bucket, times)
