"""The front door: settings come in, the process logs through one pipeline when the call returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

from app_logging import structlog_door
from app_logging.context import clear_context
from app_logging.pipeline import Pipeline, active
from app_logging.settings import DEFAULT_BACKUPS, DEFAULT_MAX_BYTES, OnError, resolve
from app_logging.stdlib_door import stdlib_door

if TYPE_CHECKING:
    import os

    from structlog.typing import FilteringBoundLogger


def configure(
    *,
    service: str | None = None,
    environment: str | None = None,
    log_dir: str | os.PathLike[str] | None = None,
    level: str | int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    backups: int = DEFAULT_BACKUPS,
    console: bool | None = None,
    on_error: OnError = "stderr",
) -> None:
    """Send structlog's and the standard library's records to combined.log and error.log.

    An argument wins over the environment variable, that over the default. Calling it again reconfigures: the files
    of the first call are closed, no handler is there twice, loggers in use follow.

    Args:
        service: Name of the application (SERVICE_NAME, else "app").
        environment: Where it runs (ENVIRONMENT, else "development").
        log_dir: Directory of the files (LOG_DIR, else "logs"); made if missing, absolute from now on.
        level: Lowest level that is written (LOG_LEVEL, else "info"). Request records are level info or error.
        max_bytes: Size at which a file is rotated; 0 leaves rotation to others, such as logrotate.
        backups: How many rotated files are kept.
        console: Readable lines on stderr; by default in development, if stderr is a terminal.
        on_error: If a file cannot be opened: "stderr" writes JSON there and retries, "raise" raises the OSError.

    Raises:
        SettingsError: A value is not allowed; nothing has been changed.
        OSError: A file cannot be opened, with `on_error="raise"`; nothing has been changed.
    """
    settings = resolve(
        service=service,
        environment=environment,
        log_dir=log_dir,
        level=level,
        max_bytes=max_bytes,
        backups=backups,
        console=console,
        on_error=on_error,
    )
    pipeline = Pipeline(settings)
    pipeline.open(settings.on_error)
    _swap(pipeline)
    structlog_door.install()
    stdlib_door.open(settings.level)


def reset() -> None:
    """Undo `configure`: close the files, put the loggers back as they were, forget bound context. For tests."""
    stdlib_door.close()
    _swap(None)
    structlog.reset_defaults()
    clear_context()


def get_logger(name: str | None = None) -> FilteringBoundLogger:
    """Return the logger of that name, "root" without one.

    It may be made before `configure` and follows it; until then its records go to the standard library's logging.
    """
    return cast("FilteringBoundLogger", structlog_door.logger_named(name))


def _swap(pipeline: Pipeline | None) -> None:
    # The new one is in place before the old one closes: a thread that logs meanwhile finds one of them open.
    previous = active.swap(pipeline)
    if previous is not None:
        previous.close()
