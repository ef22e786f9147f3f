"""The tailer's own log: one line per happening on stderr, an event name and fields."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

import structlog

from logship.live.vitals import Say


def talk(out: TextIO) -> Say:
    """Return a function that writes events to `out`: in colour and local time on a terminal, else plain and in UTC."""
    colors = out.isatty() and not os.environ.get("NO_COLOR")
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if out.isatty() else "iso", utc=not out.isatty()),
            structlog.dev.ConsoleRenderer(0, colors=colors),  # by place: its name changed
        ],
    )

    def say(event: str, **fields: object) -> None:
        with suppress(OSError):  # a full disk or a closed pipe behind stderr must not end the counting
            logger.msg(event, **fields)

    return say
