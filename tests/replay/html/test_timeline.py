"""A timeline is a sum in bounded memory: whatever the order, nothing is lost, and slots and bins are few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.errors import UsageError
from logship.measure import Histogram, Series, Sketcher, Tally, quantile_ns
from logship.model import LabelSet
from logship.replay import condition
from logship.replay.html.timeline import ALL, Place, Timeline, quantile, width_seconds

ROUTES = ("/a", "/b", "/c")
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 3_000_000),
        st.sampled_from(ROUTES),
        st.sampled_from(("200", "503", "__other__")),
        st.floats(0.001, 50_000),
    ),
    min_size=1,
    max_size=60,
)

Event = tuple[int, str, str, float]


def change(event: Event) -> Tally:
    _, route, status, duration = event
    fold = Histogram((0.1, 1.0), 1_000_000).fold([duration])
    sketch = Sketcher(1_000_000).sketch([duration])
    return Tally({LabelSet("GET", route, status): Series(1, fold.buckets, fold.sum_ns, fold.max_ns, sketch)})


def seen(events: Iterable[Event], timeline: Timeline) -> Timeline:
    for event in events:
        timeline.see(event[0] // timeline.width * timeline.width, change(event))
    return timeline


def small() -> Timeline:
    return Timeline(max_slots=10, max_bins=20)


def contents(timeline: Timeline) -> object:
    """Return all but how coarse the bins of single routes are: that depends on the way."""
    routes = (Place("GET", route) for route in ROUTES)
    return (
        (timeline.width, timeline.starts, timeline.untimed),
        [cell and (cell.requests, cell.errors, cell.max_ns, cell.bins) for cell in timeline.cells(ALL)],
        [cell and (cell.requests, cell.errors, cell.max_ns) for route in routes for cell in timeline.cells(route)],
    )


@given(EVENTS)
def test_nothing_is_lost_in_few_slots_and_few_bins(events: list[Event]) -> None:
    timeline = seen(events, small())
    assert len(timeline.starts) <= 10
    whole = [cell for cell in timeline.cells(ALL) if cell is not None]
    assert sum(cell.requests for cell in whole) == len(events)
    assert sum(cell.errors for cell in whole) == sum(event[2] == "503" for event in events)
    for route in ROUTES:
        cells = [cell for cell in timeline.cells(Place("GET", route)) if cell is not None]
        assert sum(cell.requests for cell in cells) == sum(event[1] == route for event in events)
    kept = [cell for route in ROUTES for cell in timeline.cells(Place("GET", route)) if cell is not None]
    assert sum(len(cell.bins) for cell in kept) <= max(20, len(kept))


@given(EVENTS)
def test_each_request_is_in_the_slot_of_its_time(events: list[Event]) -> None:
    timeline = seen(events, small())
    expected = Counter(event[0] // timeline.width * timeline.width for event in events)
    held = {start: cell.requests for start, cell in zip(timeline.starts, timeline.cells(ALL), strict=True) if cell}
    assert held == expected


@given(EVENTS.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_the_order_does_not_matter(orders: tuple[list[Event], list[Event]]) -> None:
    one, other = orders
    assert contents(seen(one, small())) == contents(seen(other, small()))


@given(EVENTS, EVENTS)
def test_two_timelines_add_up_to_the_one_that_saw_both(one: list[Event], other: list[Event]) -> None:
    total = seen(one, small()).plus(seen(other, small()))
    assert contents(total) == contents(seen([*one, *other], small()))


@given(st.lists(st.floats(0.01, 50_000), min_size=1, max_size=200))
def test_quantiles_of_all_requests_are_those_of_the_table(durations: list[float]) -> None:
    timeline = seen([(60, "/a", "200", each) for each in durations], Timeline())
    (cell,) = timeline.cells(ALL)
    assert cell is not None
    sketch = Sketcher(1_000_000).sketch(sorted(durations))
    found = quantile_ns(sketch, 0.95, round(max(durations) * 1_000_000))
    assert quantile(cell, 1, 0.95) == (None if found is None else found / 1e9)


def test_bins_of_single_routes_get_coarser_when_they_are_many() -> None:
    timeline = seen([(60, "/a", "200", 1.0 + each) for each in range(300)], small())
    (cell,) = timeline.cells(Place("GET", "/a"))
    assert cell is not None
    assert len(cell.bins) <= 20
    assert cell.bins.total() == 300
    assert quantile(cell, timeline.grain, 0.5) == pytest.approx(0.15, rel=0.02 * timeline.grain)


def test_only_the_requests_that_were_chosen_are_seen() -> None:
    timeline = Timeline(where=(condition("status=5xx"),))
    seen([(1, "/a", "200", 5.0), (2, "/b", "503", 5.0), (3, "/b", "__other__", 5.0)], timeline)
    assert [cell and cell.requests for cell in timeline.cells(ALL)] == [1]


def test_requests_without_a_time_are_counted_apart() -> None:
    timeline = Timeline()
    timeline.see(None, change((0, "/a", "200", 5.0)))
    assert timeline.untimed == 1
    assert not timeline.starts


@pytest.mark.parametrize(("text", "seconds"), [("15s", 15), ("5m", 300), ("1h", 3600), ("7d", 604800)])
def test_a_step_is_read(text: str, seconds: int) -> None:
    assert width_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "0s", "1w", "8d", "-1m", "1.5h"])
def test_a_step_that_is_none_is_refused_with_what_is_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"--step .* is no length of a slot"):
        width_seconds(text)
