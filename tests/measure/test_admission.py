"""The cap on series changes under which labels a request is counted, never how many there are."""

from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Admission, Series, Tally
from logship.measure.admission import (
    MAX_EXCEPTION_TYPES,
    MAX_ODD_METHODS,
    MAX_ROUTES,
    MAX_SERIES,
    STANDARD_METHODS,
    fold,
)
from logship.model import OTHER, LabelSet

ONE = Series(1, (1, 0), 5, 5, {})

label_sets = st.builds(
    LabelSet,
    st.sampled_from(["GET", "POST", "BREW", "WHEN", OTHER]),
    st.sampled_from([f"/{letter}" for letter in string.ascii_lowercase] + [OTHER]),
    st.sampled_from(["200", "404", "500"]),
)
changes = st.lists(st.lists(label_sets, max_size=30), max_size=6)


def tally_of(labels: list[LabelSet]) -> Tally:
    tally = Tally()
    for each in labels:
        tally.add_series(each, ONE)
    return tally


def by_status(tally: Tally) -> Counter[str]:
    total: Counter[str] = Counter()
    for labels, series in tally.series.items():
        total[labels.status] += series.requests
    return total


def run(admission: Admission, parts: list[list[LabelSet]]) -> Tally:
    held = Tally()
    for part in parts:
        held.add(admission.admit(held, tally_of(part)))
    return held


@given(changes, st.integers(1, 20))
def test_totals_by_status_never_change(parts: list[list[LabelSet]], cap: int) -> None:
    held = run(Admission(cap), parts)
    assert by_status(held) == Counter(each.status for part in parts for each in part)


@given(changes, st.integers(1, 20))
def test_the_cap_holds(parts: list[list[LabelSet]], cap: int) -> None:
    held = run(Admission(cap), parts)
    assert len([labels for labels in held.series if labels.route != OTHER]) <= cap
    folded = {labels for labels in held.series if labels.route == OTHER}
    assert len(folded) <= max(cap, (len(STANDARD_METHODS) + 1) * 3)


def test_methods_of_folded_routes_are_bounded_too() -> None:
    flood = [[LabelSet(f"M{number}", OTHER, "200")] for number in range(500)]
    held = run(Admission(10), flood)
    assert len(held.series) <= 11
    assert held.requests == 500


@given(changes, st.integers(1, 20))
def test_a_series_that_stands_for_itself_keeps_standing(parts: list[list[LabelSet]], cap: int) -> None:
    admission = Admission(cap)
    held = Tally()
    for part in parts:
        standing = {labels for labels in held.series if labels.route != OTHER}
        admitted = admission.admit(held, tally_of(part))
        for labels in set(part) & standing:
            assert admitted.series[labels].requests == part.count(labels)
        held.add(admitted)


@given(changes, st.integers(1, 20))
def test_first_come_first_served_however_the_lines_are_divided(parts: list[list[LabelSet]], cap: int) -> None:
    together = run(Admission(cap), [[each for part in parts for each in part if each.route != OTHER]])
    divided = run(Admission(cap), [[each for each in part if each.route != OTHER] for part in parts])
    assert divided.series == together.series


@given(changes, st.integers(1, 20))
def test_what_is_folded_is_counted_but_not_what_was_before(parts: list[list[LabelSet]], cap: int) -> None:
    """A method that stands for a longer one was counted when it took its place."""
    parts = [[each for each in part if each.route != OTHER] for part in parts]
    held = run(Admission(cap), parts)
    folded = sum(series.requests for labels, series in held.series.items() if labels.route == OTHER)
    before = sum(each.method == OTHER for part in parts for each in part)
    kept = sum(held.series[labels].requests for labels in held.series if labels.method == OTHER != labels.route)
    assert held.folded == folded - (before - kept)


@given(changes, st.integers(1, 6), st.integers(1, 20))
def test_the_limit_on_routes_holds_and_totals_stay(parts: list[list[LabelSet]], max_routes: int, cap: int) -> None:
    held = run(Admission(cap, max_routes=max_routes), parts)
    assert len({labels.route for labels in held.series} - {OTHER}) <= max_routes
    assert by_status(held) == Counter(each.status for part in parts for each in part)


def test_methods_of_no_standard_are_bounded_and_their_routes_kept() -> None:
    flood = [[LabelSet(f"M{number}", "/a", "200")] for number in range(50)] + [[LabelSet("GET", "/a", "200")]]
    held = run(Admission(), flood)
    assert len({labels.method for labels in held.series}) == MAX_ODD_METHODS + 2
    assert held.series[LabelSet(OTHER, "/a", "200")].requests == held.folded == 50 - MAX_ODD_METHODS
    assert held.series[LabelSet("GET", "/a", "200")].requests == 1


@pytest.mark.parametrize(
    ("admission", "told"),
    [(Admission(1), MAX_SERIES), (Admission(max_routes=1), MAX_ROUTES), (Admission(2), None)],
)
def test_the_limit_that_folds_is_told(admission: Admission, told: str | None) -> None:
    heard: list[str] = []
    held = tally_of([LabelSet("GET", "/a", "200")])
    admission.admit(held, tally_of([LabelSet("GET", "/b", "200"), LabelSet("GET", "/a", "200")]), heard.append)
    assert heard == ([told] if told is not None else [])


def test_admission_changes_neither_side() -> None:
    held, change = tally_of([LabelSet("GET", "/a", "200")]), tally_of([LabelSet("GET", "/b", "500")])
    Admission(1).admit(held, change)
    assert held == tally_of([LabelSet("GET", "/a", "200")])
    assert change == tally_of([LabelSet("GET", "/b", "500")])


@pytest.mark.parametrize(
    ("labels", "folded"),
    [
        (LabelSet("GET", "/a", "500"), LabelSet("GET", OTHER, "500")),
        (LabelSet("PATCH", "/a", "200"), LabelSet("PATCH", OTHER, "200")),
        (LabelSet("get", "/a", "200"), LabelSet(OTHER, OTHER, "200")),
        (LabelSet("M-SEARCH", "/a", "404"), LabelSet(OTHER, OTHER, "404")),
        (LabelSet(OTHER, OTHER, "404"), LabelSet(OTHER, OTHER, "404")),
    ],
)
def test_folding_keeps_the_status_and_standard_methods(labels: LabelSet, folded: LabelSet) -> None:
    assert fold(labels) == folded
    assert fold(folded) == folded


@given(st.lists(st.integers(0, 600), max_size=1500), st.integers(1, 400))
def test_exception_types_are_bounded_and_none_is_lost(types: list[int], size: int) -> None:
    admission, held = Admission(10), Tally()
    for start in range(0, len(types), size):
        part = [f"E{number}" for number in types[start : start + size]]
        before = set(held.exceptions) - {OTHER}
        admitted = admission.admit(held, Tally(exceptions=Counter(part)))
        assert all(admitted.exceptions[name] == part.count(name) for name in before)
        held.add(admitted)
    assert held.exceptions.total() == len(types)
    assert len(held.exceptions) <= MAX_EXCEPTION_TYPES + 1
