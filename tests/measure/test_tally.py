"""A tally is a commutative sum with an identity; adding changes no summand."""

from __future__ import annotations

import copy
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Series, Sketcher, Tally, merge
from logship.measure.sketch import Sketch
from logship.model import LabelSet, Reason

counts = st.integers(1, 10**12)
times = st.floats(-1e9, 4e9) | st.none()
labels = st.builds(
    LabelSet, st.sampled_from(["GET", "POST"]), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["200", "500"])
)


@st.composite
def all_series(draw: st.DrawFn) -> Series:
    milliseconds = draw(st.lists(st.integers(0, 60_000).map(float), max_size=4))
    sketch: Sketch = Sketcher(1_000_000).sketch(milliseconds) if milliseconds else {}
    longest = max(milliseconds, default=0)
    return Series(
        draw(counts), draw(st.tuples(*[counts] * 3)), round(sum(milliseconds) * 1e6), round(longest * 1e6), sketch
    )


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally(
        series=draw(st.dictionaries(labels, all_series(), max_size=4)),
        messages=Counter(draw(st.dictionaries(st.sampled_from(["info", "error"]), counts))),
        exceptions=Counter(draw(st.dictionaries(st.sampled_from(["KeyError", "Error"]), counts))),
        not_request=draw(counts),
        rejected=Counter(draw(st.dictionaries(st.sampled_from(Reason), counts, max_size=3))),
        folded=draw(counts),
        read_bytes=draw(counts),
    )
    tally.widen_span(at for at in draw(st.lists(times, max_size=2)) if at is not None)
    return tally


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
