"""Say what a scrape would have shown: the change of each slot comes in, the samples that are new go out.

The collector of `/metrics` itself renders them, but only those series that a slot has touched.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric

from logship import __version__
from logship.config import Config
from logship.expose import TallyCollector
from logship.measure import Tally
from logship.replay.backfill.naming import Family, Key, key_of

_FADING = frozenset({"active_connections", "health_check_status"})
"""Families whose series end when their writers have been silent for too long."""

GONE = math.nan
"""The value of a series that is shown no longer."""


class Shown(NamedTuple):
    """A sample that may differ from the last one of its series."""

    family: Family
    key: Key
    value: float

    @property
    def is_cumulative(self) -> bool:
        """Whether it only ever rises."""
        return self.family.type != "gauge"


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
        self._keys: dict[tuple[object, ...], Key] = {}
        self._view = Tally()
        self._at = 0.0
        self._fading: set[tuple[Family, Key]] = set()
        self._collector = TallyCollector(
            lambda: self._view, config.measure.buckets, now=lambda: self._at, metrics=config.own.metrics
        )

    def after(self, change: Tally, at: float) -> list[Shown]:
        """Add a change; return the samples of all series that it touched as they are at a time."""
        admitted = self._admission.admit(self.total, change)
        self.total.add(admitted)
        self.total.bound_writers()
        return self._shown(admitted, at)

    def silent(self, at: float) -> list[Shown]:
        """Return the samples that change without any line."""
        return self._shown(Tally(), at) if self._fading else []

    def _shown(self, touched: Tally, at: float) -> list[Shown]:
        self._view, self._at = _touched(self.total, touched), at
        shown = [each for metric in self._collector.collect() for each in self._samples(metric)]
        shown += self._samples(_BUILD)
        fading = {(each.family, each.key) for each in shown if each.family.name in _FADING}
        shown += (Shown(family, key, GONE) for family, key in self._fading - fading)
        self._fading = fading
        return shown

    def _samples(self, metric: Metric) -> Iterator[Shown]:
        if metric.samples:
            family = Family(metric.name, metric.type, metric.documentation)
            for sample in metric.samples:
                yield Shown(family, self._key(sample.name, sample.labels), float(sample.value))

    def _key(self, name: str, labels: Mapping[str, str]) -> Key:
        """Return the key of a series, the same object each time: there are no more of them than the limits let be."""
        written = name, *labels.items()
        key = self._keys.get(written)
        if key is None:
            key = self._keys[written] = key_of(name, {**labels, **self._labels})
        return key


def _touched(total: Tally, touched: Tally) -> Tally:
    """Return the part of `total` that has another value than before."""
    none = Tally()
    view = replace(
        total,
        series={labels: total.series[labels] for labels in touched.series},
        own={key: total.own[key] for key in touched.own},
        parts={constant: _touched(part, touched.parts.get(constant, none)) for constant, part in total.parts.items()},
    )
    view.unlogged = view.requests - total.request_lines  # so that it has as many request lines as all series have
    return view


_BUILD = GaugeMetricFamily("logship_build_info", "Version of logship, as a label.", labels=["version"])
_BUILD.add_metric([__version__], 1)
