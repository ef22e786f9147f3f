"""A gap is a loss when it stood through the grace, and never before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import LossWatch, Tally, Writer, merge, runs_of
from logship.measure.losses import GRACE_SECONDS


def tally_of(*numbers: int) -> Tally:
    return Tally(writers={"a": Writer(runs_of((each, each) for each in numbers), (min(numbers), max(numbers)))})


def look(watch: LossWatch, tally: Tally, now: float) -> None:
    """Tell the watch of what was read, as the sidecar does."""
    if watch.is_due(tally.writers, now):
        tally.settle(watch.losses(tally.writers))


def test_a_gap_is_told_behind_the_grace_and_once() -> None:
    watch, tally = LossWatch(), tally_of(1, 4)
    for now, lost in ((0.0, 0), (GRACE_SECONDS - 1, 0), (GRACE_SECONDS, 2), (9 * GRACE_SECONDS, 2)):
        look(watch, tally, now)
        assert tally.lost_lines == lost


def test_a_gap_that_is_filled_in_time_is_never_told() -> None:
    watch, tally = LossWatch(), tally_of(1, 4)
    look(watch, tally, 0.0)
    tally.add(tally_of(2, 3))
    for now in range(0, 1000, 50):
        look(watch, tally, float(now))
    assert tally.lost_lines == 0


def test_a_gap_that_came_during_the_grace_of_another_has_one_of_its_own() -> None:
    watch, tally = LossWatch(), tally_of(5, 7)
    look(watch, tally, 0.0)
    tally.add(tally_of(1, 9))  # one in front of it, one behind
    look(watch, tally, GRACE_SECONDS)
    assert tally.lost_lines == 1
    look(watch, tally, GRACE_SECONDS + 1)
    look(watch, tally, 2 * GRACE_SECONDS)
    assert tally.lost_lines == 1
    look(watch, tally, 2 * GRACE_SECONDS + 1)
    assert tally.lost_lines == 1 + len({2, 3, 4, 8})


def test_a_process_that_was_forgotten_meanwhile_is_not_told_again() -> None:
    watch, tally = LossWatch(), tally_of(1, 4)
    look(watch, tally, 0.0)
    assert watch.is_due({}, GRACE_SECONDS)
    assert watch.losses({}).lost == 0


@given(st.lists(st.tuples(st.sets(st.integers(1, 30), min_size=1), st.floats(0, 100)), min_size=1, max_size=12))
def test_in_the_end_everything_missing_is_told_and_what_was_told_only_grows(
    steps: list[tuple[set[int], float]],
) -> None:
    watch, tally, now, told, held = LossWatch(), Tally(), 0.0, 0, set[int]()
    for numbers, wait in steps:
        now += wait
        held |= numbers
        tally = merge(tally, tally_of(*numbers))
        look(watch, tally, now)
        assert tally.lost_lines >= told
        told = tally.lost_lines
    for _ in range(5):
        now += GRACE_SECONDS
        look(watch, tally, now)
    assert tally.lost_lines >= max(held) - min(held) + 1 - len(held)
    assert not tally.writers["a"].gaps
