"""Archives → what each line became, and why."""

from __future__ import annotations

from logship.explain.lines import Line, Lines
from logship.explain.observations import Observation, observations
from logship.explain.says import as_json, as_text, summary_json, summary_text

__all__ = [
    "Line",
    "Lines",
    "Observation",
    "as_json",
    "as_text",
    "observations",
    "summary_json",
    "summary_text",
]
