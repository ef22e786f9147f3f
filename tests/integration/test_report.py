"""The report in a browser: it opens from a file, shows the numbers of the JSON, and works by mouse, keys and phone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from logship.cli.main import main

DATA = Path(__file__).parent.parent / "data"
HOSTILE = "/</script><img src=x onerror=document.title='broken'>\u2028\u202e'\"&amp;/" + "x" * 400

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("report") / "report.html"
    log = str(DATA / "winston-small/A/combined.log.gz")
    assert main(["replay", log, "--output", "html", "--to", str(target)]) == 0
    return target


@pytest.fixture
def numbers(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["replay", str(DATA / "winston-small/A/combined.log.gz"), "--output", "json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def opened(page: Page, file: Path) -> None:
    page.goto(file.as_uri())


def drawn(page: Page, file: Path) -> None:
    opened(page, file)
    page.wait_for_selector("html[data-charts=drawn]")


def cells(page: Page, table: str) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        f"#{table} tbody tr:not([hidden])",
        "rows => rows.map(row => [...row.cells].map(cell => cell.dataset.value ?? cell.textContent))",
    )
    return found


def test_the_numbers_on_the_page_are_those_of_the_json(page: Page, made: Path, numbers: dict[str, Any]) -> None:
    opened(page, made)
    columns = ("requests", "rate", "errors", "error_share", "p50", "p90", "p95", "p99", "max", "sum")
    shown = [[row[0], row[1], *map(json.loads, row[2:])] for row in cells(page, "route-table")]
    routes = [[row["route"], row["method"], *(row[column] for column in columns)] for row in numbers["routes"]]
    assert shown == routes
    lines = dict(cells(page, "lines-table"))
    assert int(lines["all lines"]) == numbers["lines"]["total"]
    assert int(lines["requests"]) == numbers["lines"]["request"]
    assert dict(cells(page, "exceptions-table")) == {name: str(n) for name, n in numbers["exceptions"].items()}
    assert page.text_content("[data-total=requests]") == f"{numbers['total']['requests']:,}"


def test_the_charts_add_up_to_the_same_requests(page: Page, made: Path, numbers: dict[str, Any]) -> None:
    drawn(page, made)
    sums = "traces => [...document.getElementById('chart-requests').data].map(t => t.y.reduce((a, b) => a + b, 0))"
    good, failed = page.evaluate(sums)
    assert (good + failed, failed) == (numbers["total"]["requests"], numbers["total"]["errors"])
    counts = (
        "[...document.getElementById('chart-heat').data[0].customdata.flat()].reduce((sum, each) => sum + each[0], 0)"
    )
    assert page.evaluate(counts) == sum(each["buckets"]["+Inf"] for each in numbers["series"])


@pytest.mark.parametrize("press", [lambda button: button.click(), lambda button: button.press("Enter")])
def test_a_heading_sorts_by_mouse_and_keys(page: Page, made: Path, press: Callable[[Any], None]) -> None:
    opened(page, made)
    button = page.get_by_role("columnheader", name="Requests", exact=True).get_by_role("button").first
    press(button)
    counts = [int(row[2]) for row in cells(page, "route-table")]
    assert counts == sorted(counts, reverse=True)
    assert page.locator("#route-table th[aria-sort=descending]").text_content() == "Requests"
    press(button)
    assert [int(row[2]) for row in cells(page, "route-table")] == sorted(counts)
    press(page.locator("#route-table th button").first)
    routes = [row[0] for row in cells(page, "route-table")]
    assert routes == page.evaluate("texts => texts.sort((a, b) => a.localeCompare(b, 'en'))", routes)


def test_a_filter_leaves_the_routes_that_have_all_its_words(page: Page, made: Path) -> None:
    opened(page, made)
    page.get_by_label("Filter").fill("students post")
    rows = cells(page, "route-table")
    assert rows
    assert all("students" in row[0] and row[1] == "POST" for row in rows)
    expect(page.locator("#filtered")).to_have_text(f"{len(rows)} shown")


def test_a_route_shows_its_own_charts(page: Page, made: Path, numbers: dict[str, Any]) -> None:
    drawn(page, made)
    place, route = next((n, row) for n, row in enumerate(numbers["routes"][:20]) if row["requests"] > 20)
    page.locator("#route-table td button").nth(place).press("Enter")
    chosen = page.locator("#view option:checked").text_content()
    assert chosen == f"{route['method']} {route['route']}"
    counts = "document.getElementById('chart-requests').data.flatMap(trace => trace.y)"
    page.wait_for_function(f"count => {counts}.reduce((a, b) => a + b, 0) === count", arg=route["requests"])


def test_a_phone_does_not_scroll_sideways(page: Page, made: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    drawn(page, made)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    widths = page.eval_on_selector_all(".chart", "charts => charts.map(each => each.getBoundingClientRect().width)")
    assert len(widths) == 4
    assert all(200 < width <= 360 for width in widths)


def luminance(colour: str) -> float:
    """Return the relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (int(each) / 255 for each in re.findall(r"\d+", colour)[:3])
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page: Page, selector: str) -> float:
    """Return the contrast of some text with what is behind it."""
    pair = page.eval_on_selector(
        selector,
        """each => {
          const ink = getComputedStyle(each).color;
          while (getComputedStyle(each).backgroundColor === "rgba(0, 0, 0, 0)") each = each.parentElement;
          return [ink, getComputedStyle(each).backgroundColor];
        }""",
    )
    lighter, darker = sorted(map(luminance, pair), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_by_day_and_by_night(page: Page, made: Path, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, made)
    ground = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (ground > 0.8) is (scheme == "light")
    texts = (
        "h1",
        "#period",
        "nav a",
        ".tiles dt",
        ".tiles dd",
        "h2",
        "th",
        "td",
        "td button",
        "code",
        "input",
        "select",
    )
    assert {text: contrast(page, text) for text in texts if contrast(page, text) < 4.5} == {}


def test_the_charts_turn_dark_with_the_page_and_light_on_paper(page: Page, made: Path) -> None:
    page.emulate_media(color_scheme="light")
    drawn(page, made)
    ink = "luminance => document.querySelector('#chart-latency .xtick text').style.fill"
    by_day = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"before => ({ink})() !== before", arg=by_day)
    assert luminance(page.evaluate(ink)) > luminance(by_day)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"before => ({ink})() === before", arg=by_day)


def test_without_scripts_the_tables_are_there(browser: Browser, made: Path, numbers: dict[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(made.as_uri())
    expect(page.get_by_text("The charts need JavaScript")).to_be_visible()
    expect(page.locator("#route-table tbody tr")).to_have_count(len(numbers["routes"]))
    expect(page.locator("#filter")).to_be_hidden()
    expect(page.locator("[data-total=p99]")).to_be_visible()
    context.close()


def test_hostile_routes_are_only_text(page: Page, tmp_path: Path) -> None:
    log, target = tmp_path / "a.log", tmp_path / "report.html"
    request = {"timestamp": "2026-11-23T08:00:00Z", "level": "info", "message": "HTTP Request", "method": "GET"}
    log.write_text(json.dumps(request | {"route": HOSTILE, "status": 200, "duration": 5}) + "\n")
    assert main(["replay", str(log), "--output", "html", "--to", str(target)]) == 0
    page.set_viewport_size({"width": 360, "height": 740})
    drawn(page, target)
    assert page.title() == "Requests in the logs"
    assert page.locator("img").count() == 0
    expect(page.locator("#route-table td").first).to_contain_text("/</script><img src=x onerror=")
    assert "\\u2028\\u202e" in str(page.text_content("#route-table td"))
    page.locator("#route-table td button").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_logs_without_requests_give_a_page_all_the_same(page: Page, tmp_path: Path) -> None:
    log, target = tmp_path / "a.log", tmp_path / "report.html"
    log.write_text("not JSON\n")
    assert main(["replay", str(log), "--output", "html", "--to", str(target)]) == 0
    page.goto(target.as_uri())
    expect(page.get_by_text("No requests.")).to_be_visible()
    expect(page.locator("#lines-table")).to_contain_text("rejected: invalid_json")
