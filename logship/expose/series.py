"""Write the series of each kind of metric: a label set and its numbers come in, templates and texts go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from logship.expose.collectors import DURATIONS, REQUESTS, Created
from logship.expose.lines import CounterLines, GaugeLines, HistogramLines, count_text, number_text
from logship.expose.pages import Writer
from logship.measure import UNITS, Exemplar, Exemplars, OwnMetric, Sample, Series
from logship.model import Constant, LabelSet, OwnKey, SeriesKey

_NANOSECONDS = 1_000_000_000

CreatedOf = Callable[[SeriesKey], Created]
"""Returns when the metrics of a series began."""


class Requests:
    """Write the requests of a source with constant labels."""

    def __init__(self, constant: Constant, created: CreatedOf) -> None:
        self._lines = CounterLines(REQUESTS, ("method", "route", "status"), constant)
        self._constant = constant
        self._created = created

    def is_shown(self, _series: Series) -> bool:
        """Return whether a series has lines."""
        return True

    def template(self, labels: LabelSet) -> str:
        """Return the lines of a series with a place for its number."""
        return self._lines.template(labels, self._created((self._constant, labels)).requests)

    def numbers(self, _labels: LabelSet, series: Series) -> Sequence[str]:
        """Return its number."""
        return (count_text(series.requests),)


class Durations:
    """Write the durations of requests of a source with constant labels."""

    def __init__(
        self, constant: Constant, buckets: Sequence[float], created: CreatedOf, exemplars: Callable[[], Exemplars]
    ) -> None:
        self._lines = HistogramLines(DURATIONS, ("method", "route", "status_code"), constant, buckets)
        self._places = range(len(buckets) + 1)
        self._constant = constant
        self._created = created
        self._exemplars = exemplars

    def is_shown(self, series: Series) -> bool:
        """Return whether a series has lines: some of its requests have a duration."""
        return any(series.buckets)

    def template(self, labels: LabelSet) -> str:
        """Return the lines of a series with places for its numbers."""
        return self._lines.template(labels, self._created((self._constant, labels)).durations)

    def numbers(self, labels: LabelSet, series: Series) -> Sequence[str]:
        """Return its numbers."""
        return self._lines.numbers(series.buckets, series.sum_ns / _NANOSECONDS, self._exemplars_of(labels))

    def _exemplars_of(self, labels: LabelSet) -> dict[int, Exemplar]:
        found = self._exemplars()
        if not found:
            return {}
        keys = ((self._constant, labels, place) for place in self._places)
        return {key[-1]: found[key] for key in keys if key in found}


class OwnCounters:
    """Write an own counter of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, created: CreatedOf) -> None:
        self._lines = CounterLines(metric.name.removesuffix("_total"), _names(metric), constant)
        self._constant = constant
        self._created = created

    def is_shown(self, _sample: Sample) -> bool:
        """Return whether a series has lines."""
        return True

    def template(self, key: OwnKey) -> str:
        """Return the lines of a series with a place for its number."""
        return self._lines.template(key.values, self._created((self._constant, key)).requests)

    def numbers(self, _key: OwnKey, sample: Sample) -> Sequence[str]:
        """Return its number."""
        return (number_text(sample.total / UNITS),)


class OwnGauges:
    """Write an own gauge of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, _created: CreatedOf) -> None:
        self._lines = GaugeLines(metric.name, _names(metric), constant)

    def is_shown(self, sample: Sample) -> bool:
        """Return whether a series has a line: it has had a value."""
        return sample.latest is not None

    def template(self, key: OwnKey) -> str:
        """Return the line of a series with a place for its number."""
        return self._lines.template(key.values)

    def numbers(self, _key: OwnKey, sample: Sample) -> Sequence[str]:
        """Return its number."""
        return (number_text(float(sample.latest.value)),) if sample.latest is not None else ()


class OwnHistograms:
    """Write an own histogram of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, created: CreatedOf) -> None:
        self._lines = HistogramLines(metric.name, _names(metric), constant, metric.buckets)
        self._constant = constant
        self._created = created

    def is_shown(self, _sample: Sample) -> bool:
        """Return whether a series has lines."""
        return True

    def template(self, key: OwnKey) -> str:
        """Return the lines of a series with places for its numbers."""
        return self._lines.template(key.values, self._created((self._constant, key)).requests)

    def numbers(self, _key: OwnKey, sample: Sample) -> Sequence[str]:
        """Return its numbers."""
        return self._lines.numbers(sample.buckets, sample.total / UNITS)


OWN_WRITERS: Mapping[str, Callable[[OwnMetric, Constant, CreatedOf], Writer[OwnKey, Sample]]] = {
    "counter": OwnCounters,
    "gauge": OwnGauges,
    "histogram": OwnHistograms,
}
"""What writes the metrics of each kind."""


def _names(metric: OwnMetric) -> list[str]:
    return [label.name for label in metric.labels]
