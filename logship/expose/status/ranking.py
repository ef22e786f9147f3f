"""Put the rows of routes in order, for the page and for `logship top`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from logship.expose.status.report import Row

DEFAULT_ORDER = "rate"

ORDERS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "route": lambda row: (row.route, row.method),
    "rate": lambda row: (-row.rate,),
    "errors": lambda row: (-(row.error_share or 0.0), -row.errors),
    "p50": lambda row: (-(row.p50_seconds or 0.0),),
    "p95": lambda row: (-(row.p95_seconds or 0.0),),
    "p99": lambda row: (-(row.p99_seconds or 0.0),),
    "total": lambda row: (-row.requests_total,),
}
"""What comes first, by the name of the order; the largest does, but for the names of routes."""


def ranked(rows: Iterable[Row], order: str) -> list[Row]:
    """Return rows in an order; those alike by their rate, total and name."""
    by = ORDERS[order]
    return sorted(rows, key=lambda row: (*by(row), -row.rate, -row.requests_total, row.route, row.method))
