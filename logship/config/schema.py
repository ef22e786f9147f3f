"""The configuration as one value, composed of the options that the rooms own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Literal

from logship.config import metrics as own
from logship.config.metrics import MatchOptions, MetricOptions
from logship.config.sources import Source, counted, problems
from logship.errors import UsageError
from logship.expose import ServeOptions, parse_listen
from logship.measure import (
    DEFAULT_MAX_LABEL_VALUES,
    DEFAULT_MAX_ROUTES,
    DEFAULT_MAX_SERIES,
    Admission,
    OwnMetrics,
    Routes,
    Tally,
    check_buckets,
)
from logship.pipeline import MeasureOptions, Pipeline, Watch, Window
from logship.read import FollowOptions


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """How much is kept at most.

    Attributes:
        max_series: Label sets of requests that stand for themselves; the rest is counted under `__other__`. The same
            for each own metric.
        max_routes: Routes that stand for themselves.
        max_label_values: Values of a label of an own metric that stand for themselves.
    """

    max_series: int = DEFAULT_MAX_SERIES
    max_routes: int = DEFAULT_MAX_ROUTES
    max_label_values: int = DEFAULT_MAX_LABEL_VALUES


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
        sources: The logs to follow; a file that several of them mean belongs to the first.
        poll_seconds: Longest time between two looks at the files.
        metrics: Metrics of one's own.
        drop: A record that matches one of these counts nowhere but as dropped.
    """

    sources: tuple[Source, ...] = (Source(),)
    poll_seconds: float = 0.5
    follow: FollowOptions = field(default_factory=FollowOptions)
    measure: MeasureOptions = field(default_factory=MeasureOptions)
    metrics: tuple[MetricOptions, ...] = ()
    drop: tuple[MatchOptions, ...] = ()
    limits: LimitOptions = field(default_factory=LimitOptions)
    serve: ServeOptions = field(default_factory=ServeOptions)
    state: StateOptions = field(default_factory=StateOptions)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths, globs and directories of all sources."""
        return tuple(path for source in self.sources for path in source.paths)

    @property
    def admission(self) -> Admission:
        """What decides which label sets stand for themselves."""
        return Admission(self.limits.max_series, self.limits.max_label_values, self.limits.max_routes)

    def pipeline(
        self,
        before: Tally | None = None,
        *,
        window: Window | None = None,
        watch: Watch | None = None,
        with_exemplars: bool = False,
    ) -> Pipeline:
        """Return what counts as it says; `before` are the numbers that the changes are added to."""
        return Pipeline(
            self.measure,
            counted(self.sources),
            self.own,
            max_routes=self.limits.max_routes,
            before=before,
            window=window,
            watch=watch,
            with_exemplars=with_exemplars,
        )

    def live_pipeline(self, before: Tally) -> Pipeline:
        """Return what counts for `tail`, which shows exemplars, and quantiles on its status page."""
        measure = replace(self.measure, quantiles=self.measure.quantiles or self.serve.ui)
        return replace(self, measure=measure).pipeline(before, with_exemplars=self.measure.exemplars)

    @property
    def own(self) -> OwnMetrics:
        """What is counted beside the built-in metrics, and what is dropped."""
        return own.own_metrics(self.metrics, self.drop)


class OptionError(UsageError):
    """The value of an option is not allowed.

    Attributes:
        key: The option, as its path in the configuration.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


_LEAST = {
    "poll_seconds": 0.01,
    "follow.linger_seconds": 0,
    "follow.max_line_bytes": 1024,
    "follow.max_open_files": 2,
    "limits.max_series": 1,
    "limits.max_routes": 1,
    "limits.max_label_values": 1,
    "serve.scrape_budget_seconds": 0,
    "serve.stalled_seconds": 0.1,
    "serve.limits.max_connections": 4,
    "serve.limits.request_timeout_seconds": 0.1,
    "serve.limits.idle_timeout_seconds": 0.1,
    "serve.limits.send_timeout_seconds": 0.1,
}
"""From where on each number is allowed."""

_FILES = ("state.file", "serve.web_config_file")


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
    for name, least in _LEAST.items():
        number = attrgetter(name)(config)
        if not least <= number < float("inf"):
            raise OptionError(name, f"{name} must be a number from {least} on: not {number}")
    for name in _FILES:
        path = attrgetter(name)(config)
        if path is not None and (not path or "\0" in path):
            raise OptionError(name, f"{name} must be the name of a file, not {path!r}")
    for key, why in problems(config.sources):
        raise OptionError(key, why)
    for key, why in own.problems(
        config.metrics,
        config.drop,
        constant={label for source in config.sources for label in source.labels},
        max_series=config.limits.max_series,
        max_label_values=config.limits.max_label_values,
    ):
        raise OptionError(key, why)
