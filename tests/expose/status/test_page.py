"""The routes of the status page, and that nothing in a log can become part of the document."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from logship.expose import Standing, View
from logship.expose.status import FileStatus, Moment, RefusedLine, Report, Reporter, StateStatus, status_routes
from logship.expose.status.document import Choice, choice_of, document
from logship.expose.status.routes import CONTENT_SECURITY_POLICY
from logship.measure import MAX_PAIRS, Recent, Series, Sketcher, Tally, cells_of
from logship.model import LabelSet, Reason

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u2028\x1b[31m\ud800"
NOW = 1_700_000_000.0


def series(*milliseconds: float) -> Series:
    return Series(len(milliseconds), (len(milliseconds),), 0, 10**12, Sketcher(1_000_000).sketch(milliseconds))


def moment(route: str = "/api/heroes", *, path: str = "/logs/combined.log", routes: int = 1) -> Moment:
    tally = Tally(rejected=Tally().rejected)
    for number in range(routes):
        name = route if number == 0 else f"{route}/{number}"
        tally.series[LabelSet("GET", name, "200")] = series(10.0, 20.0)
        tally.series[LabelSet("GET", name, "503")] = series(500.0)
    tally.rejected[Reason.INVALID_JSON] = 3
    recent = Recent.beginning(990.0).plus(cells_of(tally.series.items()), 995.0)
    return Moment(
        view=View(tally=tally, standing=Standing(followed_files=1, happenings={"opened": 1})),
        recent=recent,
        at=NOW,
        clock=1000.0,
        started_at=NOW - 100,
        files=[FileStatus(path, 3, "winston", 50, 100, 50, 2.0, 1.0, is_rotated=False)],
        refused=[RefusedLine("invalid_json", path, 10, 20, NOW - 5)],
        state=StateStatus(path, 4096, None, path),
        configuration=[("state.file", path)],
    )


def app(shown: Moment, now: float = NOW) -> Starlette:
    return Starlette(routes=status_routes(lambda: shown, now=lambda: now))


def ask(served: Starlette, path: str, method: str = "GET") -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://logship") as client:
            return await client.request(method, path)

    return asyncio.run(once())


class Elements(HTMLParser):
    """The tags, attributes and text of a document."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href" and tag == "a"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("path", ["/", "/status.css", "/status.js", "/api/v1/status"])
def test_each_answer_forbids_everything_foreign(path: str) -> None:
    answer = ask(app(moment()), path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/status.js", "/api/v1/status"])
def test_only_reading_is_allowed(path: str) -> None:
    assert ask(app(moment()), path, "POST").status_code == 405
    assert ask(app(moment()), path, "HEAD").content == b""


def test_numbers_are_not_kept_by_a_browser_but_its_style_is() -> None:
    assert ask(app(moment()), "/").headers["cache-control"] == "no-store"
    assert "immutable" in ask(app(moment()), "/status.css").headers["cache-control"]


def test_the_document_has_no_style_or_script_of_its_own() -> None:
    elements = Elements(ask(app(moment()), "/").text)
    assert elements.tags.count("script") == 1
    assert "style" not in elements.tags
    assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]


@given(st.text(max_size=40) | st.just(HOSTILE))
def test_whatever_a_log_or_a_file_is_called_the_elements_stay_the_same(name: str) -> None:
    plain = Elements(text_of(moment()))
    hostile = Elements(text_of(moment(name, path=name)))
    assert [tag for tag in hostile.tags if tag != "wbr"] == [tag for tag in plain.tags if tag != "wbr"]
    assert hostile.attributes == plain.attributes


def test_a_hostile_name_is_shown_as_text() -> None:
    text = text_of(moment(HOSTILE))
    assert "<img" not in text
    assert "\x1b" not in text
    assert "</script><img src=x onerror=alert(1)>\"'&" in Elements(text).text
    ask(app(moment(HOSTILE, path=HOSTILE)), "/").raise_for_status()
    assert ask(app(moment(HOSTILE)), "/api/v1/status").json()["routes"][0]["route"] == HOSTILE.replace(
        "\ud800", "\\ud800"
    )


def text_of(shown: Moment) -> str:
    return document(Reporter().report(shown), Choice(), 0.0, "x")


def test_the_json_says_what_the_tally_says() -> None:
    said: dict[str, Any] = ask(app(moment()), "/api/v1/status?window=1").json()
    assert said["window_minutes"] == 1
    assert said["window_seconds"] == 10.0
    (row,) = said["routes"]
    assert (row["requests_total"], row["errors_total"], row["rate"]) == (3, 1, 0.3)
    assert row["p50_seconds"] == pytest.approx(0.02, rel=0.01)
    assert row["p99_seconds"] == pytest.approx(0.5, rel=0.01)
    assert {"outcome": "rejected", "reason": "invalid_json", "lines": 3} in said["outcomes"]


def test_the_json_can_be_read_though_the_name_of_a_file_is_no_unicode() -> None:
    answer = ask(app(moment(path="/logs/caf\udce9.log")), "/api/v1/status")
    assert msgspec.json.decode(answer.content, type=Report).files[0].path == "/logs/caf\\udce9.log"


def test_files_whose_names_differ_in_a_byte_that_is_no_unicode_are_told_apart() -> None:
    assert "caf\\udce8.log" in Elements(text_of(moment(path="/logs/caf\udce8.log"))).text
    assert "caf\\udce9.log" in Elements(text_of(moment(path="/logs/caf\udce9.log"))).text


def test_the_page_leads_to_all_that_is_served_and_to_the_manual_and_nowhere_else() -> None:
    elements = Elements(ask(app(moment()), "/").text)
    assert {"metrics", "healthz", "readyz", "api/v1/status?window=5"} <= set(elements.links)
    assert not [link for link in elements.links if "//" in link]
    assert "logship doctor" in elements.text
    assert "man logship" in elements.text


@pytest.mark.parametrize("window", ["", "2", "five", "-1", "1e0"])
def test_a_window_that_there_is_not_is_refused(window: str) -> None:
    answer = ask(app(moment()), f"/api/v1/status?window={window}")
    assert (answer.status_code, answer.text) == (400, "window must be 1, 5 or 15 (minutes)\n")


@given(st.none() | st.text(), st.none() | st.text())
def test_nonsense_in_the_address_of_the_page_is_ignored(window: str | None, order: str | None) -> None:
    chosen = choice_of(window, order)
    assert chosen.window == (int(window) if window in {"1", "5", "15"} else 5)
    document(Reporter().report(moment(), chosen.window), chosen, 0.0, "x")


def test_routes_are_put_in_the_order_asked_for_and_the_heading_says_so() -> None:
    text = ask(app(moment(routes=3)), "/?sort=total&window=15").text
    assert text.count('aria-sort="descending"') == 1
    assert 'aria-sort="descending" class="number"><a href="?window=15&amp;sort=total">' in text


def test_more_routes_than_there_is_room_for_are_one_row() -> None:
    report = Reporter().report(moment(routes=MAX_PAIRS + 7))
    assert len(report.routes) == MAX_PAIRS
    assert report.rest is not None
    assert (report.rest_routes, report.rest.requests_total, report.rest.requests) == (7, 21, 21)
    assert report.total.requests_total == 3 * (MAX_PAIRS + 7)
    assert "7 more" in text_of(moment(routes=MAX_PAIRS + 7))


def test_old_numbers_are_said_to_be_old() -> None:
    assert "not turning: these numbers are 60 s old" in ask(app(moment(), now=NOW + 60), "/").text
    assert "not turning" not in ask(app(moment(), now=NOW + 2), "/").text
