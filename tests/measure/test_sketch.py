"""A quantile from a sketch is within 1 % of a duration that was there; sketches add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Sketcher, quantile_ns
from logship.measure.sketch import RELATIVE_ERROR, add

MILLISECOND = 1_000_000
SHORTEST = 0.001
"""A microsecond in milliseconds: what is shorter is as good as that."""

durations = st.lists(
    st.floats(0, 8e9) | st.floats(0, 1000) | st.integers(0, 60_000).map(float), min_size=1, max_size=80
)
shares = st.sampled_from([0.5, 0.9, 0.99]) | st.floats(0, 1)


@given(durations, shares)
def test_a_quantile_is_within_one_percent_of_its_element(milliseconds: list[float], share: float) -> None:
    sketch = Sketcher(MILLISECOND).sketch(milliseconds)
    longest = round(max(milliseconds) * MILLISECOND)
    element = sorted(milliseconds)[max(1, math.ceil(share * len(milliseconds))) - 1]
    found = quantile_ns(sketch, share, longest)
    assert found is not None
    if element <= SHORTEST:
        assert found <= SHORTEST * MILLISECOND
    else:
        assert found == pytest.approx(element * MILLISECOND, rel=RELATIVE_ERROR * 1.000001)
    assert found <= longest


@given(durations, durations, durations)
def test_sketches_add_up_in_any_order(one: list[float], two: list[float], three: list[float]) -> None:
    sketch = Sketcher(MILLISECOND).sketch
    whole = sketch(one + two + three)
    assert add(add(sketch(one), sketch(two)), sketch(three)) == whole
    assert add(sketch(three), add(sketch(two), sketch(one))) == whole
    assert add({}, whole) == whole
    assert add(whole, {}) == whole


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), shares)
def test_the_unit_of_the_log_does_not_matter(microseconds: list[int], share: float) -> None:
    longest = max(microseconds) * 1000
    in_milliseconds = Sketcher(MILLISECOND).sketch([each / 1000 for each in microseconds])
    in_microseconds = Sketcher(1000).sketch([float(each) for each in microseconds])
    one, other = quantile_ns(in_milliseconds, share, longest), quantile_ns(in_microseconds, share, longest)
    assert one is not None
    assert other is not None
    assert one == pytest.approx(other, rel=2 * RELATIVE_ERROR * 1.02)


def test_nothing_has_no_quantile() -> None:
    assert quantile_ns({}, 0.5, 0) is None


def test_durations_beyond_all_bins_are_still_ordered() -> None:
    sketch = Sketcher(MILLISECOND).sketch([1.0, 1e14, 1e15])
    found = quantile_ns(sketch, 0.99, round(1e15 * MILLISECOND))
    assert found is not None
    assert found > 80 * 24 * 3600 * 1e9
