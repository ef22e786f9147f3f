"""Keep the number of series bounded: what comes over the limit is folded into `__other__`, so that totals stay right.

Folding replaces the route and keeps the status, and the method when it is a standard one: error ratios stay true.
First come, first served: the order of the lines decides which label sets stand for themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from logship.measure.own_series import DEFAULT_MAX_LABEL_VALUES, admit_own, has_room_for_own
from logship.measure.segments import DEFAULT_MAX_ROUTES
from logship.measure.tally import Tally
from logship.model import OTHER, LabelSet, OwnKey

DEFAULT_MAX_SERIES = 1000
"""Label sets of requests: with five buckets some 9,000 samples a scrape, what one target should have at most."""

MAX_EXCEPTION_TYPES = 200
"""Distinct values of the label `type`."""

MAX_ODD_METHODS = 10
"""Distinct methods beside the standard ones, as a WebDAV server or a cache may have some; a scanner has any."""

MAX_SERIES, MAX_ROUTES, ODD_METHODS = (
    "limits.max_series",
    "limits.max_routes",
    f"{MAX_ODD_METHODS} methods of no standard",
)
"""What a limit is called where it is told."""

Told = Callable[[str], None]
"""Hears the name of a limit."""

STANDARD_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
"""RFC 9110, section 9, and RFC 5789."""


def fold(labels: LabelSet) -> LabelSet:
    """Return the label set that stands for `labels` when there is no room for it."""
    return LabelSet(labels.method if labels.method in STANDARD_METHODS else OTHER, OTHER, labels.status)


class Admission:
    """Decide which label sets stand for themselves.

    Args:
        max_series: Label sets of requests, and series of each own metric.
        max_label_values: Values of each label of an own metric.
        max_routes: Values of the label `route`.
    """

    def __init__(
        self,
        max_series: int = DEFAULT_MAX_SERIES,
        max_label_values: int = DEFAULT_MAX_LABEL_VALUES,
        max_routes: int = DEFAULT_MAX_ROUTES,
    ) -> None:
        self._max_series = max_series
        self._max_label_values = max_label_values
        self._max_routes = max_routes

    def admit(self, held: Tally, change: Tally, told: Told = lambda _limit: None) -> Tally:
        """Return `change` with everything folded for which `held` has no room; the parts have rooms of their own.

        `told` hears which limit folded something, each time that one does.
        """
        if change.parts:
            alone = self._admit(held, replace(change, parts={}), told)
            parts = change.parts.items()
            return replace(
                alone, parts={at: self._admit(held.parts.get(at, Tally()), each, told) for at, each in parts}
            )
        return self._admit(held, change, told)

    def add(self, total: Tally, change: Tally, told: Told = lambda _limit: None) -> Tally:
        """Add `change` to `total` within all limits; return what was added."""
        admitted = self.admit(total, change, told)
        total.add(admitted)
        total.bound_writers()
        return admitted

    def has_room(self, labels: Iterable[LabelSet], exceptions: Collection[str], own: Collection[OwnKey]) -> bool:
        """Return whether all of these stand for themselves together, so that their order does not matter."""
        room = _Room(labels)
        return (
            len(room.label_sets) <= self._max_series
            and len(room.routes) <= self._max_routes
            and len(room.methods) <= MAX_ODD_METHODS
            and len(exceptions) <= MAX_EXCEPTION_TYPES
            and has_room_for_own(own, self._max_series, self._max_label_values)
        )

    def _admit(self, held: Tally, change: Tally, told: Told) -> Tally:
        admitted = self._admit_built_in(held, change, told)
        if not change.own:
            return admitted
        own, folded = admit_own(held.own, change.own, self._max_series, self._max_label_values)
        if folded:
            told("limits.max_label_values or limits.max_series")
        return replace(admitted, own=own, folded=admitted.folded + folded)

    def _admit_built_in(self, held: Tally, change: Tally, told: Told) -> Tally:
        is_new = not change.series.keys() <= held.series.keys()
        if not is_new and len(held.exceptions) + len(change.exceptions) <= MAX_EXCEPTION_TYPES:
            return change
        admitted = change.copy()
        if is_new:
            self._admit_series(_Room(held.series), change, admitted, told)
        admitted.exceptions = _admit_exceptions(held.exceptions, change.exceptions)
        return admitted

    def _admit_series(self, room: _Room, change: Tally, admitted: Tally, told: Told) -> None:
        admitted.series = {}
        for labels, series in change.series.items():
            limit = room.exceeded(labels, self._max_series, self._max_routes)
            target = labels if limit is None else room.folded(labels, limit)
            if limit is None and labels.route == OTHER:
                target = fold(labels)  # else the methods of over-long routes would be series without end
            if limit is not None and labels.method != OTHER:  # else they were counted as folded when the method was
                admitted.folded += series.requests
                told(limit)
            admitted.add_series(target, series)


class _Room:
    """The label sets, routes and methods that stand for themselves."""

    def __init__(self, held: Iterable[LabelSet]) -> None:
        self.label_sets = {labels for labels in held if labels.route != OTHER}
        self.routes = {labels.route for labels in self.label_sets}
        self.methods = {labels.method for labels in self.label_sets} - STANDARD_METHODS - {OTHER}

    def exceeded(self, labels: LabelSet, max_series: int, max_routes: int) -> str | None:
        """Return the limit that leaves no room for a label set, None when it takes its place."""
        if labels.route == OTHER or labels in self.label_sets:
            return None
        if labels.route not in self.routes and len(self.routes) >= max_routes:
            return MAX_ROUTES
        if len(self.label_sets) >= max_series:
            return MAX_SERIES
        is_odd = labels.method not in STANDARD_METHODS and labels.method not in self.methods
        if is_odd and labels.method != OTHER and len(self.methods) >= MAX_ODD_METHODS:
            return ODD_METHODS
        self._take(labels)
        return None

    def folded(self, labels: LabelSet, limit: str) -> LabelSet:
        """Return what a label set is counted under that has no room; only the method is given up where that helps."""
        if limit != ODD_METHODS:
            return fold(labels)
        self._take(alike := labels._replace(method=OTHER))
        return alike

    def _take(self, labels: LabelSet) -> None:
        self.label_sets.add(labels)
        self.routes.add(labels.route)
        self.methods.update({labels.method} - STANDARD_METHODS - {OTHER})


def _admit_exceptions(held: Counter[str], change: Counter[str]) -> Counter[str]:
    admitted: Counter[str] = Counter()
    room = MAX_EXCEPTION_TYPES - len(held)
    for name, count in change.items():
        if name not in held:
            room -= 1
        admitted[OTHER if room < 0 and name not in held else name] += count
    return admitted
