"""The front door: settings come in, the process logs through one pipeline when the call returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack, cast

import structlog

from app_logging import levels, structlog_door
from app_logging.context import clear_context
from app_logging.level_signals import level_signals
from app_logging.pipeline import Pipeline, active
from app_logging.settings import Options, level_number, resolve
from app_logging.stdlib_door import stdlib_door

if TYPE_CHECKING:
    from signal import Signals

    from structlog.typing import FilteringBoundLogger


def configure(**options: Unpack[Options]) -> None:
    """Send structlog's and the standard library's records to combined.log and error.log.

    An argument wins over the environment variable, that over the default. Calling it again reconfigures: the files
    of the first call are closed, no handler is there twice, loggers in use follow.

    Args:
        options: See `app_logging.settings.Settings`; `service` and `environment` are the ones that most give.

    Raises:
        SettingsError: A value is not allowed; nothing has been changed.
        OSError: A file cannot be opened, with `on_error="raise"`; nothing has been changed.
    """
    settings = resolve(**options)
    pipeline = Pipeline(settings, active.in_flight)
    pipeline.open()
    _swap(pipeline)
    structlog_door.install()
    stdlib_door.open(settings.level, settings.levels)


def reset() -> None:
    """Undo `configure`: close the files, put the loggers back as they were, forget bound context. For tests."""
    level_signals.close()
    stdlib_door.close()
    _swap(None)
    structlog.reset_defaults()
    clear_context()


def get_logger(name: str | None = None) -> FilteringBoundLogger:
    """Return the logger of that name, "root" without one.

    It may be made before `configure` and follows it; until then its records go to the standard library's logging.
    """
    return cast("FilteringBoundLogger", structlog_door.logger_named(name))


def set_level(level: str | int, logger: str | None = None) -> None:
    """Change the lowest level that is written, at once and until the next `configure`.

    Args:
        level: A name or number of the five levels.
        logger: The logger that it is for, with all below it that have no level of their own; None: all of those.

    Raises:
        SettingsError: There is no such level.
        RuntimeError: `configure` has not been called.
    """
    number = level_number("level", level, "argument")
    pipeline = active.pipeline
    if pipeline is None:
        raise RuntimeError("set_level: call configure() first")
    pipeline.thresholds.set(number, logger)
    stdlib_door.set_level(number, logger)
    fields = {"threshold": levels.name_of(number)}
    pipeline.log(logger or structlog_door.ROOT_NAME, "info", "log level changed", fields)


def change_level_on_signals(more: Signals, less: Signals) -> None:
    """Let an operator change the level from outside: one signal for a level more of detail, one for a level less.

    Takes effect until `reset`, which puts the handlers back that were there before. Must be called in the main thread.
    Mind what else uses the signals: gunicorn takes SIGUSR1 and SIGUSR2 for itself.
    """
    level_signals.open({more: lambda: _step(-1), less: lambda: _step(1)})


def _step(by: int) -> None:
    pipeline = active.pipeline
    if pipeline is not None:
        numbers = sorted(levels.NUMBERS.values())
        place = numbers.index(pipeline.thresholds.default) + by
        set_level(numbers[min(max(place, 0), len(numbers) - 1)])


def _swap(pipeline: Pipeline | None) -> None:
    # The new one is in place before the old one closes: a thread that logs meanwhile finds one of them open.
    previous = active.swap(pipeline)
    if previous is not None:
        previous.close()
