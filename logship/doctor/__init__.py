"""A configuration and this machine → what is wrong, which promise is at risk, what helps."""

from __future__ import annotations

from logship.doctor.examine import Examination
from logship.doctor.finding import EXIT_CODES, PROMISES, Finding, Severity, worst
from logship.doctor.processes import Processes
from logship.doctor.says import as_json, as_text
from logship.doctor.tailers import Demands, demands

__all__ = [
    "EXIT_CODES",
    "PROMISES",
    "Demands",
    "Examination",
    "Finding",
    "Processes",
    "Severity",
    "as_json",
    "as_text",
    "demands",
    "worst",
]
