"""observations → tally: routes, admission, histograms, the commutative sum."""

from __future__ import annotations

from logship.measure.admission import DEFAULT_MAX_SERIES, Admission, fold
from logship.measure.histogram import DEFAULT_BUCKETS, Histogram, check_buckets, drop_invalid
from logship.measure.learned import LearnedRoutes
from logship.measure.levels import level_label
from logship.measure.losses import GRACE_SECONDS, LossWatch
from logship.measure.roll import Roll
from logship.measure.routes import Routes
from logship.measure.runs import Run, Runs, runs_of
from logship.measure.sketch import Sketcher, quantile_ns
from logship.measure.tally import Series, Tally, merge
from logship.measure.writers import Settled, Word, Writer, in_flight

__all__ = [
    "DEFAULT_BUCKETS",
    "DEFAULT_MAX_SERIES",
    "GRACE_SECONDS",
    "Admission",
    "Histogram",
    "LearnedRoutes",
    "LossWatch",
    "Roll",
    "Routes",
    "Run",
    "Runs",
    "Series",
    "Settled",
    "Sketcher",
    "Tally",
    "Word",
    "Writer",
    "check_buckets",
    "drop_invalid",
    "fold",
    "in_flight",
    "level_label",
    "merge",
    "quantile_ns",
    "runs_of",
]
