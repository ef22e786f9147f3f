"""The latest verdict of each check counts, whatever order the records are read in, and their number is bounded."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Tally, Verdict, merge, not_silent
from logship.measure.checks import MAX_CHECKS, SILENT_SECONDS, latest_verdicts

found = st.tuples(st.sampled_from(["database", "disk", "memory"]), st.integers(0, 5), st.booleans())
runs = st.lists(found, max_size=12)
many = st.lists(st.tuples(st.integers(0, 2 * MAX_CHECKS), st.integers(0, 9), st.booleans()), max_size=400)


def tally_of(name: object, at: float, *, healthy: bool) -> Tally:
    return Tally(checks={str(name): Verdict(at, healthy)})


@given(runs)
def test_the_latest_run_counts_and_of_equally_late_ones_the_failure(written: list[tuple[str, int, bool]]) -> None:
    expected = {}
    for name in {each[0] for each in written}:
        last = max(at for check, at, _ in written if check == name)
        expected[name] = Verdict(last, all(healthy for check, at, healthy in written if (check, at) == (name, last)))
    total = reduce(merge, (tally_of(name, at, healthy=healthy) for name, at, healthy in written), Tally())
    assert total.checks == expected


@given(many, st.data())
def test_the_sum_is_the_same_in_any_order_and_division_however_many_checks_there_are(
    written: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    parts = [tally_of(name, at, healthy=healthy) for name, at, healthy in written]
    whole = reduce(merge, parts, Tally())
    cuts = sorted(data.draw(st.sets(st.integers(0, len(parts)), max_size=3)) | {0, len(parts)})
    divided = [reduce(merge, parts[start:end], Tally()) for start, end in pairwise(cuts)]
    assert reduce(merge, reversed(divided), Tally()).checks == whole.checks


def test_those_heard_of_last_are_remembered() -> None:
    old = {f"old{number}": Verdict(1.0, is_healthy=False) for number in range(MAX_CHECKS)}
    kept = latest_verdicts(old, {"new": Verdict(2.0, is_healthy=True)})
    assert len(kept) == MAX_CHECKS
    assert "new" in kept
    assert latest_verdicts(kept, {"late": Verdict(0.5, is_healthy=True)}) == kept


def test_a_tally_that_was_copied_no_longer_changes_with_the_other() -> None:
    one = tally_of("disk", 1, healthy=True)
    other = one.copy()
    one.add(tally_of("disk", 2, healthy=False))
    assert other.checks == {"disk": Verdict(1, is_healthy=True)}


def test_a_check_is_silent_when_its_last_run_is_too_long_ago() -> None:
    verdicts = {"disk": Verdict(1000.0, is_healthy=True), "ahead": Verdict(9000.0, is_healthy=False)}
    assert not_silent(verdicts, 1000.0 + SILENT_SECONDS) == verdicts
    assert list(not_silent(verdicts, 1000.5 + SILENT_SECONDS)) == ["ahead"]
