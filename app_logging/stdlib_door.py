"""The standard library's door: a handler on the root logger, and the servers' loggers led to it.

LogRecords come in, the same lines go out as through structlog's door. Opening it changes global loggers,
closing it puts them back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app_logging import levels
from app_logging.pipeline import active
from app_logging.redact import Redactor
from app_logging.server_loggers import ACCESS, LED_TO_ROOT
from app_logging.structlog_door import interpolate

STANDARD_ATTRIBUTES = frozenset(
    {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "color_message"}
)
"""What a LogRecord has on its own; everything else came with `extra`. `color_message` is uvicorn's second message."""

TAKEN_AWAY = (logging.StreamHandler, logging.NullHandler)
"""The servers' handlers that have nothing to do any more."""


def _is_taken_away(handler: logging.Handler) -> bool:
    return isinstance(handler, TAKEN_AWAY) and not isinstance(handler, logging.FileHandler)


LAST_PLACE, LAST_ATTRIBUTE = list(enumerate(logging.makeLogRecord({}).__dict__))[-1]


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller added to the record: extra fields, the exception, the stack."""
    values = record.__dict__
    added = islice(values.items(), LAST_PLACE, None)  # extra fields come behind what the class itself sets
    fields = dict(added if next(added, ("", None))[0] == LAST_ATTRIBUTE else values)
    if not STANDARD_ATTRIBUTES.isdisjoint(fields):
        fields = {name: value for name, value in fields.items() if name not in STANDARD_ATTRIBUTES}
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


def message_of(record: logging.LogRecord, redactor: Redactor | None = None) -> str:
    """Return the message with its arguments; if they do not fit, both as they are."""
    args = record.args if isinstance(record.args, tuple) else (record.args,)
    if redactor is not None and record.args:
        redacted = redactor.arguments(args)
        if redacted is not args:
            return interpolate(record.msg, redacted)
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong placeholder, or a __str__ that raises
        return interpolate(record.msg, args)


class PipelineHandler(logging.Handler):
    """Hand every record to the pipeline that is active."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; levels other than the five fold into them."""
        pipeline = active.pipeline
        if pipeline is not None:
            try:
                level = NAMES[record.levelno]
            except (KeyError, TypeError):
                level = levels.name_of(record.levelno)
            message = message_of(record, pipeline.redactor) if record.args else record.msg
            pipeline.log(record.name, level, message, fields_of(record), record.created)

    def handle(self, record: logging.LogRecord) -> Any:
        """Write the record without the handler's own lock: the sink has one."""
        admitted: Any = self.filter(record) if self.filters else True
        if admitted:
            self.emit(admitted if isinstance(admitted, logging.LogRecord) else record)  # replaced, from 3.12 on
        return admitted


NAMES = {number: name for name, number in levels.NUMBERS.items()}


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
    """Our handler on the root logger, and the other loggers as they were before.

    Attributes:
        handler: The one on the root logger.
        has_request_records: Whether a middleware writes a record of each request.
    """

    def __init__(self) -> None:
        self.handler = PipelineHandler()
        self.has_request_records = False
        self._root_level: int | None = None
        self._levels: dict[str, int] = {}
        self._before: tuple[Before, ...] = ()

    def open(self, level: int, named: Mapping[str, int]) -> None:
        """Lead records of the level and above to us; safe to repeat. Other handlers of the root logger stay."""
        self._put_levels_back()
        root = logging.getLogger()
        if self._root_level is None:
            self._root_level = root.level
            self._before = tuple(_remember(name) for name in (*LED_TO_ROOT, *ACCESS))
        self.lead_server_loggers()
        root.addHandler(self.handler)  # does nothing if it is there
        root.setLevel(level)
        for name, number in named.items():
            self.set_level(number, name)

    def lead_server_loggers(self) -> None:
        """Take the servers' loggers over, now and whenever a server may have put its handlers back."""
        if self._root_level is None:
            return
        for before in self._before:
            logger = before.logger
            # Others stay, such as the one by which Django mails its admins.
            logger.handlers[:] = [each for each in logger.handlers if not _is_taken_away(each)]
            logger.propagate = not (self.has_request_records and logger.name in ACCESS)

    def expect_request_records(self) -> None:
        """Silence the access loggers of the servers: a middleware is there."""
        self.has_request_records = True
        self.lead_server_loggers()

    def set_level(self, level: int, name: str | None = None) -> None:
        """Set the level of a logger, of the root without a name, until `close`."""
        logger = logging.getLogger(name)
        if name is not None:
            self._levels.setdefault(name, logger.level)
        logger.setLevel(level)

    def _put_levels_back(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels.clear()

    def close(self) -> None:
        """Put everything back; handlers that others have put on the root meanwhile stay."""
        self.has_request_records = False
        if self._root_level is None:
            return
        root = logging.getLogger()
        self._put_levels_back()
        root.removeHandler(self.handler)
        root.setLevel(self._root_level)
        for before in self._before:
            before.put_back()
        self._root_level = None


stdlib_door = StdlibDoor()
"""Beside `pipeline.active` because the loggers it has changed are global as well."""


def _remember(name: str) -> Before:
    logger = logging.getLogger(name)
    return Before(logger, tuple(logger.handlers), logger.propagate)
