"""Turn request logs into Prometheus metrics: `logship tail` live, `logship replay` from archives."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
