"""A tally is a commutative sum with an identity; adding changes no summand."""

from __future__ import annotations

import copy
import functools

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Histogram, Series, Sketcher, Tally, merge
from logship.model import LabelSet, Reason

LABELS = tuple(
    LabelSet(method, route, status) for method in ("GET", "POST") for route in ("/a", "/b") for status in ("200", "500")
)
NAMES = ("info", "error", "KeyError")
HISTOGRAM = Histogram([0.1, 1.0], 1_000_000)
SKETCHER = Sketcher(1_000_000)

Lines = tuple[list[tuple[LabelSet, int | None]], list[str], list[int]]

requests = st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 60_000) | st.none()), max_size=8)
"""Labels and milliseconds, None for a request without a duration."""

others = st.lists(st.sampled_from([*NAMES, *Reason]), max_size=8)
times = st.lists(st.integers(-(10**9), 4 * 10**9), max_size=2)


def tally_of(requested: list[tuple[LabelSet, int | None]], other: list[str], at: list[int]) -> Tally:
    """Count one by one."""
    tally = Tally(read_bytes=100 * len(requested) + len(other), folded=len(other) // 2, not_request=other.count("info"))
    for labels, milliseconds in requested:
        if milliseconds is None:
            tally.add_series(labels, Series(1, (0, 0, 0), 0, 0, {}))
        else:
            fold = HISTOGRAM.fold([float(milliseconds)])
            tally.add_series(labels, Series(1, *fold, SKETCHER.sketch([float(milliseconds)])))
    tally.messages.update(each for each in other if each in NAMES)
    tally.exceptions.update(each for each in other if each == "KeyError")
    tally.rejected.update(each for each in other if isinstance(each, Reason))
    tally.widen_span(map(float, at))
    return tally


tallies = functools.partial(st.builds, tally_of, requests, others, times)


@given(st.tuples(requests, others, times), st.tuples(requests, others, times))
def test_merging_equals_having_counted_both(one: Lines, other: Lines) -> None:
    both = tally_of(one[0] + other[0], one[1] + other[1], one[2] + other[2])
    merged = merge(tally_of(*one), tally_of(*other))
    both.folded = merged.folded  # halves of odd numbers, which have nothing to do with lines
    assert merged == both


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 60_000)), max_size=30))
def test_folding_together_equals_counting_one_by_one(requested: list[tuple[LabelSet, int]]) -> None:
    together = Tally()
    for labels in {labels for labels, _ in requested}:
        durations = sorted(float(milliseconds) for each, milliseconds in requested if each == labels)
        sketch = SKETCHER.sketch(durations)
        together.add_series(labels, Series(len(durations), *HISTOGRAM.fold(durations), sketch))
    assert together.series == tally_of(list(requested), [], []).series


@given(tallies(), tallies())
def test_merging_is_commutative(one: Tally, other: Tally) -> None:
    assert merge(one, other) == merge(other, one)


@given(tallies(), tallies(), tallies())
def test_merging_is_associative(one: Tally, two: Tally, three: Tally) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(tallies())
def test_an_empty_tally_changes_nothing(tally: Tally) -> None:
    assert merge(tally, Tally()) == tally
    assert merge(Tally(), tally) == tally


@given(tallies(), tallies())
def test_merging_leaves_both_as_they_were(one: Tally, other: Tally) -> None:
    before = copy.deepcopy((one, other))
    total = merge(one, other)
    total.add(one)
    total.add(other)
    assert (one, other) == before


@given(tallies())
def test_a_copy_does_not_follow_its_original(tally: Tally) -> None:
    before = copy.deepcopy(tally)
    copied = tally.copy()
    tally.add(tally.copy())
    assert copied == before


@given(tallies(), tallies())
def test_lines_and_requests_add_up(one: Tally, other: Tally) -> None:
    total = merge(one, other)
    assert total.lines == one.lines + other.lines
    assert total.requests == one.requests + other.requests
    assert total.lines == total.requests + total.not_request + total.rejected.total()


def test_the_span_of_events_is_that_of_both() -> None:
    total = merge(Tally(first_event=5.0, last_event=9.0), Tally(first_event=2.0, last_event=7.0))
    assert (total.first_event, total.last_event) == (2.0, 9.0)
