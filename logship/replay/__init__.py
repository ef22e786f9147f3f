"""Archives → numbers: plan, survey, work, summary, report, comparison, gate."""

from __future__ import annotations

from logship.replay.compare import changes, changes_json, in_total, print_changes, print_changes_csv
from logship.replay.gate import Gate, gate, judge
from logship.replay.interrupt import Interrupt, interruptible, terminating_as_ctrl_c
from logship.replay.moments import moment
from logship.replay.plan import Plan, plan
from logship.replay.progress import progress
from logship.replay.report import as_json, print_csv
from logship.replay.selection import condition, is_condition, selected
from logship.replay.summary import ORDERS, Choice
from logship.replay.survey import survey
from logship.replay.table import print_table
from logship.replay.values import printable
from logship.replay.work import Result, replay

__all__ = [
    "ORDERS",
    "Choice",
    "Gate",
    "Interrupt",
    "Plan",
    "Result",
    "as_json",
    "changes",
    "changes_json",
    "condition",
    "gate",
    "in_total",
    "interruptible",
    "is_condition",
    "judge",
    "moment",
    "plan",
    "print_changes",
    "print_changes_csv",
    "print_csv",
    "print_table",
    "printable",
    "progress",
    "replay",
    "selected",
    "survey",
    "terminating_as_ctrl_c",
]
