"""Segments with too many values become a parameter; what was counted never moves, also not by a restart."""

from __future__ import annotations

from collections import Counter
from itertools import islice, product

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Admission, LearnedSegments, Series, Tally, merge
from logship.measure.segments import MAX_VALUES, _Tree
from logship.model import OTHER, UNMATCHED, LabelSet

ONE = Series(1, (1, 0), 5, 5, {})

names = st.sampled_from([*"abcdefgh", ":id", ""])
derived = st.lists(names, min_size=1, max_size=4).map(lambda segments: "/" + "/".join(segments))
streams = st.lists(st.tuples(derived | st.sampled_from([UNMATCHED, OTHER, "*"]), st.booleans()), max_size=60)


def few(
    max_routes: int = 500, declared: tuple[str, ...] = (), counted: tuple[str, ...] = (), *, max_values: int = 3
) -> LearnedSegments:
    return LearnedSegments(max_routes, declared, counted, max_values=max_values)


def label_of(segments: LearnedSegments, route: str, *, is_own: bool) -> str:
    if is_own:
        segments.note(route)
        return route
    return segments.label(route)


def test_a_segment_with_too_many_values_becomes_a_parameter() -> None:
    segments = LearnedSegments()
    labels = [segments.label(f"/users/user{chr(97 + number % 26)}{number // 26}/posts") for number in range(300)]
    assert labels[:MAX_VALUES] == [
        f"/users/user{chr(97 + number % 26)}{number // 26}/posts" for number in range(MAX_VALUES)
    ]
    assert set(labels[MAX_VALUES:]) == {"/users/:param/posts"}


def test_segments_behind_a_parameter_are_learned_too() -> None:
    segments = few()
    labels = [segments.label(f"/{who}/{what}") for who, what in product("abcdef", "uvwxyz")]
    assert labels[-6:] == ["/:param/u", "/:param/v", "/:param/w", "/:param/:param", "/:param/:param", "/:param/:param"]


def test_values_that_have_a_place_keep_it() -> None:
    segments = few()
    first = [segments.label(f"/{each}") for each in "abc"]
    assert segments.label("/d") == "/:param"
    assert [segments.label(f"/{each}") for each in "abc"] == first == ["/a", "/b", "/c"]


def test_declared_templates_and_routes_of_the_application_are_never_changed() -> None:
    segments = few(declared=("/zoo/:animal",))
    for each in "abcdef":
        segments.label(f"/{each}")
    assert segments.label("/zoo/:animal") == "/zoo/:animal"
    segments.note("/own")
    assert segments.label("/own") == "/own"
    assert segments.label(UNMATCHED) == UNMATCHED


def test_a_route_of_the_application_takes_its_values_out_of_the_parameter() -> None:
    segments = few()
    for each in "abcd":
        segments.label(f"/{each}")
    assert segments.folded["/d"] == "/:param"
    segments.note("/d")
    assert "/d" not in segments.folded
    assert segments.label("/d") == "/d"


@given(streams)
def test_what_is_known_is_what_the_label_is(stream: list[tuple[str, bool]]) -> None:
    segments = few()
    for route, is_own in stream:
        label = label_of(segments, route, is_own=is_own)
        assert is_own or segments.folded.get(route, route) == label == segments.label(route)


@given(st.lists(derived, max_size=60))
def test_no_derived_route_moves(stream: list[str]) -> None:
    segments = few()
    labels: dict[str, str] = {}
    for route in stream:
        assert segments.label(route) == labels.setdefault(route, segments.label(route))


@given(streams, st.lists(st.integers(0, 60), max_size=4), st.integers(1, 12), st.integers(1, 12))
def test_restarts_anywhere_change_no_number(
    stream: list[tuple[str, bool]], restarts: list[int], max_routes: int, max_series: int
) -> None:
    stream = [each for each in stream if not each[1]]
    assert counted(stream, restarts, max_routes, max_series) == counted(stream, [], max_routes, max_series)


@given(streams, st.lists(st.integers(0, 60), max_size=4))
def test_restarts_change_no_number_where_the_application_names_routes_as_well(
    stream: list[tuple[str, bool]], restarts: list[int]
) -> None:
    assert counted(stream, restarts, 500, 1000) == counted(stream, [], 500, 1000)


def counted(stream: list[tuple[str, bool]], restarts: list[int], max_routes: int, max_series: int) -> Counter[str]:
    """Return the requests by route; after each of `restarts` lines all is forgotten but the tally."""
    admission, held = Admission(max_series, max_routes=max_routes), Tally()
    segments = few(max_routes)
    for number, (route, is_own) in enumerate(stream):
        if number in restarts:
            segments = few(max_routes, counted=tuple({labels.route for labels in held.series}))
        change = Tally()
        change.add_series(LabelSet("GET", label_of(segments, route, is_own=is_own), "200"), ONE)
        held = merge(held, admission.admit(held, change))
    return Counter({labels.route: series.requests for labels, series in held.series.items()})


def test_a_flood_of_routes_is_bounded() -> None:
    segments = LearnedSegments(max_routes=50)
    letters = "abcdefghijklmnopqrst"
    for one, two, three in islice(product(letters, repeat=3), 6000):
        segments.label(f"/{one}/{two}/{three}")
    assert len(segments._routes) == 50
    assert nodes(segments._tree) <= 150
    assert len(segments._folded) <= 4096


def nodes(tree: _Tree) -> int:
    return len(tree) + sum(map(nodes, tree.values()))


def test_a_path_of_many_segments_is_left_as_it_is() -> None:
    deep = "/" + "/".join("abcdefgh" * 4)
    segments = few()
    assert segments.label(deep) == deep
    assert not segments._tree
