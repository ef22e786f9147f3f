"""The bounds of buckets as Prometheus writes them."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def bucket_label(bound: float) -> str:
    """Return the value of the label `le` for an upper bound in seconds."""
    from prometheus_client.utils import floatToGoString  # a replay as a table or as CSV does without it

    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]
