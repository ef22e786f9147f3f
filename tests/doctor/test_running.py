"""What a tailer says of itself is judged; a real HTTP server says it, and some that are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from loopback import Quiet, answering

from logship import __version__
from logship.client import Asker, Credentials
from logship.doctor.finding import Finding, Severity
from logship.doctor.running import ask, examine_tailer

ASKER = Asker(Credentials())
NOW = 1_800_000_000.0
WELL = f"""logship_build_info{{version="{__version__}"}} 1.0
logship_followed_files 2.0
logship_behind_bytes 0.0
logship_checkpoint_last_success_timestamp_seconds {NOW}
logship_checkpoint_errors_total 0.0
logship_config_last_reload_successful 1.0
logship_last_event_timestamp_seconds {NOW}
logship_lines_total{{outcome="request",reason=""}} 1000.0
http_request_duration_seconds_count{{method="GET",route="/a",status_code="200"}} 1000.0
"""


@contextmanager
def server(page: str, *, code: int = 200, ready: tuple[int, str] = (200, "ok\n")) -> Iterator[str]:
    class Answers(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = (code, page) if self.path == "/metrics" else ready
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

    with answering(Answers) as url:
        yield url


def judged(page: str, ready: tuple[int, str] = (200, "ok\n")) -> list[Finding]:
    with server(page, ready=ready) as url:
        said = ask(url, 20, ASKER)
        assert said.is_logship, said.refusal
        assert said.series == 1
        return list(examine_tailer(said, NOW))


def test_a_tailer_that_is_well_is_well() -> None:
    assert {each.severity for each in judged(WELL)} == {Severity.OK}


@pytest.mark.parametrize(
    ("more", "check", "says", "promises"),
    [
        ("logship_behind_bytes 50000000.0", "behind", "50,000,000 bytes", ("P3",)),
        ("logship_checkpoint_errors_total 3.0", "saved", "3 commits failed", ("P1", "P2")),
        ("logship_lost_bytes_total 7.0", "lost", "7 bytes", ("P1", "P7")),
        ('logship_lost_lines_total{service="a"} 9.0', "lost", "9 records", ("P1", "P7")),
        ("logship_series_folded_total 4.0", "folded", "__other__", ("P6",)),
        ("logship_config_last_reload_successful 0.0", "reload", "refused", ()),
        ("logship_followed_files 0.0", "files", "follows no file", ("P1",)),
        ('logship_lines_total{outcome="rejected",reason="too_long"} 500.0', "rejected", "too_long 500", ()),
    ],
)
def test_what_is_wrong_is_told_with_the_promise_at_risk(
    more: str, check: str, says: str, promises: tuple[str, ...]
) -> None:
    name = more.partition(" ")[0]
    page = "".join(line for line in WELL.splitlines(keepends=True) if line.partition(" ")[0] != name) + more + "\n"
    (found,) = [each for each in judged(page) if each.severity is Severity.WARNING]
    assert (found.check, found.promises) == (f"tailer.{check}", promises)
    assert says in found.says
    assert found.remedy


def test_the_reasons_of_readyz_are_told() -> None:
    found = judged(WELL, (503, "/logs/a.log: may not be read\nthe state cannot be saved\n"))
    assert [each.says for each in found if each.check == "tailer.ready"] == [
        "/readyz says: /logs/a.log: may not be read",
        "/readyz says: the state cannot be saved",
    ]


def test_another_program_is_no_tailer() -> None:
    with server("up 1\n") as url:
        assert not ask(url, 20, ASKER).is_logship


def test_a_password_is_used_and_never_shown() -> None:
    with server("", code=401) as url:
        said = ask(url.replace("://", "://me:hunter2@"), 20, ASKER)
    assert "401" in said.refusal
    assert "hunter2" not in str(said)


def test_nobody_there_is_told_apart_from_somebody_who_does_not_answer() -> None:
    with server("") as url:
        pass
    assert ask(url, 20, ASKER).is_refused
