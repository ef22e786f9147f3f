"""Archives → numbers: plan, work, summary, report."""

from __future__ import annotations

from logship.replay.plan import Plan, plan
from logship.replay.progress import progress
from logship.replay.report import as_json, print_table
from logship.replay.summary import ORDERS
from logship.replay.work import Result, replay

__all__ = ["ORDERS", "Plan", "Result", "as_json", "plan", "print_table", "progress", "replay"]
