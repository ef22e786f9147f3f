"""Encode metrics as Prometheus reads them: the text format 0.0.4, or OpenMetrics when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry

from logship.expose.collectors import TallyCollector, registry_of
from logship.measure import Tally


def encode(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return the metrics of `registry` and their content type, as an `Accept` header asks for them."""
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


def exposition(tally: Tally, buckets: Sequence[float]) -> str:
    """Return the metrics of `tally` in the text format 0.0.4."""
    return generate_latest(registry_of(TallyCollector(lambda: tally, buckets))).decode()
