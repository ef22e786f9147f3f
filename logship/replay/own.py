"""Say own metrics as JSON-ready values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from logship.expose import bucket_label
from logship.measure import UNITS, OwnMetric, Sample
from logship.model import OwnKey


def own_json(metrics: Sequence[OwnMetric], samples: Mapping[OwnKey, Sample]) -> Iterator[dict[str, Any]]:
    """Yield each series of `metrics`, by name and labels."""
    by_name = {metric.name: metric for metric in metrics}
    for key in sorted(samples):
        metric = by_name[key.metric]
        labels = dict(zip((label.name for label in metric.labels), key.values, strict=True))
        yield {"name": metric.name, "type": metric.kind, "labels": labels, **_numbers(metric, samples[key])}


def _numbers(metric: OwnMetric, sample: Sample) -> dict[str, Any]:
    if metric.kind == "gauge":
        return {"value": sample.latest.value if sample.latest is not None else None}
    if metric.kind == "counter":
        return {"value": sample.total / UNITS}
    bounds = [*map(bucket_label, metric.buckets), "+Inf"]
    buckets = dict(zip(bounds, accumulate(sample.buckets), strict=True))
    return {"count": sample.records, "sum": sample.total / UNITS, "buckets": buckets}
