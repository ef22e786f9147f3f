"""structlog's door: events come in as method calls on a bound logger, rendered bytes go to the sink.

No LogRecord is made on the way (that alone would cost more than all the rest). The level is looked up at each call,
so loggers that structlog has cached follow a second `configure`. `structlog.testing.capture_logs` works.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from typing import Any, Final

import structlog
from structlog.processors import StackInfoRenderer

from app_logging import levels
from app_logging.cleaning import to_text
from app_logging.exceptions import find_exception
from app_logging.pipeline import ERRORS, active

ROOT_NAME = "root"
"""What the standard library calls the logger without a name."""

NO_EVENT: Final = ""
"""What the message is when there is none; `event=` as a keyword, as structlog allows it, then is the message."""

_add_stack = StackInfoRenderer(additional_ignores=["app_logging"])


def _asynchronous(log: Callable[..., None]) -> Callable[..., Awaitable[None]]:
    """Return the method for tasks: the same call in a thread, with what the task knows."""

    async def log_in_thread(self: BoundLogger, /, *args: object, **fields: Any) -> None:
        if "exc_info" in fields:
            fields["exc_info"] = find_exception(fields["exc_info"])
        if "stack_info" in fields:
            _add_stack(self._logger, "", fields)  # in place
        context = copy_context()
        await asyncio.get_running_loop().run_in_executor(None, lambda: context.run(log, self, *args, **fields))

    return log_in_thread


class NamedLogger:
    """What a bound logger wraps: the name, and the way to the sink."""

    __slots__ = ("name",)

    def __init__(self, name: str | None = None, *_unused: object) -> None:
        self.name = name or ROOT_NAME

    def write(self, level: str, record: bytes) -> None:
        """Hand a rendered record to the sink of the active pipeline."""
        pipeline = active.pipeline
        if pipeline is not None:
            pipeline.write(record, level in ERRORS)


def render_event(logger: NamedLogger, level: str, event_dict: dict[str, Any]) -> bytes:
    """Render the event; the last processor of the chain."""
    pipeline = active.pipeline
    if pipeline is None:
        raise structlog.DropEvent
    if "stack_info" in event_dict:
        _add_stack(logger, level, event_dict)  # in place
    message = event_dict.pop("event", "")
    return pipeline.render(logger.name, level, message, event_dict)


PROCESSORS: list[Any] = [render_event]
"""One list for structlog's configuration and our loggers: `capture_logs` empties and refills it in place."""


class BoundLogger(structlog.make_filtering_bound_logger(levels.DEBUG)):  # type: ignore[misc] # made at run time
    """structlog's filtering logger, with the level looked up at each call and no field name forbidden."""

    def debug(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level debug; `args` are interpolated with `%`, as in the standard library."""
        self.write_event(levels.DEBUG, "debug", event, fields, args)

    def info(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level info."""
        self.write_event(levels.INFO, "info", event, fields, args)

    def warning(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level warning."""
        self.write_event(levels.WARNING, "warning", event, fields, args)

    def error(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level error."""
        self.write_event(levels.ERROR, "error", event, fields, args)

    def critical(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level critical."""
        self.write_event(levels.CRITICAL, "critical", event, fields, args)

    def exception(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level error, with the exception that is being handled."""
        fields.setdefault("exc_info", True)
        self.write_event(levels.ERROR, "error", event, fields, args)

    def log(self, level: object, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at a level given by number; one of another kind counts as `levels.name_of` says."""
        name = levels.name_of(level)
        self.write_event(level if isinstance(level, int) else levels.NUMBERS[name], name, event, fields, args)

    async def aexception(self, event: object = NO_EVENT, /, *args: object, **fields: Any) -> None:
        """Log at level error, with the exception that is being handled in this task."""
        fields.setdefault("exc_info", sys.exc_info()[1])
        await self.aerror(event, *args, **fields)

    msg, warn, fatal = info, warning, critical
    adebug, ainfo, awarning = _asynchronous(debug), _asynchronous(info), _asynchronous(warning)
    aerror, acritical, alog = _asynchronous(error), _asynchronous(critical), _asynchronous(log)
    amsg, awarn, afatal = ainfo, awarning, acritical

    def is_enabled_for(self, level: int) -> bool:
        """Say whether an event of that level would be written."""
        return level >= self.get_effective_level()

    def get_effective_level(self) -> int:
        """Return the number of the lowest level that is written."""
        pipeline = active.pipeline
        return levels.CRITICAL + 1 if pipeline is None else pipeline.thresholds.of(self._logger.name)

    def write_event(
        self, number: int, level: str, event: object, fields: dict[str, Any], args: tuple[object, ...] = ()
    ) -> None:
        """Log at a level given by number and name; the dict of fields is used up."""
        if event is NO_EVENT:
            event = fields.pop("event", event)
        pipeline = active.pipeline
        if pipeline is None:
            _log_unconfigured(self._logger.name, number, interpolate(event, args) if args else event, fields)
            return
        name = self._logger.name
        if number < pipeline.thresholds.of(name):
            return
        if self._processors is PROCESSORS and PROCESSORS[0] is render_event:
            # What the processors would do, without the way through them: two microseconds less.
            if "stack_info" in fields:
                _add_stack(self._logger, level, fields)
            if self._context:
                fields = {**self._context, **fields}
            if args:
                event = interpolate(event, pipeline.redactor.arguments(args))
            pipeline.log(name, level, event, fields)
            return
        self._process(level, interpolate(event, args) if args else event, fields)

    def _process(self, level: str, event: object, fields: dict[str, Any]) -> None:
        if "event" in fields:
            fields["event_"] = fields.pop("event")
        event_dict: Any = {**self._context, **fields, "event": event}
        try:
            for processor in self._processors:
                event_dict = processor(self._logger, level, event_dict)
        except structlog.DropEvent:
            return
        self._logger.write(level, event_dict)


def interpolate(event: object, args: tuple[Any, ...]) -> str:
    """Put the arguments into the text as logging does; if they do not fit, keep both: a log call never raises."""
    try:
        values = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
        return str(event) % values
    except Exception:  # noqa: BLE001 - a wrong placeholder, a __str__ that raises, a lazy object that cannot load
        return f"{to_text(event)} {to_text(args)}"


def _log_unconfigured(name: str, number: int, message: object, fields: dict[str, Any]) -> None:
    # A library's records before the application configures, or in tests without it (pytest's caplog sees them).
    exc_info = fields.pop("exc_info", None)
    logging.getLogger(name).log(number, "%s %s" if fields else "%s%.0s", message, fields, exc_info=exc_info)


def logger_named(name: str | None) -> BoundLogger:
    """Return a logger without structlog's lazy proxy, which would cost a microsecond per call."""
    return BoundLogger(NamedLogger(name), PROCESSORS, {})


def install() -> None:
    """Make structlog use this door; loggers that it has handed out already follow at their first use."""
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=BoundLogger,
        logger_factory=NamedLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
