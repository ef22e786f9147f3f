"""Archives → one page for people: what time, routes and single requests came to, drawn and as tables."""

from __future__ import annotations

from logship.replay.html.library import drawing_script
from logship.replay.html.reading import Reading, read_for_report
from logship.replay.html.report import Report, write_report
from logship.replay.html.timeline import Timeline, width_seconds

__all__ = [
    "Reading",
    "Report",
    "Timeline",
    "drawing_script",
    "read_for_report",
    "width_seconds",
    "write_report",
]
