"""Write the series of each kind of metric: a label set and its numbers come in, templates and texts go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from logship.expose.collectors import DURATIONS, REQUESTS, Created
from logship.expose.lines import (
    DIGITS,
    TEXTS,
    CounterLines,
    Form,
    GaugeLines,
    HistogramLines,
    count_text,
    form_of,
    number_text,
)
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

    def form(self, _labels: LabelSet, series: Series) -> Form:
        """Return how its number is written."""
        return form_of(series.requests)

    def template(self, labels: LabelSet, form: Form) -> str:
        """Return the lines of a series with a place for its number."""
        return self._lines.template(labels, self._created((self._constant, labels)).requests, form)

    def numbers(self, _labels: LabelSet, series: Series, form: Form) -> Sequence[float | bytes]:
        """Return its number."""
        return (series.requests if form is DIGITS else count_text(series.requests).encode(),)


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

    def form(self, labels: LabelSet, series: Series) -> Form | None:
        """Return how its numbers are written; None when none of its requests has a duration."""
        if not (timed := sum(series.buckets)):
            return None
        return TEXTS if self._exemplars_of(labels) else form_of(timed, series.sum_ns / _NANOSECONDS)

    def template(self, labels: LabelSet, form: Form) -> str:
        """Return the lines of a series with places for its numbers."""
        return self._lines.template(labels, self._created((self._constant, labels)).durations, form)

    def numbers(self, labels: LabelSet, series: Series, form: Form) -> Sequence[float | bytes]:
        """Return its numbers."""
        seconds = series.sum_ns / _NANOSECONDS
        if form is DIGITS:
            return self._lines.numbers(series.buckets, seconds)
        return self._lines.texts(series.buckets, seconds, self._exemplars_of(labels))

    def _exemplars_of(self, labels: LabelSet) -> dict[int, Exemplar]:
        found = self._exemplars()
        if not found:
            return {}
        keys = ((self._constant, labels, place) for place in self._places)
        return {key[-1]: found[key] for key in keys if key in found}


class _OwnSums:
    """Write own series that only grow, so that a time of creation goes with them."""

    def __init__(self, lines: CounterLines | HistogramLines, constant: Constant, created: CreatedOf) -> None:
        self._template = lines.template
        self._constant = constant
        self._created = created

    def template(self, key: OwnKey, form: Form) -> str:
        """Return the lines of a series with places for its numbers."""
        return self._template(key.values, self._created((self._constant, key)).requests, form)


class OwnCounters(_OwnSums):
    """Write an own counter of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, created: CreatedOf) -> None:
        super().__init__(CounterLines(metric.name.removesuffix("_total"), _names(metric), constant), constant, created)

    def form(self, _key: OwnKey, _sample: Sample) -> Form:
        """Return how its number is written."""
        return TEXTS

    def numbers(self, _key: OwnKey, sample: Sample, _form: Form) -> Sequence[bytes]:
        """Return its number."""
        return (number_text(sample.total / UNITS).encode(),)


class OwnHistograms(_OwnSums):
    """Write an own histogram of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, created: CreatedOf) -> None:
        self._lines = HistogramLines(metric.name, _names(metric), constant, metric.buckets)
        super().__init__(self._lines, constant, created)

    def form(self, _key: OwnKey, sample: Sample) -> Form:
        """Return how its numbers are written."""
        return form_of(sum(sample.buckets), sample.total / UNITS)

    def numbers(self, _key: OwnKey, sample: Sample, form: Form) -> Sequence[float | bytes]:
        """Return its numbers."""
        if form is DIGITS:
            return self._lines.numbers(sample.buckets, sample.total / UNITS)
        return self._lines.texts(sample.buckets, sample.total / UNITS, {})


class OwnGauges:
    """Write an own gauge of a source with constant labels."""

    def __init__(self, metric: OwnMetric, constant: Constant, _created: CreatedOf) -> None:
        self._lines = GaugeLines(metric.name, _names(metric), constant)

    def form(self, _key: OwnKey, sample: Sample) -> Form | None:
        """Return how its number is written; None when it has had no value."""
        return TEXTS if sample.latest is not None else None

    def template(self, key: OwnKey, form: Form) -> str:
        """Return the line of a series with a place for its number."""
        return self._lines.template(key.values, form)

    def numbers(self, _key: OwnKey, sample: Sample, _form: Form) -> Sequence[bytes]:
        """Return its number."""
        return (number_text(float(sample.latest.value)).encode(),) if sample.latest is not None else ()


OWN_WRITERS: Mapping[str, Callable[[OwnMetric, Constant, CreatedOf], Writer[OwnKey, Sample]]] = {
    "counter": OwnCounters,
    "gauge": OwnGauges,
    "histogram": OwnHistograms,
}
"""What writes the metrics of each kind."""


def _names(metric: OwnMetric) -> list[str]:
    return [label.name for label in metric.labels]
