"""From urls to routes: what names one thing of many is replaced, what names a kind of thing stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.errors import UsageError
from logship.measure import Origin, Routes
from logship.measure.routes import _Node, paths_of
from logship.model import UNMATCHED

UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("/", "/"),
        ("", "/"),
        ("/api/heroes", "/api/heroes"),
        ("/api/heroes/17", "/api/heroes/:id"),
        ("/api/heroes/17/", "/api/heroes/:id/"),
        ("/17", "/:id"),
        ("/1/2/3", "/:id/:id/:id"),
        ("/0", "/:id"),
        ("/00017", "/:id"),
        ("/api/v1/heroes", "/api/v1/heroes"),
        ("/api/2024-heroes", "/api/2024-heroes"),
        ("/heroes/17a", "/heroes/17a"),
        ("/heroes/-1", "/heroes/-1"),
        ("/heroes/\u0661\u0667", "/heroes/\u0661\u0667"),
        (f"/heroes/{UUID}", "/heroes/:id"),
        (f"/heroes/{UUID.upper()}/x", "/heroes/:id/x"),
        ("/heroes/abcdefab-abcd-abcd-abcd-abcdefabcdef", "/heroes/:id"),
        ("/heroes/507f1f77bcf86cd799439011", "/heroes/:id"),
        ("/heroes/abcdefabcdefabcd", "/heroes/:id"),
        ("/heroes/abcdefabcdefabc", "/heroes/abcdefabcdefabc"),
        ("/days/2026-11-23", "/days/:id"),
        ("/days/2026-11-23T07:00:00.000Z/x", "/days/:id/x"),
        ("/days/2026-11", "/days/2026-11"),
        ("/files/a1b2c3d4e5f6g7h8i9j0", "/files/:id"),
        ("/files/a-rather-long-name-of-a-page", "/files/a-rather-long-name-of-a-page"),
        ("/t/eyJhbGciOiJIUzINiJeyJhbGciOiJIUzINiJ", "/t/:id"),
        ("/api/heroes?id=17", "/api/heroes"),
        ("/api/heroes/17?x=/1/2", "/api/heroes/:id"),
        ("/api/heroes/17#top", "/api/heroes/:id"),
        ("/api#a?b", "/api"),
        ("/api?a#b/1", "/api"),
        ("?page=2", "/"),
        ("#top", "/"),
        ("http://example.org", "/"),
        ("http://example.org/", "/"),
        ("http://example.org:80/heroes/17?x=1", "/heroes/:id"),
        ("HTTPS://user:pw@example.org/a", "/a"),
        ("http://example.org?x=/1", "/"),
        ("//example.org/17", "//example.org/:id"),
        ("/a//17//b", "/a//:id//b"),
        ("//", "//"),
        ("*", "*"),
        ("example.org:443", "example.org:443"),
        ("/caf\u00e9/17", "/caf\u00e9/:id"),
        ("/caf%C3%A9/17", "/caf%C3%A9/:id"),
        ("/a b/17", "/a b/:id"),
        ("/a\n/17", "/a\n/:id"),
        ("/17\n", "/17\n"),
        ("/:id", "/:id"),
        ("/a/..%2f..%2fetc", "/a/..%2f..%2fetc"),
    ],
)
def test_a_url_has_a_route(url: str, route: str) -> None:
    assert Routes().route(url, 200) == route


@pytest.mark.parametrize("url", ["/", "/api/heroes/17", "*", ""])
def test_a_request_that_no_route_answered_is_unmatched(url: str) -> None:
    assert Routes().route(url, 404) == UNMATCHED


@pytest.mark.parametrize("status", [None, 200, 400, 403, 405, 410, 500])
def test_only_404_means_that_no_route_answered(status: int | None) -> None:
    assert Routes().route("/a/1", status) == "/a/:id"


DECLARED = (
    "/api/heroes/:heroId",
    "/api/heroes/new",
    "/api/heroes/:heroId/lessons/:lessonId?",
    "/api/students/{student_id}",
    "/api/students/{student_id}/{lesson:int}",
    "/flask/<name>",
    "/flask/<int:number>/x",
    "/files/*",
    "/files/special",
    "/",
)


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("/api/heroes/rosa-parks", "/api/heroes/:heroId"),
        ("/api/heroes/17?x=1", "/api/heroes/:heroId"),
        ("/api/heroes/new", "/api/heroes/new"),
        ("/api/heroes/a/lessons/b", "/api/heroes/:heroId/lessons/:lessonId?"),
        ("/api/heroes/new/lessons/b", "/api/heroes/:heroId/lessons/:lessonId?"),
        ("/api/students/x", "/api/students/{student_id}"),
        ("/api/students/x/1", "/api/students/{student_id}/{lesson:int}"),
        ("/flask/x", "/flask/<name>"),
        ("/flask/x/x", "/flask/<int:number>/x"),
        ("/files/a", "/files/*"),
        ("/files/a/b/c", "/files/*"),
        ("/files/", "/files/*"),
        ("/files/special", "/files/special"),
        ("/files/special/deeper", "/files/*"),
        ("http://example.org/files/a/b", "/files/*"),
        ("/", "/"),
        ("", "/"),
        ("/api/heroes/", "/api/heroes/"),
        ("/api/heroes", "/api/heroes"),
        ("/api/other/17", "/api/other/:id"),
        ("/files", "/files"),
    ],
)
def test_declared_templates_go_first(url: str, route: str) -> None:
    assert Routes(DECLARED).route(url, 200) == route


@pytest.mark.parametrize(
    ("url", "route"),
    [("/api/heroes/x", "/api/heroes/:heroId"), ("/api/heroes/x/y", UNMATCHED), ("/files/x", "/files/*")],
)
def test_a_404_of_a_declared_route_is_its_own(url: str, route: str) -> None:
    assert Routes(DECLARED).route(url, 404) == route


@pytest.mark.parametrize(
    ("template", "matching", "other"),
    [
        (r"/reports/:year(\d{4})/:month", "/reports/2026/x", "/reports/26/x"),
        ("/export/:name.:format?", "/export/heroes.json", "/export/heroes/json"),
        ("/export/:name.:format?", "/export/heroes", "/export/"),
        ("/flights/:from-:to", "/flights/TXL-SFO", "/flights/TXL"),
        ("/heroes/{id}.json", "/heroes/x.json", "/heroes/x.xml"),
        ("/heroes/{id}:cancel", "/heroes/x:cancel", "/heroes/x:stop"),
        ("/v<int:version>/x", "/v3/x", "/3/x"),
        ("/a/:id?", "/a", "/b"),
        ("/a/:id?", "/a/x", "/a/x/y"),
        ("/a/:id?/b", "/a/b", "/a/x/c"),
        ("/f/{rest:path}", "/f/a/b/c", "/g/a"),
        ("/f/<path:rest>", "/f/a/b/c", "/g/a"),
    ],
)
def test_templates_of_frameworks_match_as_they_do_there(template: str, matching: str, other: str) -> None:
    assert Routes([template]).route(matching, 404) == template
    assert Routes([template]).route(other, 404) == UNMATCHED


def test_a_pattern_goes_before_a_parameter() -> None:
    routes = Routes(["/:any", r"/:number(\d+)", "/new"])
    assert [routes.route(url, 200) for url in ("/new", "/17", "/x")] == ["/new", r"/:number(\d+)", "/:any"]


def test_the_first_of_two_equal_templates_names_the_route() -> None:
    assert Routes(["/a/:first", "/a/{second}"]).route("/a/x", 200) == "/a/:first"


def test_a_literal_goes_before_a_parameter_and_a_parameter_before_a_wildcard() -> None:
    routes = Routes(["/*", "/:a", "/b", "/:a/c"])
    assert [routes.route(url, 200) for url in ("/b", "/x", "/b/c", "/x/y", "/b/y")] == [
        "/b",
        "/:a",
        "/:a/c",
        "/*",
        "/*",
    ]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "api/heroes",
        "*",
        "/files/*/x",
        "/files/**",
        "/files*",
        "/*.html",
        "http://example.org/x",
        r"/heroes/:id(\d+",
        "/heroes/:id([)",
        "/heroes/(.*)",
        "/heroes/{}",
        "/heroes/<id",
    ],
)
def test_a_template_that_cannot_match_as_meant_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match="route template"):
        Routes([template])


@pytest.mark.parametrize("template", ["/v1/items:batchGet", "/a.b-c", "/caf\u00e9", "/a//b", "/a/"])
def test_literals_may_hold_anything_else(template: str) -> None:
    assert Routes([template]).route(template, 404) == template


@given(st.text(max_size=60), st.sampled_from([None, 200, 404, 500]))
def test_any_text_has_a_route(url: str, status: int | None) -> None:
    assert Routes().route(url, status)
    assert Routes(DECLARED).route(url, status)


def test_a_url_of_a_megabyte_takes_no_longer_than_its_length() -> None:
    for url in ("/" * 1_000_000, "/" + "1" * 1_000_000 + "x", "/" + "a" * 1_000_000, "/a1" * 300_000):
        assert Routes(DECLARED).route(url, 200)


def test_a_look_up_takes_one_step_for_each_segment_however_many_templates_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routes = Routes([f"/area{area}/:id/page{page}" for area in range(40) for page in range(40)])
    steps: list[object] = []
    find = _Node.find

    def counted(node: _Node, segments: Sequence[str]) -> str | None:
        steps.append(segments)
        return find(node, segments)

    monkeypatch.setattr(_Node, "find", counted)
    assert routes.route("/area7/1/page9", 200) == "/area7/:id/page9"
    assert len(steps) == 4


@pytest.mark.parametrize(
    ("url", "status", "expected"),
    [
        ("/zoo/bear?x=1", 404, ("/zoo/:animal", Origin.DECLARED)),
        ("/heroes", 200, ("/heroes", Origin.PATH)),
        ("/heroes/17", 200, ("/heroes/:id", Origin.TEMPLATE)),
        ("/heroes/:param", 200, ("/heroes/:id", Origin.TEMPLATE)),
        ("/nope", 404, (UNMATCHED, Origin.UNMATCHED)),
    ],
)
def test_where_a_route_comes_from_is_known(url: str, status: int, expected: tuple[str, Origin]) -> None:
    assert Routes(["/zoo/:animal"]).derive(url, status) == expected


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/a/:id", ["/a/x"]),
        ("/a/{id}.json", ["/a/x.json"]),
        ("/files/*", ["/files/x/x"]),
        ("/y/:year(\\d{4})", []),
        ("/", ["/"]),
    ],
)
def test_a_template_has_paths_that_it_takes(template: str, path: list[str]) -> None:
    assert paths_of(template, "x") == path
