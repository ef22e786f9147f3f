"""Keep the number of series bounded: what comes over the limit is folded into `__other__`, so that totals stay right.

Folding replaces the route and keeps the status, and the method when it is a standard one: error ratios stay true.
First come, first served: the order of the lines decides which label sets stand for themselves.
"""

from __future__ import annotations

from collections import Counter

from logship.measure.tally import Tally
from logship.model import OTHER, LabelSet

DEFAULT_MAX_SERIES = 1000
"""Label sets of requests: with five buckets some 9,000 samples a scrape, what one target should have at most."""

MAX_EXCEPTION_TYPES = 200
"""Distinct values of the label `type`."""

STANDARD_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
"""RFC 9110, section 9, and RFC 5789."""


def fold(labels: LabelSet) -> LabelSet:
    """Return the label set that stands for `labels` when there is no room for it."""
    return LabelSet(labels.method if labels.method in STANDARD_METHODS else OTHER, OTHER, labels.status)


class Admission:
    """Decide which label sets stand for themselves."""

    def __init__(self, max_series: int = DEFAULT_MAX_SERIES) -> None:
        self._max_series = max_series

    def admit(self, held: Tally, change: Tally) -> Tally:
        """Return `change` with everything folded for which `held` has no room."""
        room = self._max_series - len(held.series)
        if room >= len(change.series) and len(held.exceptions) + len(change.exceptions) <= MAX_EXCEPTION_TYPES:
            return change
        admitted = change.copy()
        self._admit_series(held, change, admitted)
        admitted.exceptions = _admit_exceptions(held.exceptions, change.exceptions)
        return admitted

    def _admit_series(self, held: Tally, change: Tally, admitted: Tally) -> None:
        known = {labels for labels in held.series if labels.route != OTHER}
        admitted.series = {}
        for labels, series in change.series.items():
            target = labels
            if labels.route == OTHER:
                target = fold(labels)  # else the methods of over-long routes would be series without end
            elif labels not in known:
                if len(known) < self._max_series:
                    known.add(labels)
                else:
                    target = fold(labels)
                    if labels.method != OTHER:  # else they were counted as folded when the method was
                        admitted.folded += series.requests
            admitted.add_series(target, series)


def _admit_exceptions(held: Counter[str], change: Counter[str]) -> Counter[str]:
    admitted: Counter[str] = Counter()
    room = MAX_EXCEPTION_TYPES - len(held)
    for name, count in change.items():
        if name not in held:
            room -= 1
        admitted[OTHER if room < 0 and name not in held else name] += count
    return admitted
