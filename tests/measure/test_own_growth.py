"""Numbers that are folded together come to what each of them alone does."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure.own import scaled
from logship.measure.own_growth import MAX_NOTED, Amounts, Counts, Latest, Values, threshold
from logship.measure.own_series import UNITS, Dated, Sample

BOUNDS = (0.1, 0.5, 1.0, 5.0)
SCALES = (1.0, 0.001, 1e-6, 1e-9, 60.0, 0.3)

series = st.sampled_from([("a",), ("b",), ("c",)])
numbers = st.one_of(
    st.integers(0, 1 << 53),
    st.floats(0, 1e15),
    st.sampled_from([0.1, 0.1 + 1e-10, 0.5, 1, 1.0, 5, 100, 100.0000001, 500, 1e-12, 5e9 + 1]),
)


def alone(number: float, scale: float, weight: int = 1) -> Sample:
    """Return the sample of one record by the definition: rounded to billionths, compared with the bounds in them."""
    factor = scale * UNITS
    is_exact = isinstance(number, int) and factor.is_integer()
    amount = int(number * int(factor)) if is_exact else round(number * factor)
    buckets = [0] * (len(BOUNDS) + 1)
    buckets[bisect_left([scaled(bound, 1.0) for bound in BOUNDS], amount)] = weight
    return Sample(weight, amount * weight, tuple(buckets))


@given(
    batches=st.lists(st.lists(st.tuples(series, numbers, st.integers(1, 3)))),
    scale=st.sampled_from(SCALES),
    are_weighed=st.booleans(),
)
def test_any_division_of_numbers_gives_their_sum(
    batches: list[list[tuple[Values, float, int]]], scale: float, *, are_weighed: bool
) -> None:
    amounts, expected = Amounts(scale, BOUNDS), dict[Values, Sample]()
    for batch in batches:
        names, found, weights = (
            [name for name, _, _ in batch],
            [number for _, number, _ in batch],
            [w for *_, w in batch],
        )
        amounts.note(names, found, weights if are_weighed else None)
        for name, number, weight in batch:
            sample = alone(number, scale, weight if are_weighed else 1)
            expected[name] = expected[name].plus(sample) if name in expected else sample
    taken = amounts.take()
    assert taken == expected
    assert list(taken) == list(expected)  # limits are obeyed in this order
    assert not amounts.take()


@given(st.one_of(st.integers(1, 10**19), st.integers(1, 10**6)), st.sampled_from([10**9, 10**6, 1000, 1, 0.3, 7e10]))
def test_a_threshold_is_the_last_number_in_its_bucket(bound: int, factor: float) -> None:
    limit = threshold(bound, factor)
    above = threshold(bound, factor) * (1 + 2**-52)
    assert round(limit * factor) <= bound < round(above * factor)


def test_numbers_do_not_pile_up() -> None:
    amounts = Amounts(1.0)
    for _ in range(3):
        amounts.note([()] * MAX_NOTED, [1] * MAX_NOTED, None)
    assert amounts.pending == 1
    assert amounts.take() == {(): Sample(3 * MAX_NOTED, 3 * MAX_NOTED * UNITS)}


def test_counts_come_in_the_order_in_which_series_first_grew() -> None:
    counts = Counts()
    counts.note([("b",), ("a",)], None)
    counts.note([("c",), ("a",)], [2, 3])
    assert counts.pending == 3
    assert list(counts.take().items()) == [
        (("b",), Sample(1, UNITS)),
        (("a",), Sample(4, 4 * UNITS)),
        (("c",), Sample(2, 2 * UNITS)),
    ]
    assert not counts.take()


@pytest.mark.parametrize("first", [1.0, 2.0, 3.0])
def test_the_latest_value_stays_whatever_comes_first(first: float) -> None:
    latest = Latest()
    latest.note([("a",), ("a",)], [Dated(first, 7.0), Dated(2.5, 8.0)])
    assert latest.take() == {("a",): Sample(2, 0, (), max(Dated(first, 7.0), Dated(2.5, 8.0)))}
    assert not latest.take()
