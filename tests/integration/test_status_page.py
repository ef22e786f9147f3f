"""The status page of a real `logship tail` in a real browser, and `logship top` of it in a real terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, wait_for
from playwright.sync_api import Browser, Page
from prometheus_client.parser import text_string_to_metric_families
from words import request, write, write_half

pytestmark = pytest.mark.integration

LOGSHIP = [sys.executable, "-m", "logship"]
MIN_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""

CONTRASTS = """() => {
  const luminance = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg")) continue;
    const [one, other] = [parts(getComputedStyle(element).color), ground(element)].map(luminance);
    found.push([(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), walker.currentNode.data.trim()]);
  }
  return found;
}"""
"""The contrast of each text with what is behind it, as WCAG computes it."""


class Tail:
    """A running `logship tail` over one log."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.log = directory / "combined.log"
        self._talk = directory / "talk"
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*LOGSHIP, "tail", self.log, "--state", directory / "state.db", "--listen", "127.0.0.1:0", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
        found = wait_for(lambda: re.search(r"url=(http://\S+?)/metrics", self._talk.read_text()))
        self.url: str = found[1]
        wait_for(lambda: answers(f"{self.url}/readyz"))

    def scrape(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Return the samples by name and the values of their labels in the order of their names."""
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(get(f"{self.url}/metrics")):
            for sample in family.samples:
                labels = tuple(value for _, value in sorted(sample.labels.items()))
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310 - on loopback
        text: str = answer.read().decode()
        return text


def answers(url: str) -> bool:
    try:
        get(url)
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def tail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tail]:
    """Return a tailer with some traffic; tests may write more."""
    directory = tmp_path_factory.mktemp("tail")
    (directory / "combined.log").touch()
    tail = Tail(directory)
    traffic(tail.log)
    write(tail.log, "no json", '{"level":"info","message":"hello"}', request().replace("200", "9999"))
    yield tail
    tail.end()


def traffic(log: Path, requests: int = 20) -> None:
    for number in range(requests):
        write(log, request("/api/heroes", duration=10 + number), request("/api/<b>x</b>", status=500, duration=900))


def rows(page: Page, section: str) -> list[list[str]]:
    """Return the texts of the cells of a table, in a line each."""
    read = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    found: list[list[str]] = page.locator(f"#{section} tbody tr").evaluate_all(read)
    return found


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def test_the_numbers_on_the_page_are_those_of_metrics(tail: Tail, page: Page) -> None:
    write_half(tail.log, '{"half')
    scraped = tail.scrape()
    page.goto(tail.url)
    shown = {cells[0]: cells for cells in rows(page, "routes")}
    by_route: dict[str, float] = {}
    for (method, route, _), value in scraped["http_requests_total"].items():
        name = f"{method} {route}"
        by_route[name] = by_route.get(name, 0) + value
    assert {name: number(cells[6]) for name, cells in shown.items()} == by_route
    outcomes = {cells[0].replace(" ", "_", 1): number(cells[1]) for cells in rows(page, "outcomes")}
    assert outcomes == {
        f"{outcome}{'_' if reason else ''}{reason}": value
        for (outcome, reason), value in scraped["logship_lines_total"].items()
    }
    (file,) = rows(page, "files")
    assert file[0].startswith(str(tail.log))
    assert file[2].startswith(f"{scraped['logship_behind_bytes'][()]:.0f} B")
    assert page.locator("#files tbody td").first.get_attribute("title") == (
        f"{scraped['logship_read_bytes_total'][()]:.0f} of {tail.log.stat().st_size} bytes"
    )
    assert {cells[0] for cells in rows(page, "refused")} == {"invalid_json", "invalid_status"}
    write_half(tail.log, '":1}\n')


def test_the_json_is_of_the_same_numbers(tail: Tail) -> None:
    scraped, said = tail.scrape(), json.loads(get(f"{tail.url}/api/v1/status"))
    assert said["total"]["requests_total"] == sum(scraped["http_requests_total"].values())
    assert {(each["outcome"], each["reason"]): each["lines"] for each in said["outcomes"]} == scraped[
        "logship_lines_total"
    ]
    assert said["behind_bytes"] == scraped["logship_behind_bytes"][()]
    assert said["followed_files"] == scraped["logship_followed_files"][()]
    assert said["checkpoint_errors"] == scraped["logship_checkpoint_errors_total"][()] == 0


def test_the_page_follows_the_log_and_keeps_the_focus(tail: Tail, page: Page) -> None:
    page.goto(tail.url)
    link = page.get_by_role("link", name="p99")
    link.focus()
    write(tail.log, *[request("/api/new", duration=30)] * 7)
    page.wait_for_function("() => document.querySelector('#routes').innerText.includes('/api/new')")
    assert link.evaluate("link => link === document.activeElement")
    assert "/api/new" in " ".join(cells[0] for cells in rows(page, "routes"))
    assert page.locator("#age").inner_text().startswith("updated ")


def test_it_is_used_by_keyboard_alone(tail: Tail, page: Page) -> None:
    page.goto(tail.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_role("link", name="Errors").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.search.includes('sort=errors')")
    page.wait_for_selector("th[aria-sort=descending] >> text=Errors")
    assert rows(page, "routes")[0][0] == "GET /api/<b>x</b>"
    page.get_by_role("link", name="1 min", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("a[aria-current=true] >> text=1 min")
    focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focused == "solid"
    page.locator("#pause").press("Enter")
    assert page.locator("#age").inner_text().startswith("paused")
    assert page.locator("#pause").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_dark(tail: Tail, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto(tail.url)
    page.locator("summary").click()
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 3 * 128) == (scheme == "dark")
    contrasts: list[tuple[float, str]] = page.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert not [each for each in contrasts if each[0] < MIN_CONTRAST]


def test_a_telephone_shows_it_without_scrolling_sideways(tail: Tail, page: Page) -> None:
    write(tail.log, request("/api/" + "very-long-" * 30), request("/api/" + "/deep" * 40))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(tail.url)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_a_script_the_numbers_are_there(tail: Tail, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tail.url}/?sort=total&window=15")
    assert "/api/heroes" in page.locator("#routes").inner_text()
    assert page.locator("#age").inner_text().startswith("as of ")
    assert not page.locator("#pause").is_visible()
    assert not page.locator("#lost").is_visible()
    page.get_by_role("link", name="p99").click()
    page.wait_for_url("**/?window=15&sort=p99")
    context.close()


def test_a_tailer_that_is_gone_is_told_and_one_that_is_back_is_seen(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()  # the browser itself says on the console that nobody answers
    page = context.new_page()
    write(tmp_path / "combined.log", request())
    tail = Tail(tmp_path)
    page.goto(tail.url)
    port = tail.url.rpartition(":")[2]
    tail.process.kill()
    tail.process.wait(DEADLINE)
    page.wait_for_function("() => !document.querySelector('#lost').hidden", timeout=DEADLINE * 1000)
    assert "Connection lost" in page.locator("#lost").inner_text()
    assert "/api/heroes" in page.locator("#routes").inner_text()
    again = Tail(tmp_path, "--listen", f"127.0.0.1:{port}")
    try:
        page.wait_for_function("() => document.querySelector('#lost').hidden", timeout=DEADLINE * 1000)
    finally:
        again.end()
    context.close()


class Terminal:
    """`logship top` in a terminal of its own."""

    def __init__(self, url: str, columns: int) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [*LOGSHIP, "top", url, "--interval", "0.2"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"},
        )
        self._theirs = theirs
        self._said = ""

    def shows(self, pattern: str) -> None:
        """Wait until something new on the screen matches."""
        wait_for(lambda: re.search(pattern, self._read(), re.DOTALL))
        self._said = ""

    def press(self, keys: str) -> None:
        self._said = ""
        os.write(self._ours, keys.encode())

    def quit(self) -> int:
        """Ask it to end; return the exit code, once the terminal is given back as it was."""
        self.press("q")
        return self.ended()

    def ended(self) -> int:
        """Read what it says until it ends; return the exit code, once the terminal is given back as it was."""
        wait_for(lambda: (self._read(), self.process.poll() is not None)[1])
        self._read()
        assert self._said.endswith(("\x1b[?1049l\x1b[?25h", "\x1b[?25h\x1b[?1049l"))
        assert termios.tcgetattr(self._theirs) == self.before
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> str:
        while select.select([self._ours], [], [], 0)[0]:
            self._said += os.read(self._ours, 65536).decode()
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._said)


@pytest.fixture
def in_terminal() -> Iterator[Callable[..., Terminal]]:
    """Return a function that runs `logship top` in a terminal."""
    with ExitStack() as stack:

        def start(url: str, columns: int = 110) -> Terminal:
            terminal = Terminal(url, columns)
            stack.callback(terminal.close)
            return terminal

        yield start


def test_top_is_live_and_obeys_its_keys(tail: Tail, in_terminal: Callable[..., Terminal]) -> None:
    terminal = in_terminal(tail.url)
    terminal.shows(r"REQ/S▾.*GET +/api/heroes")
    terminal.press("p")
    terminal.shows(r"P99▾.*GET +/api/<b>x</b>")
    terminal.press("e")
    terminal.shows("ERRORS▾")
    terminal.press("w")
    terminal.shows("last 15 min")
    write(tail.log, request("/api/later"))
    terminal.shows("/api/later")
    assert terminal.quit() == 0


def test_top_says_that_the_tailer_is_gone_and_goes_on(tmp_path: Path, in_terminal: Callable[..., Terminal]) -> None:
    write(tmp_path / "combined.log", request("/api/kept"))
    tail = Tail(tmp_path)
    terminal = in_terminal(tail.url, columns=60)
    terminal.shows("/api/kept")
    tail.process.kill()
    tail.process.wait(DEADLINE)
    terminal.shows("does not answer: Connection refused.*/api/kept")
    assert terminal.quit() == 0


def test_top_gives_the_terminal_back_when_it_is_terminated(tail: Tail, in_terminal: Callable[..., Terminal]) -> None:
    terminal = in_terminal(tail.url)
    terminal.shows("/api/heroes")
    terminal.process.terminate()
    assert terminal.ended() == 128 + signal.SIGTERM


def test_top_prints_once_where_there_is_no_terminal(tail: Tail) -> None:
    ran = subprocess.run([*LOGSHIP, "top", tail.url], capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert "/api/heroes" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_no_ui_serves_no_page_and_the_rest_as_before(tmp_path: Path) -> None:
    log = tmp_path / "combined.log"
    write(log, request())
    tail = Tail(tmp_path, "--no-ui")
    try:
        assert not answers(tail.url)
        assert not answers(f"{tail.url}/api/v1/status")
        assert sum(tail.scrape()["http_requests_total"].values()) == 1
    finally:
        tail.end()
