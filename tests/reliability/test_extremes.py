"""Endless lines, files without number, a rotation at each breath, little memory, much scraping.

`RELIABILITY_FULL=1` runs them in full size: minutes instead of seconds; what is too much for memory is so in both.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from crash.tailing import DEADLINE, PLAIN, wait_for
from crash.written import samples_of, total
from reliability.running import LOGSHIP, Tail, tailing, written
from words import request, rotate, write

pytestmark = pytest.mark.integration

FULL = bool(os.environ.get("RELIABILITY_FULL"))
PATIENCE = 900.0 if FULL else 60.0
MIB = 1 << 20
LONGEST = 1 << 30 if FULL else 1 << 29


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def endless(logs: Path) -> Path:
    """Write a log of three lines, the second of which is endless, most of it a hole."""
    log = logs / "app.log"
    write(log, request())
    with log.open("ab") as file:
        file.write(b'{"message":"')
        file.truncate(LONGEST)
    write(log, '"}', request())
    return log


def test_a_line_of_a_gigabyte_is_one_oversize_line_and_costs_a_tailer_no_memory(endless: Path, tmp_path: Path) -> None:
    with tailing(tmp_path, endless, deadline=PATIENCE) as tail:
        tail.start()
        scraped = tail.scrape()
        assert total(scraped, "http_requests_total") == 2
        assert [value for key, value in scraped.items() if "too_long" in str(key)] == [1]
        assert total(scraped, "logship_lines_total") == 3
        assert tail.most_memory_bytes < 160 * MIB
        assert tail.stop() == 0


def test_a_line_of_a_gigabyte_costs_a_replay_no_memory(endless: Path) -> None:
    limited = ("prlimit", f"--data={256 * MIB}")
    done = subprocess.run(
        [*limited, *LOGSHIP, "replay", "--jobs", "1", "--output", "prom", endless],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    shown = samples_of(done.stdout)
    assert total(shown, "http_requests_total") == 2
    assert total(shown, "logship_lines_total") == 3


def _has_counted(tail: Tail, lines: int) -> bool:
    return tail.requests() == lines


def test_thousands_of_rotations_a_minute_lose_and_double_nothing(logs: Path, tmp_path: Path) -> None:
    """Each rotation keeps what is younger than a minute, as a tailer may be down for a moment."""
    rotations = 6000 if FULL else 150
    log = logs / "app.log"
    write(log, request())
    lines = 1
    with tailing(tmp_path, log, deadline=PATIENCE) as tail:
        tail.start()
        wait_for(partial(_has_counted, tail, lines))  # what is rotated away before the first look is the past
        for number in range(1, rotations + 1):
            write(log, *(request(f"/rotation/{number % 50}", duration=number + half) for half in (0, 0.5)))
            lines += 2
            rotate(log, keep=200)
            if number % 50 == 0:  # a scrape has a budget of time, which a busy machine may use up
                wait_for(partial(_has_counted, tail, lines))
        assert total(tail.scrape(), "logship_lost_bytes_total") == 0
        assert tail.stop() == 0


def test_very_many_new_files_are_all_read(logs: Path, tmp_path: Path) -> None:
    files = 20_000 if FULL else 1000
    with tailing(tmp_path, logs / "*.log", deadline=PATIENCE) as tail:
        tail.start(before=("prlimit", "--nofile=300:300"))
        line = request().encode() + b"\n"
        for number in range(files):
            (logs / f"{number}.log").write_bytes(line)
        assert tail.requests() == files
        assert tail.stop() == 0


def test_very_many_files_that_are_not_meant_cost_nothing(logs: Path, tmp_path: Path) -> None:
    for number in range(100_000 if FULL else 5000):
        (logs / f"{number}.tmp").touch()
    with tailing(tmp_path, logs / "*.log") as tail:
        tail.start()
        write(logs / "app.log", request())
        assert tail.requests() == 1
        rotate(logs / "app.log")
        write(logs / "app.log", request())
        assert tail.requests() == 2
        assert tail.stop() == 0


def series(count: int) -> Callable[[int], str]:
    return lambda number: request(f"/route/{'abcdefghij'[number % 10]}{number % count}")


SERIES = 10_000
MANY_SERIES = f"limits: {{max_series: {SERIES}}}\n"


@pytest.mark.parametrize("mebibytes", [1024, 200])
def test_with_little_memory_ten_thousand_series_are_counted_or_the_end_is_clear(
    logs: Path, tmp_path: Path, mebibytes: int
) -> None:
    """Whichever it is, the next one, with memory, goes on exactly."""
    log = logs / "app.log"
    log.write_bytes(written(SERIES, series(SERIES)))
    with tailing(tmp_path, log, deadline=PATIENCE, options=MANY_SERIES) as tail:
        tail.start(before=("prlimit", f"--data={mebibytes * MIB}"))
        try:
            assert tail.requests() == SERIES
        except httpx.TransportError:
            assert tail.end() != 0
            assert tail.talk.count("Traceback") == 0, tail.talk
            assert "memory" in tail.talk
        tail.kill()
        write(log, request("/route/a0"))
        tail.start()
        assert tail.requests() == SERIES + 1


def test_a_scrape_every_100_ms_for_an_hour_leaves_nothing_behind(logs: Path, tmp_path: Path) -> None:
    """As many scrapes as in an hour, one after the other and mostly by new clients; in short form those of a minute."""
    scrapes = 36_000 if FULL else 600
    log = logs / "app.log"
    write(log, *(request(f"/route/{number}") for number in range(20)))
    with tailing(tmp_path, log) as tail, httpx.Client(verify=PLAIN, trust_env=False, timeout=DEADLINE) as client:
        tail.start()
        descriptors = memory = 0
        for number in range(scrapes):
            if number % 10 == 0:
                write(log, request())
            answer = client.get(f"{tail.url}/metrics", headers={"Connection": "close"} if number % 10 else {})
            assert answer.status_code == 200
            if number == scrapes // 3:
                descriptors, memory = open_descriptors(tail.pid), tail.most_memory_bytes
        assert tail.requests() == 20 + -(-scrapes // 10)
        assert open_descriptors(tail.pid) <= descriptors + 2
        assert tail.most_memory_bytes < memory + 8 * MIB
        assert tail.stop() == 0


def open_descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names only
