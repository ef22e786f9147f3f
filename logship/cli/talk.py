"""The tailer's own log on stderr: one line per happening, as app_logging would write it, and never a flood.

`app_logging.configure` writes files and takes the process over; a command wants neither, so only its parts are used
here: the record, the redaction, the limit of a rate. Lines for people keep the form that `logship` has always had.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal, TextIO

import orjson
import structlog

from app_logging.clock import Timestamps
from app_logging.console import HIDDEN, escape
from app_logging.levels import NUMBERS, name_of
from app_logging.rate_limit import EVERY_OTHER, RateLimit
from app_logging.record import SUPPRESSED_MESSAGE
from app_logging.render import Renderer
from logship.live import level_of

Form = Literal["console", "json"]

PER_MINUTE = 60
"""Events of one name: enough to see a hundred files begin to be followed, and a flapping one cannot fill a disk."""

_SERVICE = "logship"
_Line = Callable[[str, str, dict[str, Any]], str]
"""Makes the line of a level, an event and its fields."""


class Talk:
    """Write events to a stream; from any thread. A stream that is closed or full never ends the counting.

    Args:
        out: The stream, None where there is none.
        level: The lowest level that is written.
        form: Lines for people, or a JSON object each.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        out: TextIO | None,
        *,
        level: str = "info",
        form: Form = "console",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._lowest = NUMBERS[level]
        self._limit = RateLimit({EVERY_OTHER: PER_MINUTE}, clock=lambda: clock() / 60)  # its seconds are our minutes
        self._line = json_lines() if form == "json" else console_lines(out)
        self._lock = threading.RLock()

    def __call__(self, event: str, /, **fields: object) -> None:
        """Write an event, unless there were too many of its name in this minute."""
        self.write(level_of(event), event, fields, kind=event)

    def write(self, level: str, event: str, fields: Mapping[str, object], *, kind: str) -> None:
        """Write an event of a level; `kind` is what its rate is limited by."""
        if NUMBERS[level] < self._lowest:
            return
        self._tell_suppressed(at_once=False)
        if self._limit.admits(kind):
            self._put(level, event, dict(fields))

    def close(self) -> None:
        """Tell how many events were left out since that was last told."""
        self._tell_suppressed(at_once=True)

    def _tell_suppressed(self, *, at_once: bool) -> None:
        for kind, count in self._limit.take_suppressed(at_once=at_once).items():
            self._put("warning", SUPPRESSED_MESSAGE, {"suppressed": count, "kind": kind})

    def _put(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if self._out is None:
            return
        line = self._line(level, str(event), fields)
        with self._lock, suppress(OSError, ValueError):  # a full disk, a closed pipe, a closed stream
            self._out.write(f"{line}\n")
            self._out.flush()


@contextmanager
def talking(out: TextIO | None, *, level: str = "info", form: Form = "console") -> Iterator[Talk]:
    """Yield what writes events to `out`; what libraries say by `logging` goes the same way as long as that lasts."""
    talk = Talk(out, level=level, form=form)
    strays = StrayRecords(talk)
    logging.getLogger().addHandler(strays)
    try:
        yield talk
    finally:
        logging.getLogger().removeHandler(strays)
        talk.close()


class StrayRecords(logging.Handler):
    """Lead the records of libraries into a log: one of their tracebacks on stderr would tear a stream of JSON."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(logging.WARNING)
        self._talk = talk

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; its rate is limited by its logger, as its text may be another one each time."""
        fields: dict[str, object] = {"logger": record.name}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        with suppress(Exception):  # a wrong placeholder must not end the thread that said so
            self._talk.write(name_of(record.levelno), record.getMessage(), fields, kind=f"logger {record.name}")


def json_lines() -> _Line:
    """Return what renders a record of app_logging, of the service `logship` whatever the application is called."""
    renderer = Renderer(_SERVICE, os.environ.get("ENVIRONMENT") or "development", Timestamps())

    def line(level: str, event: str, fields: dict[str, Any]) -> str:
        return renderer.render(fields.pop("logger", _SERVICE), level, event, fields).decode()

    return line


def console_lines(out: TextIO | None) -> _Line:
    """Return what renders lines for people: in colour and local time on a terminal, else plain and in UTC.

    They are made of the record, so that secrets are in neither form.
    """
    is_terminal = out is not None and out.isatty()
    record_line = json_lines()
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S" if is_terminal else "iso", utc=not is_terminal)
    render = structlog.dev.ConsoleRenderer(
        0, colors=is_terminal and not os.environ.get("NO_COLOR")
    )  # by place: renamed

    def line(level: str, event: str, fields: dict[str, Any]) -> str:
        record = orjson.loads(record_line(level, event, fields))
        shown: dict[str, Any] = {name: _safe(value) for name, value in record.items() if name not in HIDDEN}
        shown["event"] = escape(record["message"])
        if "exception" in record:
            shown["raised"] = escape(f"{record['exception']['type']}: {record['exception']['message']}")
        if record["logger"] != _SERVICE:
            shown["logger"] = escape(record["logger"])
        if level != "info":
            shown["level"] = level
        return render(None, level, stamp(None, level, shown))

    return line


def _safe(value: Any) -> Any:
    """Return a value that cannot drive a terminal; what is no text is shown by its `repr`, which cannot."""
    return escape(value) if isinstance(value, str) else value
