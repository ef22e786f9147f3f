"""The HTTP routes answer with what is committed, within the time that a scrape has."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette

from logship.expose import Renderer, View, application
from logship.expose.web import scrape_budget
from logship.measure import Tally


def app(
    freshen: Callable[[float], bool] = lambda _seconds: True,
    stall: Callable[[], str | None] = lambda: None,
    missing: Callable[[], list[str]] = list,
    budget_seconds: float = 1.0,
    tally: Callable[[], Tally] = Tally,
) -> Starlette:
    render = Renderer(lambda: View(tally()), now=None).render
    return application(
        render=render, freshen=freshen, stall=stall, missing=missing, budget_seconds=lambda: budget_seconds
    )


def ask(served: Starlette, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://logship") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(once())


def test_metrics_are_served_as_text() -> None:
    answer = ask(app(), "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers.get_list("content-type") == [answer.headers["content-type"]]
    assert any(family.name == "logship_lines" for family in parse_text(answer.text))


def test_metrics_are_served_as_openmetrics_to_whoever_asks_for_it() -> None:
    answer = ask(app(), "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.1"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert list(parse_openmetrics(answer.text))  # type: ignore[no-untyped-call]  # as the package has it


@pytest.mark.parametrize("path", ["/", "/metric", "/metrics/x", "/healthz/../secret", "/favicon.ico", "//metrics"])
def test_anything_else_is_not_found(path: str) -> None:
    assert ask(app(), path).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(path: str, method: str) -> None:
    assert ask(app(), path, method).status_code == 405


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_the_head_is_that_of_the_answer(path: str) -> None:
    head, whole = ask(app(), path, "HEAD"), ask(app(), path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


def test_a_living_sidecar_is_healthy_even_when_it_is_not_ready() -> None:
    served = app(missing=lambda: ["still reading", "a\nb\udcff: may not be read"])
    assert (ask(served, "/healthz").status_code, ask(served, "/healthz").text) == (200, "ok\n")
    assert (ask(served, "/readyz").status_code, ask(served, "/readyz").text) == (
        503,
        "still reading\na?b?: may not be read\n",
    )


def test_a_sidecar_that_stands_still_is_not_healthy() -> None:
    answer = ask(app(stall=lambda: "the loop has not turned for 130 s"), "/healthz")
    assert (answer.status_code, answer.text) == (503, "the loop has not turned for 130 s\n")
    assert answer.headers["cache-control"] == "no-store"


def test_of_very_many_reasons_some_are_told() -> None:
    answer = ask(app(missing=lambda: [f"{number}.log: may not be read" for number in range(10_000)]), "/readyz")
    assert len(answer.text.splitlines()) == 20


def test_a_sidecar_that_has_caught_up_is_ready() -> None:
    assert (ask(app(), "/readyz").status_code, ask(app(), "/readyz").text) == (200, "ok\n")


def test_a_scrape_first_asks_for_a_turn() -> None:
    happened: list[str] = []

    def freshen(_seconds: float) -> bool:
        happened.append("turn")
        return True

    def tally() -> Tally:
        happened.append("rendered")
        return Tally()

    ask(app(freshen, tally=tally), "/metrics")
    assert happened == ["turn", "rendered"]


def test_a_scrape_out_of_time_is_answered_with_what_is_committed() -> None:
    assert ask(app(lambda _seconds: False), "/metrics").status_code == 200


def test_the_timeout_of_the_scrape_reaches_the_turn() -> None:
    budgets: list[float] = []

    def freshen(seconds: float) -> bool:
        budgets.append(seconds)
        return True

    ask(app(freshen, budget_seconds=3.0), "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "2.0"})
    ask(app(freshen, budget_seconds=3.0), "/metrics")
    assert budgets == [1.0, 3.0]


@pytest.mark.parametrize(
    ("budget", "header", "expected"),
    [
        (1.0, None, 1.0),
        (1.0, "10", 1.0),
        (1.0, "1.0", 0.5),
        (1.0, "0.2", 0.1),
        (5.0, "10", 5.0),
        (0.0, "10", 0.0),
        (0.0, None, 0.0),
        (1.0, "inf", 1.0),
        (1.0, "nan", 1.0),
        (1.0, "0", 1.0),
        (1.0, "-3", 1.0),
        (1.0, "", 1.0),
        (1.0, "soon", 1.0),
        (1.0, "1e400", 1.0),
        (1.0, "-inf", 1.0),
        (1.0, "9" * 5000, 1.0),
        (1.0, "1.0, 10", 1.0),
        (1.0, "0x10", 1.0),
        (1.0, "\u00b2", 1.0),
        (1.0, "\0", 1.0),
    ],
)
def test_a_scrape_waits_within_its_budget(budget: float, header: str | None, expected: float) -> None:
    found = scrape_budget(budget, header)
    assert found == expected
    assert math.isfinite(found)


@pytest.mark.parametrize("header", [b"\xff\xfe", b"1;drop", b"9" * 60_000, b"", b"-1e309"])
def test_whatever_the_header_holds_the_scrape_is_answered_within_its_budget(header: bytes) -> None:
    budgets: list[float] = []

    def freshen(seconds: float) -> bool:
        budgets.append(seconds)
        return False

    answer = asyncio.run(_ask_with(app(freshen), header))
    assert answer.status_code == 200
    assert budgets == [1.0]


async def _ask_with(served: Starlette, header: bytes) -> httpx.Response:
    headers = [(b"X-Prometheus-Scrape-Timeout-Seconds", header)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://logship") as client:
        return await client.get("/metrics", headers=headers)
