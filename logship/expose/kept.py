"""Keep the lines of all series in one format: a view comes in, the lines of each family go out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from logship.expose.collectors import DURATIONS, REQUESTS, Created
from logship.expose.pages import Pages, changed
from logship.expose.series import OWN_WRITERS, Durations, Requests
from logship.expose.view import View
from logship.measure import Exemplars, Sample, Series, Tally
from logship.model import Constant, LabelSet, OwnKey, SeriesKey

_NOBODY: frozenset[LabelSet | OwnKey] = frozenset()


class KeptLines:
    """Keep what one view and the next have in common.

    Args:
        is_openmetrics: Whether the lines show times of creation and exemplars.
    """

    def __init__(self, *, is_openmetrics: bool) -> None:
        self._is_openmetrics = is_openmetrics
        self._view = View()
        self._sources: dict[Constant, _Source] = {}

    def created_of(self, series: SeriesKey) -> Created:
        """Return when the metrics of a series began, as far as it is shown."""
        return self._view.created_of(series) if self._is_openmetrics else Created(None, None)

    def exemplars(self) -> Exemplars:
        """Return the exemplars that are shown."""
        return self._view.exemplars if self._is_openmetrics else {}

    def lines(self, view: View) -> Mapping[str, list[bytes]]:
        """Return the lines of a view by the name of the family."""
        before, self._view = self._view, view
        held = self._sources if _definitions(before) == _definitions(view) else {}
        renamed, touched = self._changed(before, view) if self._is_openmetrics else ({}, {})
        self._sources = {}
        found: dict[str, list[bytes]] = {}
        for constant, tally in view.tally.by_labels():
            source = self._sources[constant] = held.get(constant) or _Source(constant, view, self)
            for family, lines in source.lines(tally, renamed.get(constant, _NOBODY), touched.get(constant, _NOBODY)):
                found.setdefault(family, []).extend(lines)
        return found

    def _changed(self, before: View, view: View) -> tuple[_BySource, _BySource]:
        """Return the series with other times of creation, and those with other exemplars."""
        exemplars = changed(before.exemplars, view.exemplars)
        return _by_source(changed(before.created, view.created)), _by_source(key[:2] for key in exemplars)


class _Source:
    """The lines of the series of sources with the same constant labels."""

    def __init__(self, constant: Constant, view: View, kept: KeptLines) -> None:
        self._durations: Pages[LabelSet, Series] = Pages(
            Durations(constant, view.buckets, kept.created_of, kept.exemplars)
        )
        self._requests: Pages[LabelSet, Series] = Pages(Requests(constant, kept.created_of))
        self._own: dict[str, Pages[OwnKey, Sample]] = {
            metric.name: Pages(OWN_WRITERS[metric.kind](metric, constant, kept.created_of)) for metric in view.metrics
        }

    def lines(
        self, tally: Tally, renamed: AbstractSet[LabelSet | OwnKey], touched: AbstractSet[LabelSet | OwnKey]
    ) -> Iterator[tuple[str, list[bytes]]]:
        """Yield the name of each family with its lines."""
        yield DURATIONS, self._durations.lines(tally.series, renamed, touched)
        yield REQUESTS, self._requests.lines(tally.series, renamed)
        own: dict[str, dict[OwnKey, Sample]] = {name: {} for name in self._own}
        for key, sample in tally.own.items():
            if key.metric in own:
                own[key.metric][key] = sample
        for name, samples in own.items():
            yield name.removesuffix("_total"), self._own[name].lines(samples, renamed)


_BySource = Mapping[Constant, AbstractSet[LabelSet | OwnKey]]


def _by_source(keys: Iterable[SeriesKey]) -> _BySource:
    found: dict[Constant, set[LabelSet | OwnKey]] = {}
    for constant, key in keys:
        found.setdefault(constant, set()).add(key)
    return found


def _definitions(view: View) -> tuple[object, ...]:
    """Return what the lines of all series depend on."""
    return view.buckets, view.metrics, view.durations_since
