"""The configuration as one value, composed of the options that the rooms own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from logship.errors import UsageError
from logship.expose import ServeOptions, parse_listen
from logship.measure import DEFAULT_MAX_SERIES, Routes, check_buckets
from logship.parse import FORMAT_NAMES
from logship.pipeline import MeasureOptions
from logship.read import FollowOptions

DEFAULT_PATHS = ("logs/combined*.log",)
"""What app_logging and the first user's winston write; `error.log` repeats lines of it and is not followed."""

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """How much is kept at most.

    Attributes:
        max_series: Label sets of requests that stand for themselves; the rest is counted under `__other__`.
    """

    max_series: int = DEFAULT_MAX_SERIES


@dataclass(frozen=True, slots=True)
class StateOptions:
    """Where positions and numbers are kept.

    Attributes:
        file: Path of the state file; None keeps them in memory, as long as the process lives.
        recovery: What to do when the file is damaged: `refuse` to start, or `reset`, which moves it aside.
    """

    file: str | None = None
    recovery: Literal["refuse", "reset"] = "refuse"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set.

    Attributes:
        paths: Paths, globs or directories of the logs to follow.
        poll_seconds: Longest time between two looks at the files.
    """

    paths: tuple[str, ...] = DEFAULT_PATHS
    poll_seconds: float = 0.5
    follow: FollowOptions = field(default_factory=FollowOptions)
    measure: MeasureOptions = field(default_factory=MeasureOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)
    serve: ServeOptions = field(default_factory=ServeOptions)
    state: StateOptions = field(default_factory=StateOptions)


class OptionError(UsageError):
    """The value of an option is not allowed.

    Attributes:
        key: The option, as its path in the configuration.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def check(config: Config) -> None:
    """Raise OptionError when a value is not allowed, however well it is typed."""
    for key, obey in (
        ("measure.buckets", lambda: check_buckets(config.measure.buckets)),
        ("measure.routes", lambda: Routes(config.measure.routes)),
        ("serve.listen", lambda: parse_listen(config.serve.listen)),
    ):
        try:
            obey()
        except UsageError as error:
            raise OptionError(key, str(error)) from None
    if config.measure.format not in (None, *FORMAT_NAMES):
        known = ", ".join((AUTO, *FORMAT_NAMES))
        raise OptionError("measure.format", f"there is no log format {config.measure.format!r}; known are {known}")
    for name, value, least in (
        ("poll_seconds", config.poll_seconds, 0.01),
        ("follow.linger_seconds", config.follow.linger_seconds, 0),
        ("follow.max_line_bytes", config.follow.max_line_bytes, 1024),
        ("follow.max_open_files", config.follow.max_open_files, 2),
        ("limits.max_series", config.limits.max_series, 1),
        ("serve.scrape_budget_seconds", config.serve.scrape_budget_seconds, 0),
    ):
        if not least <= value < float("inf"):
            raise OptionError(name, f"{name} must be a number from {least} on: not {value}")
    for name, path in (("state.file", config.state.file), *(("paths", path) for path in config.paths)):
        if path is not None and (not path or "\0" in path):
            raise OptionError(name, f"{name} must be the name of a file, not {path!r}")
    if not config.paths:
        raise OptionError("paths", "paths must name at least one log file, glob or directory")
