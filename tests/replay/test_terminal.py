"""On a terminal there is colour and progress, elsewhere there is neither; no log can drive the terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from logship.cli.main import main
from logship.replay import progress

HOSTILE = (
    "/\x1b[2J\x1b]0;owned\x07",
    "/two\nlines",
    "/return\rover",
    "/\x9b31m",
    "/back\x08space",
    "/\u202eevil",
    "/\u2028separated",
    "/[bold red]markup[/]",
    "/tab\tbed",
    "/nul\0",
    "/\ud800",
)


@pytest.fixture
def hostile_log(tmp_path: Path) -> Path:
    """A log whose every route, method and exception type tries to drive a terminal."""
    path = tmp_path / "hostile.log"
    lines = []
    for text in HOSTILE:
        request = {"message": "HTTP Request", "method": text, "route": text, "status": 200, "duration": 5}
        lines += [json.dumps(request), json.dumps({"message": "x", "level": text, "stack": f"E{text}"})]
        lines += [json.dumps({"message": "x", "exception": {"type": text}, "seq": 1, "boot_id": "b"})]
    path.write_text("\n".join(lines[2:3] + lines) + "\n", encoding="utf-8")
    return path


def on_terminal(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run `command` on a terminal of its own; return its exit code and everything it wrote."""
    ours, its = pty.openpty()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=environment)
    os.close(its)
    written = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed: so Linux says it
            break
        if not block:
            break
        written += block
    os.close(ours)
    return child.wait(), written.decode()


def harmless(text: str) -> bool:
    return not any(sign in text for sign in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\x08", "\u202e", "\u2028", "\0"))


def test_hostile_routes_stay_text_where_stdout_is_no_terminal(
    hostile_log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(hostile_log)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert harmless(out)
    assert "\x1b" not in out
    assert "\r" not in out
    table = out.partition("\n\n")[0].split("\n")
    assert len(table) == 1 + len(HOSTILE) + 1
    assert any(r"/\x1b[2J" in row for row in table)
    assert any(r"/two\nlines" in row for row in table)
    assert any("/[bold red]markup[/]" in row for row in table)


def test_hostile_routes_stay_text_on_a_terminal(hostile_log: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    code, written = on_terminal([sys.executable, "-m", "logship", "replay", str(hostile_log)], environment)
    assert code == 0
    assert harmless(written)
    assert "\x1b[1m" in written
    assert r"\x1b[2J" in written


def test_a_terminal_that_wants_no_colour_gets_none(hostile_log: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", "NO_COLOR": "1"}
    _, written = on_terminal([sys.executable, "-m", "logship", "replay", str(hostile_log)], environment)
    assert not any(f"\x1b[{colour}" in written for colour in ("31m", "32m", "33m", "34m", "35m", "36m"))


def test_a_narrow_terminal_divides_no_number_and_says_what_it_has_no_room_for(hostile_log: Path) -> None:
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "70"}
    _, written = on_terminal([sys.executable, "-m", "logship", "replay", str(hostile_log)], environment)
    assert written.count("4.97 ms  4.97 ms  5 ms") >= len(HOSTILE)
    assert "P95" not in written.partition("\n")[0]
    assert "hidden      RATE, P90, P95, SUM (no room here; --output csv has them)" in written


def test_a_wide_terminal_shows_all(hostile_log: Path) -> None:
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    _, written = on_terminal([sys.executable, "-m", "logship", "replay", str(hostile_log)], environment)
    assert "P95" in written
    assert "hidden" not in written


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_once_patience_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, times = Terminal(), iter([0.0, 1.0, 2.5, 2.55, 3.0])
    with progress(1000, out, monotonic=lambda: next(times)) as meter:
        meter.advance(100)
        assert out.getvalue() == ""
        meter.begin("logs/\x1b[2Ja.log")
        meter.advance(100)
        shown = out.getvalue()
        assert r"\x1b[2Ja.log" in shown
        assert harmless(shown)
        meter.advance(100)
        meter.advance(700)
    assert "1.0/1.0 kB" in out.getvalue()


def test_a_short_replay_shows_no_progress_even_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, times = Terminal(), iter([0.0, 0.1, 1.9])
    with progress(200, out, monotonic=lambda: next(times)) as meter:
        meter.advance(100)
        meter.advance(100)
    assert out.getvalue().strip() == ""


@pytest.mark.parametrize("total", [1000, None])
def test_there_is_no_progress_where_there_is_no_terminal(total: int | None) -> None:
    out = io.StringIO()
    with progress(total, out, monotonic=lambda: 1e9) as meter:
        meter.advance(500)
        meter.advance(500)
    assert out.getvalue() == ""


def test_progress_without_a_known_size_is_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, times = Terminal(), iter([0.0, 5.0, 6.0])
    with progress(None, out, monotonic=lambda: next(times)) as meter:
        meter.advance(500)
        meter.advance(500)
    assert out.getvalue() != ""


def test_the_progress_ends_with_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    times = iter([0.0, 5.0])

    def fail() -> None:
        with progress(None, Terminal(), monotonic=lambda: next(times)) as meter:
            meter.advance(500)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
