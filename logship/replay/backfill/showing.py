"""Say what a scrape would have shown: the change of each slot comes in, the samples that are new go out.

The collector of `/metrics` itself says what is shown beside requests; of these only the series that a slot has touched
are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric

from logship import __version__
from logship.config import Config
from logship.expose import DURATIONS, REQUESTS, TallyCollector, bucket_label
from logship.measure import Series, Tally
from logship.model import Constant, LabelSet
from logship.replay.backfill.naming import Family, Key, Track, key_of

_FADING = frozenset({"active_connections", "health_check_status"})
"""Families whose series end when their writers have been silent for too long."""

_NANOSECONDS = 1_000_000_000

GONE = math.nan
"""The value of a series that is shown no longer."""

Shown = tuple[Track, float]
"""A series, and its value, which may differ from the last one."""


class _Tracks(NamedTuple):
    """What is shown of the requests of a label set: the total; the buckets, the count and the sum of durations."""

    requests: Track
    durations: tuple[Track, ...]


class Showing:
    """Add up the changes and show what they came to.

    Args:
        config: How the lines were counted.
        labels: Labels that all series get, such as those that Prometheus gives to a target.
    """

    def __init__(self, config: Config, labels: Mapping[str, str]) -> None:
        self.total = Tally()
        self._admission = config.admission
        self._labels = dict(labels)
        self._bounds = [*map(bucket_label, config.measure.buckets), "+Inf"]
        self._written: dict[tuple[object, ...], Track] = {}
        self._tracks: dict[tuple[Family, Key], Track] = {}
        self._of_requests: dict[tuple[Constant, LabelSet], _Tracks] = {}
        self._view = Tally()
        self._at = 0.0
        self._fading: set[Track] = set()
        self._collector = TallyCollector(
            lambda: self._view, config.measure.buckets, now=lambda: self._at, metrics=config.own.metrics
        )
        self._families = {each.name: _family(each) for each in self._collector.collect()}

    def after(self, change: Tally, at: float) -> list[Shown]:
        """Add a change; return the samples of all series that it touched as they are at a time."""
        return self._shown(self._admission.add(self.total, change), at)

    def silent(self, at: float) -> list[Shown]:
        """Return the samples that change without any line."""
        return self._shown(Tally(), at) if self._fading else []

    def _shown(self, touched: Tally, at: float) -> list[Shown]:
        self._view, self._at = _beside_requests(self.total, touched), at
        shown = [each for metric in self._collector.collect() for each in self._samples(metric)]
        shown += self._samples(_BUILD)
        for constant, part in touched.by_labels():
            held = self.total.part(constant).series
            for labels in part.series:
                self._add_requests(shown, constant, labels, held[labels])
        fading = {track for track, _ in shown if track.family.name in _FADING}
        shown += ((track, GONE) for track in self._fading - fading)
        self._fading = fading
        return shown

    def _add_requests(self, shown: list[Shown], constant: Constant, labels: LabelSet, series: Series) -> None:
        tracks = self._of_requests.get((constant, labels))
        if tracks is None:
            tracks = self._of_requests[constant, labels] = self._new_tracks(dict(constant), labels)
        shown.append((tracks.requests, float(series.requests)))
        counts = list(accumulate(map(float, series.buckets)))
        if counts[-1]:
            shown += zip(tracks.durations, (*counts, counts[-1], series.sum_ns / _NANOSECONDS), strict=True)

    def _new_tracks(self, constant: Mapping[str, str], labels: LabelSet) -> _Tracks:
        method, route, status = labels
        requests, durations = self._families[REQUESTS], self._families[DURATIONS]
        named = {"method": method, "route": route, "status_code": status, **constant}
        buckets = (self._track(durations, f"{DURATIONS}_bucket", {**named, "le": bound}) for bound in self._bounds)
        total = {"method": method, "route": route, "status": status, **constant}
        return _Tracks(
            self._track(requests, f"{REQUESTS}_total", total),
            (*buckets, *(self._track(durations, f"{DURATIONS}_{each}", named) for each in ("count", "sum"))),
        )

    def _samples(self, metric: Metric) -> Iterator[Shown]:
        if metric.samples:
            family = _family(metric)
            for name, labels, value, *_ in metric.samples:
                written = name, *labels.items()
                track = self._written.get(written)
                if track is None:
                    track = self._written[written] = self._track(family, name, labels)
                yield track, float(value)

    def _track(self, family: Family, name: str, labels: Mapping[str, str]) -> Track:
        """Return the track of a series, the same each time: there are no more of them than the limits let be."""
        key = key_of(name, {**labels, **self._labels})
        return self._tracks.setdefault((family, key), Track(family, key))


def _family(metric: Metric) -> Family:
    return Family(metric.name, metric.type, metric.documentation)


def _beside_requests(total: Tally, touched: Tally) -> Tally:
    """Return `total` without requests, and of the own metrics those that have another value than before."""
    none = Tally()
    return replace(
        total,
        series={},
        own={key: total.own[key] for key in touched.own},
        parts={
            constant: _beside_requests(part, touched.parts.get(constant, none))
            for constant, part in total.parts.items()
        },
        unlogged=-total.request_lines,  # so that it has as many request lines as all series have
    )


_BUILD = GaugeMetricFamily("logship_build_info", "Version of logship, as a label.", labels=["version"])
_BUILD.add_metric([__version__], 1)
