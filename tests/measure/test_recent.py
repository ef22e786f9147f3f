"""What is remembered of the last quarter of an hour: exact counts, quantiles within 1 %, bounded whatever comes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import MAX_PAIRS, REST, SLOT_SECONDS, Pair, Recent, RunningSum, Series, Sketcher, cells_of, joined
from logship.measure.recent import SLOTS, is_server_error
from logship.model import LabelSet

MILLISECOND = 1_000_000
SKETCHER = Sketcher(MILLISECOND)

durations = st.lists(st.floats(0.01, 1e5), min_size=1, max_size=5)
requests = st.tuples(st.sampled_from("abc"), st.sampled_from(["200", "404", "500", "599", "600"]), durations)
steps = st.lists(st.tuples(st.floats(0, 400), st.lists(requests, max_size=3)), max_size=12)


def series(milliseconds: list[float]) -> Series:
    longest = round(max(milliseconds) * MILLISECOND)
    return Series(len(milliseconds), (0,), 0, longest, SKETCHER.sketch(milliseconds))


def get(route: str, count: int = 1, status: str = "200") -> tuple[LabelSet, Series]:
    return LabelSet("GET", route, status), series([10.0] * count)


@given(st.floats(0, 1e6), steps, st.sampled_from([1, 5, 15]))
def test_a_window_is_what_was_counted_in_its_slots(
    began: float, steps: list[tuple[float, list[tuple[str, str, list[float]]]]], minutes: int
) -> None:
    recent, now, noted = Recent.beginning(began), began, []
    for pause, counted in steps:
        now += pause
        recent = recent.plus(cells_of((LabelSet("GET", each[0], each[1]), series(each[2])) for each in counted), now)
        noted += [(now, *each) for each in counted]
    span = recent.span(minutes, now)
    first = now // SLOT_SECONDS * SLOT_SECONDS - minutes * 60
    assert span.seconds == pytest.approx(now - max(began, first))
    assert span.seconds < minutes * 60 + SLOT_SECONDS
    window = joined(RunningSum().of(span.slots), recent.cells)
    inside = [each for each in noted if each[0] >= first]
    assert {pair.route for pair in window} == {route for _, route, _, _ in inside}
    for pair, cell in window.items():
        mine = [each for each in inside if each[1] == pair.route]
        every = sorted(duration for *_, each in mine for duration in each)
        assert cell.requests == len(every)
        assert cell.errors == sum(len(each) for _, _, status, each in mine if status in {"500", "599"})
        assert cell.quantile_seconds(1.0) == pytest.approx(every[-1] / 1000, rel=0.011)


@given(steps)
def test_a_sum_that_follows_the_slots_is_that_of_the_slots(
    steps: list[tuple[float, list[tuple[str, str, list[float]]]]],
) -> None:
    recent, now, running = Recent.beginning(0), 0.0, RunningSum()
    for pause, counted in steps:
        now += pause
        recent = recent.plus(cells_of((LabelSet("GET", each[0], each[1]), series(each[2])) for each in counted), now)
        slots = recent.span(5, now).slots
        assert running.of(slots) == RunningSum().of(slots)


def test_no_more_than_a_bounded_number_of_pairs_stands_for_itself() -> None:
    recent = Recent.beginning(0)
    for number in range(3 * MAX_PAIRS):
        recent = recent.plus(cells_of([get(f"/{number}", 2)]), number)
    window = joined(RunningSum().of(recent.closed), recent.cells)
    assert set(window) == {*(Pair("GET", f"/{number}") for number in range(MAX_PAIRS)), REST}
    assert window[REST].requests == 2 * 2 * MAX_PAIRS
    assert recent.has_rest


def test_a_pair_that_fell_silent_leaves_its_place_to_another() -> None:
    recent = Recent.beginning(0).plus(cells_of(get(f"/{number}") for number in range(MAX_PAIRS)), 0)
    just_before, after = SLOTS * SLOT_SECONDS, (SLOTS + 1) * SLOT_SECONDS
    assert Pair("GET", "/new") not in recent.plus(cells_of([get("/new")]), just_before).kept
    assert recent.plus(cells_of([get("/new")]), after).kept == {Pair("GET", "/new")}


def test_what_is_too_old_is_forgotten_however_long_nothing_came() -> None:
    recent = Recent.beginning(0).plus(cells_of([get("/a")]), 1)
    assert len(recent.at(20).closed) == 1
    later = recent.at(1e9)
    assert (later.closed, later.cells, later.kept) == ((), {}, frozenset())
    assert len(list(later.history())) == SLOTS


def test_the_history_is_of_closed_slots_since_the_beginning() -> None:
    recent = Recent.beginning(20).at(50)
    assert list(recent.history()) == [(1, 10), (2, 15)]


def test_a_window_begins_with_a_slot_of_its_own_length_before_the_open_one() -> None:
    recent = Recent.beginning(0).plus(cells_of([get("/old")]), 59).plus(cells_of([get("/first")]), 60).at(125)
    assert set(RunningSum().of(recent.span(1, 125).slots)) == {Pair("GET", "/first")}


def test_a_clock_that_stands_still_or_steps_back_loses_nothing() -> None:
    recent = Recent.beginning(100).plus(cells_of([get("/a")]), 100).plus(cells_of([get("/a")]), 99)
    assert joined(RunningSum().of(recent.closed), recent.cells)[Pair("GET", "/a")].requests == 2


@pytest.mark.parametrize("status", ["500", "503", "599"])
def test_statuses_from_500_to_599_are_errors(status: str) -> None:
    assert is_server_error(status)


@pytest.mark.parametrize("status", ["499", "600", "__other__", "5xx", "5000", "5"])
def test_no_other_status_is_an_error(status: str) -> None:
    assert not is_server_error(status)


def test_label_sets_of_one_pair_are_one_row() -> None:
    cells: Mapping[Pair, object] = cells_of([get("/a", 3), get("/a", 1, "503")])
    assert list(cells) == [Pair("GET", "/a")]
    assert cells_of([get("/a", 3), get("/a", 1, "503")])[Pair("GET", "/a")][:2] == (4, 1)
