"""Buckets fall as in a Prometheus client inside the application, and sums are exact to the nanosecond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.errors import UsageError
from logship.measure import DEFAULT_BUCKETS, Histogram, check_buckets, drop_invalid

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

bounds = st.lists(
    st.floats(1e-9, 1e6) | st.sampled_from([*DEFAULT_BUCKETS, 0.005, 0.025, 0.3, 0.7, 2.5]),
    min_size=1,
    max_size=12,
    unique=True,
).map(sorted)


def near(value: float) -> list[float]:
    """Return the float `value` and its neighbours."""
    around = [value]
    for direction in (-math.inf, math.inf):
        step = value
        for _ in range(4):
            step = math.nextafter(step, direction)
            around.append(step)
    return around


def observed(durations: Sequence[float], buckets: Sequence[float], per_second: int) -> tuple[int, ...]:
    """Return the counts by bucket as a client counts them that is given `duration / per_second` one by one."""
    counts = [0] * (len(buckets) + 1)
    for duration in durations:
        for number, bound in enumerate([*buckets, math.inf]):
            if duration / per_second <= bound:
                counts[number] += 1
                break
    return tuple(counts)


@given(bounds, st.data(), st.sampled_from([(MILLISECOND, 1000), (1000, 1_000_000), (SECOND, 1), (1, SECOND)]))
def test_durations_next_to_a_bound_fall_as_division_says(
    buckets: list[float], data: st.DataObject, unit: tuple[int, int]
) -> None:
    unit_nanoseconds, per_second = unit
    edges = [each for bound in buckets for each in near(bound * per_second)]
    durations = data.draw(st.lists(st.sampled_from(edges) | st.floats(0, 1e12), min_size=1, max_size=60))
    expected = observed(durations, buckets, per_second)
    assert Histogram(buckets, unit_nanoseconds).fold(sorted(durations)).buckets == expected


@pytest.mark.parametrize("bound", [*DEFAULT_BUCKETS, 0.005, 0.01, 0.025, 0.05, 0.25, 2.5, 7.5, 10.0, 0.1 + 0.2])
@pytest.mark.parametrize("above", [0.0, 0.001, 0.002, 0.013, 0.026, 0.063])
def test_a_bound_belongs_to_its_bucket(bound: float, above: float) -> None:
    bound += above
    fold = Histogram([bound], MILLISECOND).fold(sorted(near(bound * 1000)))
    assert fold.buckets == observed(near(bound * 1000), [bound], 1000)


@pytest.mark.parametrize(
    "bound",
    [
        *(0.063, 0.126, 0.127, 0.251, 0.252),  # two numbers of milliseconds divide to the bound
        *(65.59759225752259, 32.834599020287136, 0.12861462192793796),  # the product divides to more than the bound
    ],
)
def test_rounding_on_the_way_to_milliseconds_moves_no_bound(bound: float) -> None:
    fold = Histogram([bound], MILLISECOND).fold(sorted(near(bound * 1000)))
    assert fold.buckets == observed(near(bound * 1000), [bound], 1000)


@given(st.lists(st.integers(0, 10**16), min_size=1, max_size=50), st.data())
def test_sums_of_nanoseconds_are_exact_under_any_division(nanoseconds: list[int], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(nanoseconds)), max_size=6)) | {len(nanoseconds)})
    histogram = Histogram(DEFAULT_BUCKETS, MILLISECOND)
    milliseconds = [float(Decimal(each) / MILLISECOND) for each in nanoseconds if each < 2**51]
    total = sum(
        histogram.fold(sorted(milliseconds[start:end])).sum_ns
        for start, end in zip([0, *cuts], cuts, strict=False)
        if milliseconds[start:end]
    )
    assert total == sum(each for each in nanoseconds if each < 2**51)


def test_a_large_fold_of_small_durations_is_exact() -> None:
    nanoseconds = [10_000_000_001] * 80_000  # plain addition of the floats is 703 ns short
    fold = Histogram(DEFAULT_BUCKETS, MILLISECOND).fold([each / 1e6 for each in nanoseconds])
    assert fold.sum_ns == sum(nanoseconds)
    assert fold.max_ns == max(nanoseconds)


@pytest.mark.parametrize("unit", [1, 1000, MILLISECOND, SECOND])
def test_the_longest_durations_still_add_up(unit: int) -> None:
    fold = Histogram(DEFAULT_BUCKETS, unit).fold([1.0] + [1e15] * 1000)
    assert fold.sum_ns == 1000 * round(1e15 * unit) + unit


def test_seconds_are_as_exact_as_milliseconds() -> None:
    nanoseconds = [123_456_789 + number for number in range(10_000)]
    assert Histogram(DEFAULT_BUCKETS, SECOND).fold([each / 1e9 for each in nanoseconds]).sum_ns == sum(nanoseconds)


@given(st.lists(st.floats(allow_nan=False)).map(sorted))
def test_what_is_no_duration_is_dropped_and_counted(durations: list[float]) -> None:
    valid = [each for each in durations if 0 <= each <= 1e15]
    before = len(durations)
    assert drop_invalid(durations) == before - len(valid)
    assert durations == valid
    if valid:
        assert Histogram(DEFAULT_BUCKETS, MILLISECOND).fold(durations).sum_ns >= 0


@pytest.mark.parametrize(
    "buckets",
    [
        (),
        (0.0,),
        (-1.0, 1.0),
        (1.0, 1.0),
        (2.0, 1.0),
        (math.nan,),
        (1.0, math.nan),
        (0.1, math.inf),
    ],
)
def test_bounds_that_do_not_rise_above_zero_are_refused(buckets: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="histogram buckets must be"):
        check_buckets(buckets)


def test_good_bounds_come_back_as_numbers() -> None:
    assert check_buckets([1, 2, 5]) == (1.0, 2.0, 5.0)
    assert check_buckets(DEFAULT_BUCKETS) == DEFAULT_BUCKETS
