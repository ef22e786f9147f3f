"""Encode metrics as Prometheus reads them: the text format 0.0.4, or OpenMetrics when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

_OPENMETRICS = "application/openmetrics-text"


def encode(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return the metrics of `registry` and their content type, as an `Accept` header asks for them."""
    try:
        encoder, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # the version asked for is no number
        encoder, content_type = choose_encoder("")
    return encoder(registry if content_type.startswith(_OPENMETRICS) else _WithoutCreated(registry)), content_type


class _WithoutCreated(Collector):
    """Leave creation times out: only OpenMetrics has them, and the encoder would make a gauge of each."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
