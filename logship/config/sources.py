"""The sources: which logs are followed, how their lines are read, which labels their metrics get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from logship.config.names import unfit_label
from logship.errors import UsageError
from logship.parse import named
from logship.pipeline import SourceOptions
from logship.read import Meant, Sources

DEFAULT_PATHS = ("logs/combined*.log",)
"""What app_logging and the first user's winston write; `error.log` repeats lines of it and is not followed."""

AUTO = "auto"

_TAKEN = frozenset(
    {"method", "route", "status", "status_code", "level", "type", "outcome", "reason", "check", "metric"}
)
"""Labels that the metrics have themselves."""


@dataclass(frozen=True, slots=True)
class Source:
    """Logs that are read alike.

    Attributes:
        paths: Paths, globs or directories of the logs to follow.
        exclude: The same, for those of them that are left out.
        format: Name of the log format, None to find it from the first request of each file.
        wrap: What the container runtime wraps the lines in: docker (json-file), cri, or None for nothing.
        labels: Labels that all metrics from these logs get.
    """

    paths: tuple[str, ...] = DEFAULT_PATHS
    exclude: tuple[str, ...] = ()
    format: str | None = None
    wrap: Literal["docker", "cri"] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the source is known by, also after a restart with others before it."""
        return self.paths[0]


def followed(sources: Sequence[Source]) -> Sources:
    """Return what is to be followed."""
    return Sources({source.name: Meant(source.paths, source.exclude, source.wrap) for source in sources})


def counted(sources: Sequence[Source]) -> dict[str, SourceOptions]:
    """Return how the lines of each source are to be counted."""
    return {
        source.name: SourceOptions(source.format, tuple(sorted(source.labels.items())), source.wrap)
        for source in sources
    }


def problems(sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """Yield what is not allowed: the place, and what is wrong there."""
    if not sources:
        yield "sources", "sources must name at least one log file, glob or directory: '- paths: [logs/combined*.log]'"
    names: list[str] = []
    for number, source in enumerate(sources):
        at = f"sources.{number}"
        yield from _problems_of(source, at)
        if source.paths and source.name in names:
            yield f"{at}.paths", f"{at}.paths begins with {source.name!r} as another source does"
        names += source.paths[:1]


def _problems_of(source: Source, at: str) -> Iterator[tuple[str, str]]:
    if not source.paths:
        yield f"{at}.paths", f"{at}.paths must name at least one log file, glob or directory"
    for key, paths in (("paths", source.paths), ("exclude", source.exclude)):
        for path in paths:
            if not path or "\0" in path:
                yield f"{at}.{key}", f"{at}.{key} must be the name of a file, not {path!r}"
    if source.format is not None:
        try:
            named(source.format)
        except UsageError as error:
            yield f"{at}.format", str(error)
    for label in source.labels:
        if why := unfit_label(label) or ("the metrics have that label already" if label in _TAKEN else None):
            yield f"{at}.labels.{label}", f"{label!r} cannot be a label: {why}"
