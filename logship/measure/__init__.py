"""observations → tally: routes, admission, histograms, the commutative sum."""

from __future__ import annotations

from logship.measure.admission import DEFAULT_MAX_SERIES, Admission, fold
from logship.measure.histogram import DEFAULT_BUCKETS, Histogram, check_buckets, drop_invalid
from logship.measure.learned import LearnedRoutes
from logship.measure.levels import level_label
from logship.measure.routes import Routes
from logship.measure.sketch import Sketcher, quantile_ns
from logship.measure.tally import Series, Tally, merge

__all__ = [
    "DEFAULT_BUCKETS",
    "DEFAULT_MAX_SERIES",
    "Admission",
    "Histogram",
    "LearnedRoutes",
    "Routes",
    "Series",
    "Sketcher",
    "Tally",
    "check_buckets",
    "drop_invalid",
    "fold",
    "level_label",
    "merge",
    "quantile_ns",
]
