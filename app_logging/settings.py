"""What can be set: explicit arguments and environment variables come in, one checked value goes out.

An argument wins over the environment, the environment over the default. Nothing is opened or created here.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, get_args

from app_logging import levels
from app_logging.secret_values import NAMED_PATTERNS

OnError = Literal["stderr", "raise"]
QueuePolicy = Literal["drop", "wait"]
DEFAULT_MAX_BYTES = 5 * 1024 * 1024
DEFAULT_BACKUPS = 5
DEFAULT_QUEUE_BYTES = 8 * 1024 * 1024


class SettingsError(ValueError):
    """A setting has a value that is not allowed; `str()` names the value, its source and what is allowed."""

    def __init__(self, name: str, value: object, source: str, allowed: str) -> None:
        super().__init__(f"{name}: {value!r} (from {source}) is not allowed: {allowed}")


class Options(TypedDict, total=False):
    """What `configure` takes; see `Settings` for the meaning. None is as good as not given."""

    service: str | None
    environment: str | None
    log_dir: str | os.PathLike[str] | None
    level: str | int | None
    levels: str | Mapping[str, str | int] | None
    max_bytes: int
    backups: int
    total_bytes: int
    compress: bool
    strict: bool
    per_process: bool
    console: bool | None
    on_error: OnError
    redact: bool
    redact_keys: Collection[str]
    redact_except: Collection[str]
    redact_patterns: Collection[str | re.Pattern[str]]
    rate_limits: Mapping[str, int]
    heartbeat_seconds: float
    queue: QueuePolicy | None
    queue_bytes: int


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process logs.

    Attributes:
        service: Name of the application, in every record (SERVICE_NAME, else "app").
        environment: Where it runs, in every record (ENVIRONMENT, else "development").
        log_dir: Absolute directory of the files (LOG_DIR, else "logs"); made if missing.
        level: Number of the lowest level that is written (LOG_LEVEL, else info).
        levels: The same for single loggers and those below them (LOG_LEVELS: "sqlalchemy=WARNING,app.db=DEBUG").
        max_bytes: Size at which a file is rotated; 0 leaves rotation to others, such as logrotate.
        backups: How many rotated files are kept.
        total_bytes: Size of all files of one log together, the oldest go first; 0 is no bound.
        compress: Whether rotated files become `.gz`, in a thread; implies `strict`.
        strict: Whether no record may ever go to a renamed file; costs a lock and a look per record.
        per_process: Whether each process has files of its own, for file systems without locks or atomic appends.
        console: Whether readable lines go to stderr; None: in development, if stderr is a terminal.
        on_error: What `configure` does when a file cannot be opened: go on with stderr, or raise the OSError.
        redact: Whether secrets are taken out of the records, by the names of fields and of parameters in urls.
        redact_keys: Names of more fields that are secret.
        redact_except: Names of fields that are not, whatever the rules say.
        redact_patterns: Looks of secrets in any text: "bearer", "jwt", "card", or compiled patterns.
        rate_limits: Records per second of a logger and those below it together, by name; "root" is for all others.
        heartbeat_seconds: Time between two heartbeat records; 0 is none.
        queue: None writes before the call returns; else what happens when the queue to a writing thread is full.
        queue_bytes: What the queue holds at most.
    """

    service: str = "app"
    environment: str = "development"
    log_dir: Path = Path("logs")
    level: int = levels.INFO
    levels: Mapping[str, int] = field(default_factory=dict)
    max_bytes: int = DEFAULT_MAX_BYTES
    backups: int = DEFAULT_BACKUPS
    total_bytes: int = 0
    compress: bool = False
    strict: bool = False
    per_process: bool = False
    console: bool | None = None
    on_error: OnError = "stderr"
    redact: bool = True
    redact_keys: tuple[str, ...] = ()
    redact_except: tuple[str, ...] = ()
    redact_patterns: tuple[str | re.Pattern[str], ...] = ()
    rate_limits: Mapping[str, int] = field(default_factory=dict)
    heartbeat_seconds: float = 0.0
    queue: QueuePolicy | None = None
    queue_bytes: int = DEFAULT_QUEUE_BYTES


def resolve(*, environ: Mapping[str, str] = os.environ, **options: Unpack[Options]) -> Settings:
    """Fill the gaps from the environment and the defaults, and check every value."""
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise SettingsError("option", min(unknown), "argument", f"choose one of {', '.join(Options.__annotations__)}")
    given: dict[str, Any] = dict(options)
    values: dict[str, Any] = {
        "service": _text("service", *_pick(given.pop("service", None), "SERVICE_NAME", "app", environ)),
        "environment": _text(
            "environment", *_pick(given.pop("environment", None), "ENVIRONMENT", "development", environ)
        ),
        "log_dir": _directory(*_pick(given.pop("log_dir", None), "LOG_DIR", "logs", environ)),
        "level": level_number("level", *_pick(given.pop("level", None), "LOG_LEVEL", "info", environ)),
        "levels": _levels(*_pick(given.pop("levels", None), "LOG_LEVELS", {}, environ)),
    }
    values |= {name: CHECKS[name](name, value) for name, value in given.items()}
    settings = Settings(**values)
    _check_together(settings)
    return settings


def level_number(name: str, value: object, source: str) -> int:
    """Return the number of a level given by name or number."""
    if isinstance(value, int) and value in levels.NUMBERS.values():
        return value
    wanted = str(value).strip().lower()
    wanted = "warning" if wanted == "warn" else wanted
    if wanted in levels.NUMBERS:
        return levels.NUMBERS[wanted]
    nearest = difflib.get_close_matches(wanted, levels.NUMBERS, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    raise SettingsError(name, value, source, f"choose one of {', '.join(levels.NUMBERS)}{hint}")


def _check_together(settings: Settings) -> None:
    if settings.per_process and (settings.strict or settings.compress):
        raise SettingsError("per_process", True, "argument", "it needs no `strict`, and cannot `compress`")  # noqa: FBT003 - the value
    needs_rotation = settings.compress or settings.total_bytes
    if needs_rotation and not settings.max_bytes:
        raise SettingsError("max_bytes", 0, "argument", "`compress` and `total_bytes` are for files that we rotate")
    if 0 < settings.total_bytes < settings.max_bytes:
        raise SettingsError("total_bytes", settings.total_bytes, "argument", "it must be 0 or at least `max_bytes`")


def _pick(argument: Any, variable: str, default: Any, environ: Mapping[str, str]) -> tuple[Any, str]:
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
    try:
        path = os.fsdecode(os.fsencode(value))  # type: ignore[arg-type] # that is what is found out
    except (TypeError, UnicodeEncodeError):
        path = ""
    if not path or "\0" in path:
        raise SettingsError("log_dir", value, source, "it must be the path of a directory")
    # Absolute once and for all: gunicorn's --chdir and daemons move the working directory later.
    try:
        return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps ".."
    except FileNotFoundError:
        raise SettingsError("log_dir", value, source, "give an absolute path: the working directory is gone") from None


def _levels(value: object, source: str) -> dict[str, int]:
    pairs: list[tuple[Any, Any]]
    if isinstance(value, str):
        pairs = [(name, level) for name, _, level in (part.partition("=") for part in value.split(",") if part.strip())]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise SettingsError("levels", value, source, "write it as sqlalchemy=WARNING,app.db=DEBUG")
    named = {}
    for name, level in pairs:
        if not isinstance(name, str) or not name.strip() or level == "":
            raise SettingsError("levels", value, source, "write it as sqlalchemy=WARNING,app.db=DEBUG")
        named[name.strip()] = level_number(f"levels: {name.strip()}", level, source)
    return named


def _at_least(minimum: int) -> Any:
    def check(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise SettingsError(name, value, "argument", f"it must be a whole number, {minimum} or more")
        return value

    return check


def _one_of(choices: tuple[object, ...]) -> Any:
    def check(name: str, value: object) -> Any:
        if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
            raise SettingsError(name, value, "argument", f"choose one of {', '.join(map(str, choices))}")
        return value

    return check


def _names(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Collection) or not all(isinstance(each, str) for each in value):
        raise SettingsError(name, value, "argument", "it must be a list of names")
    return tuple(value)


def _patterns(name: str, value: object) -> tuple[str | re.Pattern[str], ...]:
    if isinstance(value, str) or not isinstance(value, Collection):
        raise SettingsError(name, value, "argument", "it must be a list of names and compiled patterns")
    for each in value:
        if each not in NAMED_PATTERNS and not (isinstance(each, re.Pattern) and isinstance(each.pattern, str)):
            raise SettingsError(
                name, each, "argument", f"choose of {', '.join(NAMED_PATTERNS)}, or re.compile() a text"
            )
    return tuple(value)


def _limits(name: str, value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise SettingsError(name, value, "argument", 'write it as {"sqlalchemy": 100}, in records per second')
    return {logger: _at_least(1)(f"{name}: {logger}", limit) for logger, limit in value.items()}


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise SettingsError(name, value, "argument", "it must be a number of seconds, 0 is never")
    return float(value)


_whether = _one_of((True, False))

CHECKS = {
    "max_bytes": _at_least(0),
    "backups": _at_least(1),
    "total_bytes": _at_least(0),
    "compress": _whether,
    "strict": _whether,
    "per_process": _whether,
    "console": _one_of((True, False, None)),
    "on_error": _one_of(get_args(OnError)),
    "redact": _whether,
    "redact_keys": _names,
    "redact_except": _names,
    "redact_patterns": _patterns,
    "rate_limits": _limits,
    "heartbeat_seconds": _seconds,
    "queue": _one_of((*get_args(QueuePolicy), None)),
    "queue_bytes": _at_least(1024),
}
"""How each option that has no environment variable is checked."""
