"""The options of counting."""

from __future__ import annotations

from dataclasses import dataclass

from logship.measure import DEFAULT_BUCKETS
from logship.model import Constant


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What to make of the records.

    Attributes:
        buckets: Upper bounds of the latency histogram in seconds.
        routes: Templates of the application's routes, for records that have a url but no route.
        quantiles: Whether to keep a sketch of each series beside its buckets.
        exemplars: Whether to show the trace id of a recent request in each bucket; only `tail` does, in OpenMetrics.
    """

    buckets: tuple[float, ...] = DEFAULT_BUCKETS
    routes: tuple[str, ...] = ()
    quantiles: bool = False
    exemplars: bool = True


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How the lines of a source are read, and what is said of all its numbers.

    Attributes:
        format: Name of the log format, None to find it from the first request of each file.
        wrap: Name of what wraps its lines, None for nothing.
        labels: Constant labels of its numbers.
    """

    format: str | None = None
    labels: Constant = ()
    wrap: str | None = None
