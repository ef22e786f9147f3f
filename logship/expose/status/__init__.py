"""The status page: what a moment of the tailer is, how it is reported, and the page that shows it."""

from __future__ import annotations

from logship.expose.status.moment import FileStatus, Moment, RefusedLine, StateStatus
from logship.expose.status.ranking import DEFAULT_ORDER, ORDERS, ranked
from logship.expose.status.report import DEFAULT_WINDOW, WINDOWS, Outcome, Report, Reporter, Row
from logship.expose.status.routes import STATUS_PATH, status_routes

__all__ = [
    "DEFAULT_ORDER",
    "DEFAULT_WINDOW",
    "ORDERS",
    "STATUS_PATH",
    "WINDOWS",
    "FileStatus",
    "Moment",
    "Outcome",
    "RefusedLine",
    "Report",
    "Reporter",
    "Row",
    "StateStatus",
    "ranked",
    "status_routes",
]
