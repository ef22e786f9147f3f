"""Render own metrics as families: name, type, help and labels are what the configuration states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from logship.measure import UNITS, OwnMetric, Sample
from logship.model import OwnKey

_HELP = "A metric of the log records, as the configuration defines it."

CreatedOf = Callable[[OwnKey], float | None]
"""Returns when a series began, in seconds since the epoch; None where that is not known."""


def own_families(
    metrics: Sequence[OwnMetric], samples: Mapping[OwnKey, Sample], created: CreatedOf
) -> Iterator[Metric]:
    """Yield a family for each of `metrics`."""
    by_metric: dict[str, list[OwnKey]] = {metric.name: [] for metric in metrics}
    for key in sorted(samples):
        by_metric.get(key.metric, []).append(key)
    for metric in metrics:
        series = {key: samples[key] for key in by_metric[metric.name]}
        yield _FAMILIES[metric.kind](metric, series, created)


def _counter(metric: OwnMetric, series: Mapping[OwnKey, Sample], created: CreatedOf) -> Metric:
    family = CounterMetricFamily(metric.name, metric.help or _HELP, labels=_labels(metric))
    for key, sample in series.items():
        family.add_metric(key.values, sample.total / UNITS, created(key))
    return family


def _gauge(metric: OwnMetric, series: Mapping[OwnKey, Sample], _created: CreatedOf) -> Metric:
    family = GaugeMetricFamily(metric.name, metric.help or _HELP, labels=_labels(metric))
    for key, sample in series.items():
        if sample.latest is not None:
            family.add_metric(key.values, sample.latest.value)
    return family


def _histogram(metric: OwnMetric, series: Mapping[OwnKey, Sample], created: CreatedOf) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help or _HELP, labels=_labels(metric))
    bounds = [*(str(floatToGoString(bound)) for bound in metric.buckets), "+Inf"]  # type: ignore[no-untyped-call]
    for key, sample in series.items():
        family.add_metric(key.values, list(zip(bounds, accumulate(sample.buckets), strict=True)), sample.total / UNITS)
        if (begun := created(key)) is not None:
            named = dict(zip(_labels(metric), key.values, strict=True))
            family.add_sample(f"{metric.name}_created", named, begun)
    return family


def _labels(metric: OwnMetric) -> list[str]:
    return [label.name for label in metric.labels]


_FAMILIES = {"counter": _counter, "gauge": _gauge, "histogram": _histogram}
