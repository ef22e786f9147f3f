"""Render the tally and the tailer's own state as metric families for prometheus-client's encoders.

The names are a contract: those of the first user's plan to the letter, ours under `logship_`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.core import Exemplar as Shown
from prometheus_client.registry import Collector, CollectorRegistry

from logship import __version__
from logship.expose.bounds import bucket_label
from logship.expose.own import own_families
from logship.measure import Exemplar, Exemplars, OwnMetric, Series, Tally, in_flight, not_silent
from logship.model import Constant, LabelSet, SeriesKey

DURATIONS = "http_request_duration_seconds"
"""The family of the durations of requests."""

REQUESTS = "http_requests"
"""The family of the requests."""

_NANOSECONDS = 1_000_000_000

_Bucket = tuple[str, float] | tuple[str, float, Shown]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tailer stands beside the numbers.

    Attributes:
        followed_files: Files that are open now.
        behind_bytes: Bytes that are in them but not counted yet, unfinished last lines included.
        happenings: How often something happened, by its name.
        saved_at: When the state file last held everything that is shown, in seconds since the epoch; None without one.
        checkpoint_errors: Commits that could not be made durable.
        is_reload_successful: Whether the last attempt to read the configuration succeeded.
        configured_at: When the last one that did was made, in seconds since the epoch.
    """

    followed_files: int = 0
    behind_bytes: int = 0
    happenings: Mapping[str, int] = field(default_factory=dict)
    saved_at: float | None = None
    checkpoint_errors: int = 0
    is_reload_successful: bool = True
    configured_at: float = 0.0


class Created(NamedTuple):
    """When the metrics of a label set began, in seconds since the epoch; None where that is not known."""

    requests: float | None
    durations: float | None


def _unknown(_series: SeriesKey) -> Created:
    return Created(None, None)


class TallyCollector(Collector):
    """Requests, messages, exceptions, lines: everything that was read from the logs.

    Args:
        tally: Returns the numbers.
        buckets: Upper bounds of the buckets in them, in seconds.
        created: Returns when the metrics of a series began.
        now: Seconds since the epoch: who is silent is left out. None, where there is no now, leaves out the requests
            in flight and no health check.
        metrics: The own metrics among the numbers.
        exemplars: Requests with a trace id, by series and bucket; only OpenMetrics shows them.
    """

    def __init__(
        self,
        tally: Callable[[], Tally],
        buckets: Sequence[float],
        created: Callable[[SeriesKey], Created] = _unknown,
        now: Callable[[], float] | None = time.time,
        metrics: Sequence[OwnMetric] = (),
        *,
        exemplars: Exemplars | None = None,
    ) -> None:
        self._tally = tally
        self._exemplars = exemplars or {}
        self._created = created
        self._now = now
        self._metrics = metrics
        self._bounds = [*(bucket_label(bound) for bound in buckets), "+Inf"]

    def collect(self) -> Iterator[Metric]:
        """Yield the families of one consistent state."""
        tally = self._tally()
        families: dict[str, Metric] = {}
        for constant, part in tally.by_labels():
            for family in self._of_source(constant, part):
                _add(families, family, constant)
        yield from families.values()
        yield from self._of_all(tally)

    def _of_source(self, constant: Constant, tally: Tally) -> Iterator[Metric]:
        """Yield what belongs to the sources with constant labels, without these labels."""
        yield self._durations(constant, tally)
        yield self._requests(constant, tally)
        yield from self._checks(tally)
        yield _counter("log_messages", "Log records, requests included, by level.", "level", tally.messages)
        yield _counter(
            "log_exceptions", "Log records that tell of an exception, by its type.", "type", tally.exceptions
        )
        yield CounterMetricFamily(
            "log_records_dropped", "Log records that the application says it could not write.", tally.dropped
        )
        yield _lines(tally)
        yield CounterMetricFamily("logship_read_bytes", "Bytes of log lines that were read.", tally.read_bytes)
        yield CounterMetricFamily(
            "logship_series_folded",
            "Requests and records counted under the label value __other__ because of a limit on series or labels.",
            tally.folded,
        )
        yield _counter(
            "logship_unfit_values",
            "Records that match a metric of the configuration but have no fitting number as its value, by metric.",
            "metric",
            tally.own_unfit,
        )
        if tally.last_event is not None:
            yield GaugeMetricFamily(
                "logship_last_event_timestamp_seconds", "Time of the newest log record that was read.", tally.last_event
            )
        yield from own_families(self._metrics, tally.own, lambda key: self._created((constant, key)).requests)

    def _of_all(self, tally: Tally) -> Iterator[Metric]:
        """Yield what is known of all sources together."""
        yield from self._active(tally)
        yield CounterMetricFamily(
            "logship_lost_bytes",
            "Bytes that were seen in a log file but never read, as it vanished.",
            tally.lost_bytes,
        )
        yield CounterMetricFamily(
            "logship_lost_lines",
            "Log records that are missing: gaps in the numbers that each process gives its records.",
            tally.lost_lines,
        )

    def _active(self, tally: Tally) -> Iterator[Metric]:
        if self._now is None:
            return
        newest = max((part.last_event or 0.0 for _, part in tally.by_labels()), default=0.0)
        active = in_flight(tally.writers, self._now(), newest)
        if active is not None:
            yield GaugeMetricFamily("active_connections", "Number of active connections", active)

    def _checks(self, tally: Tally) -> Iterator[Metric]:
        verdicts = not_silent(tally.checks, self._now()) if self._now is not None else tally.checks
        if verdicts:
            family = GaugeMetricFamily(
                "health_check_status",
                "Whether the latest run of a health check of the application passed (1) or failed (0).",
                labels=["check"],
            )
            for name, verdict in sorted(verdicts.items()):
                family.add_metric([name], verdict.is_healthy)
            yield family

    def _durations(self, constant: Constant, tally: Tally) -> Metric:
        family = HistogramMetricFamily(
            DURATIONS,
            "Duration of HTTP requests in seconds",
            labels=["method", "route", "status_code"],
        )
        for labels, series in sorted(tally.series.items()):
            if any(series.buckets):
                family.add_metric(list(labels), self._buckets(constant, labels, series), series.sum_ns / _NANOSECONDS)
                if (created := self._created((constant, labels)).durations) is not None:
                    named = dict(zip(("method", "route", "status_code"), labels, strict=True))
                    family.add_sample(f"{family.name}_created", named, created)
        return family

    def _requests(self, constant: Constant, tally: Tally) -> Metric:
        family = CounterMetricFamily(REQUESTS, "Total number of HTTP requests", labels=["method", "route", "status"])
        for labels, series in sorted(tally.series.items()):
            family.add_metric(list(labels), series.requests, self._created((constant, labels)).requests)
        return family

    def _buckets(self, constant: Constant, labels: LabelSet, series: Series) -> list[_Bucket]:
        counts = enumerate(zip(self._bounds, accumulate(series.buckets), strict=True))
        return [
            (*count, _shown(found)) if (found := self._exemplars.get((constant, labels, number))) else count
            for number, count in counts
        ]


class StandingCollector(Collector):
    """The tailer itself: files, lag, happenings."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """Yield the families of one consistent state."""
        standing = self._standing()
        yield GaugeMetricFamily("logship_followed_files", "Log files that are followed.", standing.followed_files)
        yield GaugeMetricFamily(
            "logship_behind_bytes", "Bytes in the followed files that are not counted yet.", standing.behind_bytes
        )
        yield _counter(
            "logship_file_events", "What happened to followed files, by event.", "event", standing.happenings
        )
        yield from _checkpoint(standing)
        yield from _configuration(standing)
        build = GaugeMetricFamily("logship_build_info", "Version of logship, as a label.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build


def _shown(exemplar: Exemplar) -> Shown:
    return Shown({"trace_id": exemplar.trace_id}, exemplar.value, exemplar.at or None)


def _add(families: dict[str, Metric], family: Metric, constant: Constant) -> None:
    """Add the samples of a family to those of the same name, with constant labels."""
    if constant:
        more = dict(constant)
        family.samples = [sample._replace(labels={**sample.labels, **more}) for sample in family.samples]
    if family.name in families:
        families[family.name].samples += family.samples
    else:
        families[family.name] = family


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """Return a registry of its own for `collectors`; the process-wide default one is not used."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in collectors:
        registry.register(collector)
    return registry


def _checkpoint(standing: Standing) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "logship_checkpoint_errors", "Commits that could not be made durable.", standing.checkpoint_errors
    )
    if standing.saved_at is not None:
        yield GaugeMetricFamily(
            "logship_checkpoint_last_success_timestamp_seconds",
            "Time at which the state file last held everything that is shown.",
            standing.saved_at,
        )


def _configuration(standing: Standing) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "logship_config_last_reload_successful",
        "Whether the last attempt to read the configuration succeeded.",
        standing.is_reload_successful,
    )
    yield GaugeMetricFamily(
        "logship_config_last_reload_success_timestamp_seconds",
        "Time at which the configuration was last read with success.",
        standing.configured_at,
    )


def outcomes(tally: Tally) -> Iterator[tuple[str, str, int]]:
    """Yield what became of lines: the outcome, the reason when it is a rejection, how many."""
    yield "request", "", tally.request_lines
    yield "not_request", "", tally.not_request
    yield "dropped", "", tally.ruled_out
    if tally.outside:
        yield "outside", "", tally.outside
    for reason, count in sorted(tally.rejected.items()):
        yield "rejected", reason, count


def _lines(tally: Tally) -> Metric:
    family = CounterMetricFamily(
        "logship_lines",
        "Log lines by what became of them; rejected ones by reason. The sum is all lines read.",
        labels=["outcome", "reason"],
    )
    for outcome, reason, count in outcomes(tally):
        family.add_metric([outcome, reason], count)
    return family


def _counter(name: str, documentation: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
