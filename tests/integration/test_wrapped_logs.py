"""The real tailer on what a container runtime writes, killed while a line of the application is half written."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash.tailing import Tail, wait_for
from crash.written import total
from words import write_half

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parent.parent / "data" / "formats"
REQUESTS = [line for line in (SAMPLES / "pino-http.log").read_text().splitlines() if '"request completed"' in line]


def cri(text: str, flag: str = "F", stream: str = "stdout") -> str:
    return f"2026-11-23T07:00:00.123456789Z {stream} {flag} {text}\n"


def test_a_kill_between_two_parts_of_a_line_loses_and_doubles_nothing(tmp_path: Path) -> None:
    first, second = REQUESTS[:2]
    log = tmp_path / "api-0.log"
    write_half(log, cri(first) + cri(second[:50], "P") + cri("not JSON", stream="stderr"))
    tail = Tail(tmp_path, [log])
    with (tmp_path / "logship.yml").open("a") as config:
        config.write("sources: [{paths: [ignored], wrap: cri}]\n")
    try:
        tail.start()
        wait_for(tail.serves)
        assert total(tail.scrape(), "http_requests_total") == 1
        tail.kill()
        write_half(log, cri(second[50:90], "P"))
        tail.start()
        wait_for(tail.serves)
        assert total(tail.scrape(), "logship_lines_total") == 1
        write_half(log, cri(second[90:]) + cri(first))
        samples = tail.scrape()
    finally:
        tail.kill()
    assert total(samples, "http_requests_total") == 3
    assert total(samples, "logship_lines_total") == 4
    assert samples["logship_lines_total", (("outcome", "rejected"), ("reason", "invalid_json"))] == 1
