"""`logship top` asks the tailer it is given, prints what that says, and tells in one line why it cannot."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import Quiet, answering
from rich.console import Console

from logship.cli.main import main
from logship.cli.top_table import shown
from logship.expose.status import Outcome, Report, Row, StateStatus

USER = "me:hunter2"


def row(route: str = "/api/heroes", *, rate: float = 1.0, errors: float = 0.0, p99: float = 0.1) -> Row:
    return Row("GET", route, 100, 2, 60, 1, rate, errors, p99 / 4, p99 / 2, p99, [1.0, 2.0, 4.0], [0.0, 0.0, 1.0])


ROUTES = (
    row("/busy", rate=30, errors=0.01, p99=0.02),
    row("/failing", rate=3, errors=0.5, p99=0.03),
    row("/slow", rate=2, errors=0.02, p99=4.0),
    row("/odd\x1b[31m\u2028", rate=1),
    row("/very" + "-long" * 100, rate=0.9, p99=1.23),
)
REPORT = Report(
    version="1",
    at=1000.0,
    started_at=0.0,
    window_minutes=5,
    window_seconds=300.0,
    is_catching_up=False,
    lines=12345,
    outcomes=[Outcome("request", "", 12340), Outcome("rejected", "invalid_json", 5)],
    last_event=999.0,
    lost_lines=0,
    lost_bytes=0,
    followed_files=2,
    behind_bytes=1500,
    happenings={"opened": 2},
    saved_at=None,
    checkpoint_errors=0,
    total=row("", rate=36),
    routes=ROUTES,
    rest=row("__other__", rate=0.5),
    rest_routes=7,
    files=[],
    refused=[],
    state=StateStatus(),
    configuration=[],
)


class Answer(Quiet, BaseHTTPRequestHandler):
    """Answers as a tailer does that wants to know who asks."""

    code, body = 200, b""
    asked: list[str] = []  # noqa: RUF012 - shared on purpose

    def do_GET(self) -> None:
        self.asked.append(self.path)
        wanted = "Basic " + base64.b64encode(USER.encode()).decode()
        is_known = self.code == 401 and self.headers.get("Authorization") == wanted
        code = 200 if is_known else self.code
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)


@contextmanager
def tailing(body: bytes | None = None, code: int = 200) -> Iterator[str]:
    """Answer every question alike; yield the address, without its scheme."""
    said = json.dumps(asdict(REPORT)).encode() if body is None else body
    handler = type("Handler", (Answer,), {"body": said, "code": code, "asked": []})
    with answering(handler) as url:
        yield url.removeprefix("http://")


def text_of(order: str = "rate", *, width: int = 120, rows: int | None = None) -> str:
    console = Console(width=width, height=50, record=True, file=open("/dev/null", "w"), highlight=False)  # noqa: SIM115, PTH123
    console.print(shown(REPORT, order, width=width, rows=rows, note="keys"))
    console.file.close()
    return console.export_text()


def test_once_prints_the_routes_and_exits(capsys: pytest.CaptureFixture[str]) -> None:
    with tailing() as host:
        assert main(["top", f"http://{host}", "--once"]) == 0
    out = capsys.readouterr().out
    assert "36.0 req/s" in out
    assert "5 rejected" in out
    assert "1.5 kB behind" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("GET")][:3] == [
        "/busy",
        "/failing",
        "/slow",
    ]
    assert "7 more" in out


def test_an_output_that_is_no_terminal_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    with tailing() as host:
        assert main(["top", f"http://{host}/", "--sort", "p99"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_json_is_what_the_tailer_said(capsys: pytest.CaptureFixture[str]) -> None:
    with tailing() as host:
        assert main(["top", f"http://{host}", "--once", "--json", "--window", "15"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(asdict(REPORT)))


@pytest.mark.parametrize(
    ("order", "first"), [("rate", "/busy"), ("errors", "/failing"), ("p99", "/slow"), ("route", "/busy")]
)
def test_the_order_says_what_comes_first(order: str, first: str) -> None:
    lines = [line for line in text_of(order).splitlines() if line.startswith("GET")]
    assert lines[0].split()[1] == first


@pytest.mark.parametrize("width", [20, 40, 45, 60, 80, 100, 200])
@pytest.mark.parametrize(("order", "heading"), [("rate", "REQ/S▾"), ("p99", "P99▾"), ("total", "TOTAL▾")])
def test_no_line_is_wider_than_the_terminal_and_what_the_order_goes_by_is_shown(
    width: int, order: str, heading: str
) -> None:
    text = text_of(order, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert width < 40 or heading in text


def test_rows_that_do_not_fit_are_left_out() -> None:
    assert sum(line.startswith("GET") for line in text_of(rows=2).splitlines()) == 2


def test_nothing_in_a_route_is_obeyed_by_the_terminal() -> None:
    assert "/odd�[31m�" in text_of()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"version":1}', b"\xff"])
def test_an_answer_of_another_program_is_told_in_one_line(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with tailing(body) as host:
        assert main(["top", f"http://{host}", "--once"]) == 1
    assert capsys.readouterr().err == f"logship: {host} answers, but not as logship of this version does\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (401, "401, it wants to know who asks; give --user-file FILE with USER:PASSWORD"),
        (404, "404, this is no logship, or one without its page (--no-ui)"),
        (500, "answers 500"),
        (302, "answers 302"),
    ],
)
def test_a_refusal_is_told_with_its_remedy(code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with tailing(code=code) as host:
        assert main(["top", f"http://{host}", "--once"]) == 1
    assert capsys.readouterr().err == f"logship: {host}: {says}\n"


def test_nobody_there_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "http://127.0.0.1:1", "--once"]) == 1
    said = capsys.readouterr().err
    assert said == "logship: 127.0.0.1:1 does not answer: Connection refused; is `logship tail` running there?\n"


def test_a_user_is_taken_from_the_url_or_a_file_and_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = tmp_path / "user"
    users.write_text(f"{USER}\n")
    with tailing(code=401) as host:
        assert main(["top", f"http://{USER}@{host}", "--once"]) == 0
        assert main(["top", f"http://{host}", "--user-file", str(users), "--once"]) == 0
        assert main(["top", f"http://me:wrong2@{host}", "--once"]) == 1
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err
    assert "wrong2" not in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "'nonsense' is no http URL, such as http://127.0.0.1:9113"),
        (["http://me:hunter2@[::1"], "'[::1' is no http URL, such as http://127.0.0.1:9113"),
        (["http://h:port"], "'http://h:port' is no http URL, such as http://127.0.0.1:9113"),
        (["--interval", "0"], "--interval must be a number of seconds from 0.2 to 3600: not 0"),
        (["--interval", "nan"], "--interval must be a number of seconds from 0.2 to 3600: not nan"),
        (["http://h", "--user-file", "/nowhere"], "--user-file /nowhere: No such file or directory"),
        (["http://h", "--user-file", "/dev/null"], "--user-file /dev/null: it must hold one line, USER:PASSWORD"),
        (["https://h", "--ca-file", "/nowhere"], "--ca-file /nowhere: No such file or directory"),
        (["https://h", "--ca-file", "/dev/null"], "--ca-file /dev/null: no certificate in PEM is in it"),
    ],
)
def test_a_call_that_cannot_work_says_why(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--once", *arguments]) == 2
    assert capsys.readouterr().err == f"logship: {says}\n"


def test_the_tailer_of_this_machine_is_asked_where_it_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tailing() as host:
        monkeypatch.setenv("LOGSHIP_LISTEN", f"0.0.0.0:{host.rpartition(':')[2]}")
        assert main(["top", "--once"]) == 0
    assert "36.0 req/s" in capsys.readouterr().out
