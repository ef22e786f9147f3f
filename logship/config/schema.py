"""The configuration as one value, composed of the options that the rooms own."""

from __future__ import annotations

from dataclasses import dataclass, field

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
class Config:
    """Everything that can be set.

    Attributes:
        paths: Paths, globs or directories of the logs to follow.
        poll_seconds: Longest time between two looks at the files.
    """

    paths: tuple[str, ...] = DEFAULT_PATHS
    poll_seconds: float = 0.25
    follow: FollowOptions = field(default_factory=FollowOptions)
    measure: MeasureOptions = field(default_factory=MeasureOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)
    serve: ServeOptions = field(default_factory=ServeOptions)


def check(config: Config) -> None:
    """Raise UsageError when a value is not allowed, however well it is typed."""
    check_buckets(config.measure.buckets)
    Routes(config.measure.routes)
    parse_listen(config.serve.listen)
    if config.measure.format not in (None, *FORMAT_NAMES):
        known = ", ".join((AUTO, *FORMAT_NAMES))
        raise UsageError(f"there is no log format {config.measure.format!r}; known are {known}")
    for name, value, least in (
        ("poll_seconds", config.poll_seconds, 0.01),
        ("follow.linger_seconds", config.follow.linger_seconds, 0),
        ("follow.max_line_bytes", config.follow.max_line_bytes, 1024),
        ("limits.max_series", config.limits.max_series, 1),
        ("serve.scrape_budget_seconds", config.serve.scrape_budget_seconds, 0),
    ):
        if not least <= value < float("inf"):
            raise UsageError(f"{name} must be at least {least}: not {value}")
    if not config.paths:
        raise UsageError("paths must name at least one log file, glob or directory")
