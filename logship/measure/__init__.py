"""observations → tally: routes, admission, histograms, the commutative sum."""

from __future__ import annotations

from logship.measure.admission import DEFAULT_MAX_SERIES, Admission, fold
from logship.measure.checks import Verdict, not_silent
from logship.measure.exemplars import Exemplar, ExemplarKey, Exemplars, latest_exemplars, trace_id_of
from logship.measure.histogram import DEFAULT_BUCKETS, Histogram, check_buckets, drop_invalid, is_duration
from logship.measure.learned import LearnedRoutes
from logship.measure.levels import level_label
from logship.measure.losses import GRACE_SECONDS, LossWatch
from logship.measure.own import DERIVED, LEVEL, METHOD, ROUTE, STATUS, OwnLabel, OwnMetric, OwnMetrics, OwnValue, scaled
from logship.measure.own_counting import OwnCounter
from logship.measure.own_labels import MAX_VALUE_CHARACTERS
from logship.measure.own_selection import Column, Memo, Places, Selector
from logship.measure.own_series import DEFAULT_MAX_LABEL_VALUES, UNITS, Dated, Sample
from logship.measure.recent import (
    MAX_PAIRS,
    REST,
    SLOT_SECONDS,
    SLOTS,
    Cell,
    Cells,
    Pair,
    Recent,
    RunningSum,
    Slot,
    cells_of,
    is_server_error,
    joined,
)
from logship.measure.roll import Roll
from logship.measure.routes import NOT_FOUND, Origin, Routes
from logship.measure.runs import Run, Runs, runs_of
from logship.measure.segments import DEFAULT_MAX_ROUTES, MAX_VALUES, LearnedSegments, learns_alike
from logship.measure.sketch import Sketcher, quantile_ns, upper_ns
from logship.measure.tally import Series, Tally, merge
from logship.measure.writers import Settled, Word, Writer, in_flight

__all__ = [
    "DEFAULT_BUCKETS",
    "DEFAULT_MAX_LABEL_VALUES",
    "DEFAULT_MAX_ROUTES",
    "DEFAULT_MAX_SERIES",
    "DERIVED",
    "GRACE_SECONDS",
    "LEVEL",
    "MAX_PAIRS",
    "MAX_VALUES",
    "MAX_VALUE_CHARACTERS",
    "METHOD",
    "NOT_FOUND",
    "REST",
    "ROUTE",
    "SLOTS",
    "SLOT_SECONDS",
    "STATUS",
    "UNITS",
    "Admission",
    "Cell",
    "Cells",
    "Column",
    "Dated",
    "Exemplar",
    "ExemplarKey",
    "Exemplars",
    "Histogram",
    "LearnedRoutes",
    "LearnedSegments",
    "LossWatch",
    "Memo",
    "Origin",
    "OwnCounter",
    "OwnLabel",
    "OwnMetric",
    "OwnMetrics",
    "OwnValue",
    "Pair",
    "Places",
    "Recent",
    "Roll",
    "Routes",
    "Run",
    "RunningSum",
    "Runs",
    "Sample",
    "Selector",
    "Series",
    "Settled",
    "Sketcher",
    "Slot",
    "Tally",
    "Verdict",
    "Word",
    "Writer",
    "cells_of",
    "check_buckets",
    "drop_invalid",
    "fold",
    "in_flight",
    "is_duration",
    "is_server_error",
    "joined",
    "latest_exemplars",
    "learns_alike",
    "level_label",
    "merge",
    "not_silent",
    "quantile_ns",
    "runs_of",
    "scaled",
    "trace_id_of",
    "upper_ns",
]
