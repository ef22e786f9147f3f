"""The standard library's door: a handler on the root logger, and the servers' loggers led to it.

LogRecords come in, the same lines go out as through structlog's door. Opening it changes global loggers,
closing it puts them back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from app_logging import levels
from app_logging.pipeline import active
from app_logging.structlog_door import interpolate

LED_TO_ROOT = ("uvicorn", "uvicorn.error", "uvicorn.asgi")
"""Loggers that come with handlers of their own: these are taken away, so that their records reach the root."""

SILENCED = ("uvicorn.access",)
"""The middleware writes a better record of each request; uvicorn skips the work if this one has no handlers."""

STANDARD_ATTRIBUTES = frozenset(
    {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "color_message"}
)
"""What a LogRecord has on its own; everything else came with `extra`. `color_message` is uvicorn's second message."""


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller added to the record: extra fields, the exception, the stack."""
    fields = {key: value for key, value in record.__dict__.items() if key not in STANDARD_ATTRIBUTES}
    if record.exc_info or record.stack_info or record.exc_text:
        fields.update(trouble_of(record))
    return fields


def trouble_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the exception and the stack of a record, as fields for the renderer."""
    fields: dict[str, Any] = {}
    if record.stack_info:
        fields["stack"] = record.stack_info
    if record.exc_info:
        fields["exc_info"] = record.exc_info
    elif record.exc_text:
        fields["stack"] = record.exc_text  # the record has travelled through a queue or a socket as text
    return fields


def message_of(record: logging.LogRecord) -> str:
    """Return the message with its arguments; if they do not fit, both as they are."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong placeholder, or a __str__ that raises
        args = record.args if isinstance(record.args, tuple) else (record.args,)
        return interpolate(record.msg, args)


class PipelineHandler(logging.Handler):
    """Hand every record to the pipeline that is active."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; levels other than the five fold into them."""
        if active.pipeline is not None:
            level = levels.name_of(record.levelno)
            active.pipeline.log(record.name, level, message_of(record), fields_of(record), record.created)


@dataclass(frozen=True, slots=True)
class Before:
    """The state of one logger, to be put back."""

    logger: logging.Logger
    handlers: tuple[logging.Handler, ...]
    propagate: bool

    def put_back(self) -> None:
        """Give the logger its handlers again."""
        self.logger.handlers[:] = self.handlers
        self.logger.propagate = self.propagate


class StdlibDoor:
    """Our handler on the root logger, and the other loggers as they were before."""

    def __init__(self) -> None:
        self._handler = PipelineHandler()
        self._root_level: int | None = None
        self._before: tuple[Before, ...] = ()

    def open(self, level: int) -> None:
        """Lead records of the level and above to us; safe to repeat. Other handlers of the root logger stay."""
        root = logging.getLogger()
        if self._root_level is None:
            self._root_level = root.level
            self._before = tuple(_remember(name) for name in (*LED_TO_ROOT, *SILENCED))
        for before in self._before:
            before.logger.handlers.clear()
            before.logger.propagate = before.logger.name not in SILENCED
        root.addHandler(self._handler)  # does nothing if it is there
        root.setLevel(level)

    def close(self) -> None:
        """Put everything back; handlers that others have put on the root meanwhile stay."""
        if self._root_level is None:
            return
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._root_level)
        for before in self._before:
            before.put_back()
        self._root_level = None


stdlib_door = StdlibDoor()
"""Beside `pipeline.active` because the loggers it has changed are global as well."""


def _remember(name: str) -> Before:
    logger = logging.getLogger(name)
    return Before(logger, tuple(logger.handlers), logger.propagate)
