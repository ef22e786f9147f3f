"""Positions and numbers change together, and what was published never changes."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from logship.checkpoint import Ledger, Snapshot
from logship.checkpoint.store import MAX_ENDED, Change, Saved
from logship.errors import StateError
from logship.measure import Admission, Series, Tally, merge
from logship.model import OTHER, Excerpt, FileKey, LabelSet, Position, Reason

counts = st.integers(0, 1000)
series = st.builds(
    lambda buckets, sum_ns: Series(sum(buckets), tuple(buckets), sum_ns, sum_ns, {}),
    st.lists(counts, min_size=6, max_size=6),
    st.integers(0, 10**12),
)
label_sets = st.builds(
    LabelSet, st.sampled_from(["GET", "POST"]), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["200", "500"])
)
times = st.none() | st.floats(0, 2e9)
tallies = st.builds(
    Tally,
    series=st.dictionaries(label_sets, series, max_size=4),
    messages=st.builds(Counter, st.dictionaries(st.sampled_from(["info", "error"]), st.integers(1, 9))),
    exceptions=st.builds(Counter, st.dictionaries(st.sampled_from(["TypeError", "Boom"]), st.integers(1, 9))),
    not_request=counts,
    rejected=st.builds(Counter, st.dictionaries(st.sampled_from(Reason), st.integers(1, 9))),
    folded=counts,
    read_bytes=counts,
    first_event=st.none(),
    last_event=times,
)


def at(offset: int) -> Position:
    """Return a position at an offset; what proves it does not matter here."""
    return Position("combined.log", FileKey(1, 2), offset, offset, Excerpt(0, b""), Excerpt(0, b""))


positions = st.dictionaries(st.integers(1, 5), st.builds(at, st.integers(0, 1000)), max_size=3)


def requests(number: int, route: str = "/a") -> Tally:
    return Tally(series={LabelSet("GET", route, "200"): Series(number, (number, 0), number, 1, {})}, read_bytes=number)


def test_a_new_ledger_has_published_nothing() -> None:
    assert Ledger(Admission()).published == Snapshot()


@given(st.lists(st.tuples(tallies, positions, st.sets(st.integers(1, 5), max_size=2)), max_size=8))
def test_any_sequence_of_commits_is_one_merged_tally(
    commits: list[tuple[Tally, dict[int, Position], set[int]]],
) -> None:
    ledger = Ledger(Admission(max_series=100))
    total, offsets = Tally(), dict[int, Position]()
    for change, moved, ended in commits:
        returned = ledger.commit(change, moved, dict.fromkeys(ended, at(0)))
        assert returned is ledger.published
        total = merge(total, change)
        offsets = {each: offset for each, offset in {**offsets, **moved}.items() if each not in ended}
    assert ledger.published.tally == total
    assert ledger.published.positions == offsets
    assert ledger.published.turns == len(commits)


@given(st.lists(tallies, min_size=1, max_size=6))
def test_a_published_snapshot_never_changes(changes: list[Tally]) -> None:
    ledger = Ledger(Admission(max_series=3))
    published = [ledger.commit(change, {1: at(number)}) for number, change in enumerate(changes)]
    before = copy.deepcopy(published)
    for change in changes:
        ledger.commit(change, {1: at(0), 2: at(0)}, {1: at(0)})
    assert published == before


@given(tallies, tallies)
def test_a_change_that_goes_on_changing_after_its_commit_changes_nothing(first: Tally, later: Tally) -> None:
    ledger = Ledger(Admission())
    ledger.commit(first, {})
    before = copy.deepcopy(ledger.published)
    first.add(later)
    assert ledger.published == before


def test_the_position_of_a_generation_that_ended_is_dropped() -> None:
    ledger = Ledger(Admission())
    ledger.commit(requests(1), {1: at(10), 2: at(20)})
    ledger.commit(requests(1), {1: at(15), 3: at(30)}, dict.fromkeys([1, 2, 99], at(0)))
    assert ledger.published.positions == {3: at(30)}
    assert ledger.published.tally.requests == 2


def test_series_over_the_limit_are_folded_and_totals_stay_right() -> None:
    ledger = Ledger(Admission(max_series=2))
    for number in range(10):
        ledger.commit(requests(3, f"/{number}"), {})
    ledger.commit(requests(5, "/0"), {})
    tally = ledger.published.tally
    assert {labels.route for labels in tally.series} == {"/0", "/1", OTHER}
    assert tally.requests == 35
    assert tally.folded == 24


@given(st.lists(tallies, max_size=6), st.integers(1, 5))
def test_whatever_the_limit_every_request_is_counted_once(changes: list[Tally], limit: int) -> None:
    ledger = Ledger(Admission(max_series=limit))
    for change in changes:
        ledger.commit(change, {})
    tally = ledger.published.tally
    assert tally.requests == sum(change.requests for change in changes)
    assert tally.lines == sum(change.lines for change in changes)
    assert len([labels for labels in tally.series if labels.route != OTHER]) <= limit


class Memory:
    """A store that keeps changes in memory, and may fail for a while."""

    def __init__(self, saved: Saved | None = None) -> None:
        self.saved = saved or Saved()
        self.changes: list[Change] = []
        self.buckets: tuple[float, ...] | None = None
        self.why: str | None = None

    def load(self) -> Saved:
        return self.saved

    def write(self, change: Change) -> None:
        if self.why is not None:
            raise StateError(self.why)
        self.changes.append(copy.deepcopy(change))

    def use_buckets(self, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)

    def use_metrics(self, definitions: Mapping[str, str]) -> None:
        """Keep none."""

    def close(self) -> None:
        pass


class Clock:
    """A clock that is set by hand."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_a_series_keeps_the_time_at_which_it_was_first_counted_wherever_the_clock_goes() -> None:
    clock = Clock(1000.0)
    ledger = Ledger(Admission(), now=clock)
    ledger.commit(requests(1), {})
    for clock.at in (500.0, 2000.0):
        ledger.commit(requests(1), {})
        ledger.commit(requests(1, f"/{clock.at}"), {})
    assert {key[1]: at for (_, key), at in ledger.published.created.items()} == {
        "/a": 1000.0,
        "/500.0": 500.0,
        "/2000.0": 2000.0,
    }


def test_durations_that_begin_anew_leave_everything_else_and_are_written_with_all_series() -> None:
    clock, store = Clock(1000.0), Memory()
    ledger = Ledger(Admission(), store, now=clock)
    ledger.commit(requests(3), {1: at(10)})
    ledger.commit(requests(2, "/idle"), {})
    before = ledger.published
    clock.at = 1500.0
    ledger.begin_durations_anew((1.0, 2.0))
    ledger.commit(Tally(), {})
    after = ledger.published
    assert (after.buckets, after.durations_since, after.created) == ((1.0, 2.0), 1500.0, before.created)
    assert {labels.route: each for labels, each in after.tally.series.items()} == {
        "/a": Series(3, (0, 0, 0), 0, 0, {}),
        "/idle": Series(2, (0, 0, 0), 0, 0, {}),
    }
    assert store.buckets == (1.0, 2.0)
    assert set(store.changes[-1].series) == {((), labels) for labels in after.tally.series}
    assert store.changes[-1].durations_since == 1500.0
    assert before.tally.series != after.tally.series


def test_durations_left_out_at_the_start_began_now() -> None:
    labels = LabelSet("GET", "/a", "200")
    store = Memory(Saved(Tally(), {((), labels): 5.0}, durations_since=None))
    ledger = Ledger(Admission(), store, now=Clock(1000.0))
    ledger.restore()
    assert (ledger.published.durations_since, ledger.published.created) == (1000.0, {((), labels): 5.0})
    ledger.commit(Tally(), {})
    assert store.changes[-1].durations_since == 1000.0


def test_the_latest_generations_that_ended_are_remembered_without_those_that_go_on() -> None:
    ledger = Ledger(Admission())
    ledger.commit(Tally(), {}, {number: at(number) for number in range(MAX_ENDED + 5)})
    assert list(ledger.ended) == list(range(5, MAX_ENDED + 5))
    ledger.commit(Tally(), {7: at(70), 9: at(90)}, {9: at(99)})
    assert 7 not in ledger.ended
    assert ledger.ended[9] == at(99)
    assert ledger.published.positions == {7: at(70)}


def test_when_everything_was_last_saved_is_known_and_a_recovery_is_told_once() -> None:
    clock, store = Clock(1000.0), Memory()
    failed: list[str] = []
    recovered: list[float] = []
    ledger = Ledger(Admission(), store, now=clock, failed=failed.append, recovered=lambda: recovered.append(clock.at))
    assert Ledger(Admission(), now=clock).saved_at() is None, "nothing is kept without a store"
    ledger.commit(requests(1), {})
    clock.at = 1010.0
    assert ledger.saved_at() == 1010.0, "nothing is unsaved"
    store.why = "disk is full"
    ledger.commit(requests(1), {})
    clock.at = 1020.0
    assert ledger.saved_at() == 1010.0, "it held everything then"
    store.why = None
    ledger.commit(Tally(), {})
    clock.at = 1030.0
    ledger.commit(requests(1), {})
    assert ledger.saved_at() == 1030.0
    assert (failed, recovered) == (["disk is full"], [1020.0])
