"""Learned routes are faster, never different, and stay within bounds."""

from __future__ import annotations

import random
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import LearnedRoutes, Routes
from logship.measure.learned import _MAX_CANDIDATES

SEGMENTS = (
    *(
        "",
        "api",
        "heroes",
        "v1",
        ":id",
        "17",
        "18",
        "0",
        "a.b",
        "a+b",
        "(x)",
        "[x]",
        "a|b",
        "^",
        "$",
        "\\d+",
        ".*",
        "(?i)",
    ),
    *(
        "2026-11-23",
        "2026-11-23T07:00",
        "deadbeefdeadbeef",
        "deadbeefdeadbeef0",
        "deadbeefdeadbee",
        "\u0661",
        "caf\u00e9",
    ),
    *(
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "a1b2c3d4e5f6g7h8i9j0",
        "a-rather-long-name-of-a-page",
        "a b",
        "a\nb",
        "17\n",
    ),
    *("eyJhbGciOiJIUzINiJeyJhbGciOiJIUzINiJ", "{x}", "<x>", "*", "%2f", "~", "-", "a" * 40, "aB" * 20),
)
paths = st.lists(st.sampled_from(SEGMENTS) | st.text(max_size=6), max_size=5).map(lambda parts: "/" + "/".join(parts))
urls = st.builds(
    str.__add__,
    paths | st.sampled_from(["", "*", "x", "http://example.org", "http://example.org/17", "//", "?a=/1"]),
    st.sampled_from(["", "", "?x=1", "?x=/17/a", "#top", "#a?b/1", "?", "/"]),
)


@given(
    st.lists(urls, min_size=1, max_size=15), st.randoms(use_true_random=False), st.sampled_from([(), ("/api/:x", "/*")])
)
def test_learning_changes_no_answer(pool: list[str], chance: random.Random, declared: tuple[str, ...]) -> None:
    plain, learned = Routes(declared), LearnedRoutes(Routes(declared))
    for url in chance.choices(pool, k=300):
        status = chance.choice([200, 200, 500, 404, None])
        assert learned.route(url, status) == plain.route(url, status), url


def test_recurring_routes_are_learned() -> None:
    learned = LearnedRoutes(Routes())
    for number in range(200):
        learned.route(f"/api/heroes/{number}/x", 200)
    assert learned.names[1:] == ["/api/heroes/:id/x"]


@pytest.mark.parametrize("url", ["/a" * 2000, "/" * 5000, "/" * 250, "/a" * 120, "/" + "a" * 100_000, "/(" * 100])
def test_extreme_urls_that_recur_do_no_harm(url: str) -> None:
    plain, learned = Routes(), LearnedRoutes(Routes())
    for number in range(300):
        assert learned.route(url, 200) == plain.route(url, 200)
        assert learned.route(f"{url}/{number}", 200) == plain.route(f"{url}/{number}", 200)


def test_learning_needs_little_of_the_stack() -> None:
    learned = LearnedRoutes(Routes())

    def learn_below(depth: int) -> None:
        if depth:
            learn_below(depth - 1)
        else:
            for _ in range(200):
                learned.route("/a" * 127, 200)

    learn_below(sys.getrecursionlimit() * 7 // 10)


def test_a_flood_of_distinct_urls_is_bounded() -> None:
    learned = LearnedRoutes(Routes())
    tracemalloc.start()
    try:
        for number in range(100_000):
            learned.route(f"/long-part-of-a-path/one-{chr(97 + number % 7)}" * 9 + f"/x{number}", 200)
            assert len(learned._candidates) <= _MAX_CANDIDATES
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_what_recurs_is_learned_even_behind_a_flood() -> None:
    learned = LearnedRoutes(Routes())
    for number in range(20_000):
        learned.route(f"/one-time-page-{number}x", 200)
    for number in range(40_000):
        learned.route(f"/api/heroes/{number}", 200)
    assert "/api/heroes/:id" in learned.names
