"""Runs are sets of numbers: whatever a plain set says, they say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from logship.measure.runs import Runs, gaps, runs_of, size, union

pieces = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda each: (each[0], each[0] + each[1])))
sets = st.sets(st.integers(1, 60))


def numbers_in(runs: Runs) -> set[int]:
    return {number for first, last in runs for number in range(first, last + 1)}


def of(numbers: set[int]) -> Runs:
    return runs_of((number, number) for number in numbers)


@given(pieces)
def test_runs_hold_what_their_pieces_hold_and_no_two_touch(given_pieces: list[tuple[int, int]]) -> None:
    runs = runs_of(given_pieces)
    assert numbers_in(runs) == numbers_in(tuple(given_pieces))
    assert all(before[1] + 1 < after[0] for before, after in pairwise(runs))
    assert size(runs) == len(numbers_in(runs))


@given(sets, sets)
def test_the_union_is_that_of_the_sets(one: set[int], other: set[int]) -> None:
    assert union(of(one), of(other)) == of(one | other)


@given(sets, st.sets(st.integers(1, 60), min_size=1))
def test_gaps_are_what_is_missing_between_members_within_bounds(more: set[int], ends: set[int]) -> None:
    held, first, last = more | ends, min(ends), max(ends)
    assert numbers_in(gaps(of(held), (first, last))) == set(range(first, last)) - held
