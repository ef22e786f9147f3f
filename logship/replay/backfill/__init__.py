"""Archives → samples at the times of their lines: files of days, blocks made of them, remote write."""

from __future__ import annotations

from logship.replay.backfill.blocks import as_shell, commands, found_promtool, make_blocks, traps
from logship.replay.backfill.directory import complete_days, days_in, prepare
from logship.replay.backfill.joining import from_zero, last_values
from logship.replay.backfill.naming import check_label
from logship.replay.backfill.remote import send
from logship.replay.backfill.servers import server_of
from logship.replay.backfill.writing import DEFAULT_STEP, Backfill, BackfillOptions, step_seconds, write_backfill

__all__ = [
    "DEFAULT_STEP",
    "Backfill",
    "BackfillOptions",
    "as_shell",
    "check_label",
    "commands",
    "complete_days",
    "days_in",
    "found_promtool",
    "from_zero",
    "last_values",
    "make_blocks",
    "prepare",
    "send",
    "server_of",
    "step_seconds",
    "traps",
    "write_backfill",
]
