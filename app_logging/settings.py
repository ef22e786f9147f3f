"""What can be set: explicit arguments and environment variables come in, one checked value goes out.

An argument wins over the environment, the environment over the default. Nothing is opened or created here.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app_logging import levels

if TYPE_CHECKING:
    from collections.abc import Mapping

OnError = Literal["stderr", "raise"]
ON_ERROR_CHOICES = ("stderr", "raise")
DEFAULT_MAX_BYTES = 5 * 1024 * 1024
DEFAULT_BACKUPS = 5


class SettingsError(ValueError):
    """A setting has a value that is not allowed; `str()` names the value, its source and what is allowed."""

    def __init__(self, name: str, value: object, source: str, allowed: str) -> None:
        super().__init__(f"{name}: {value!r} (from {source}) is not allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process logs.

    Attributes:
        service: Name of the application, in every record.
        environment: Where it runs, in every record.
        log_dir: Absolute directory of the files; made if missing.
        level: Number of the lowest level that is written.
        max_bytes: Size at which a file is rotated; 0 leaves rotation to others.
        backups: How many rotated files are kept.
        console: Whether readable lines go to stderr; None: in development, if stderr is a terminal.
        on_error: What `configure` does when a file cannot be opened: go on with stderr, or raise the OSError.
    """

    service: str
    environment: str
    log_dir: Path
    level: int
    max_bytes: int
    backups: int
    console: bool | None
    on_error: OnError


def resolve(
    *,
    service: str | None = None,
    environment: str | None = None,
    log_dir: str | os.PathLike[str] | None = None,
    level: str | int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    backups: int = DEFAULT_BACKUPS,
    console: bool | None = None,
    on_error: OnError = "stderr",
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Fill the gaps from the environment and the defaults, and check every value."""
    if on_error not in ON_ERROR_CHOICES:
        raise SettingsError("on_error", on_error, "argument", f"choose one of {', '.join(ON_ERROR_CHOICES)}")
    return Settings(
        service=_text("service", *_pick(service, "SERVICE_NAME", "app", environ)),
        environment=_text("environment", *_pick(environment, "ENVIRONMENT", "development", environ)),
        log_dir=_directory(*_pick(log_dir, "LOG_DIR", "logs", environ)),
        level=_level(*_pick(level, "LOG_LEVEL", "info", environ)),
        max_bytes=_at_least("max_bytes", max_bytes, 0),
        backups=_at_least("backups", backups, 1),
        console=console,
        on_error=on_error,
    )


def _pick(argument: Any, variable: str, default: str, environ: Mapping[str, str]) -> tuple[Any, str]:
    if argument is not None:
        return argument, "argument"
    if environ.get(variable):
        return environ[variable], variable
    return default, "default"


def _text(name: str, value: object, source: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(name, value, source, "it must be a text that is not empty")
    return value


def _directory(value: object, source: str) -> Path:
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise SettingsError("log_dir", value, source, "it must be the path of a directory")
    # Absolute once and for all: gunicorn's --chdir and daemons move the working directory later.
    return Path(os.path.abspath(os.fspath(value)))  # noqa: PTH100 - Path.absolute() keeps ".."


def _level(value: object, source: str) -> int:
    if isinstance(value, int) and value in levels.NUMBERS.values():
        return value
    name = str(value).strip().lower()
    name = "warning" if name == "warn" else name
    if name in levels.NUMBERS:
        return levels.NUMBERS[name]
    nearest = difflib.get_close_matches(name, levels.NUMBERS, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    raise SettingsError("level", value, source, f"choose one of {', '.join(levels.NUMBERS)}{hint}")


def _at_least(name: str, value: object, minimum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise SettingsError(name, value, "argument", f"it must be a whole number, {minimum} or more")
    return value
