from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app_logging
from app_logging.rate_limit import MAX_LOGGERS, RateLimit

ReadRecords = Callable[[Path], list[dict[str, Any]]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admitted(limit: RateLimit, logger: str, records: int = 5) -> int:
    return sum(limit.admits(logger) for _ in range(records))


def test_so_many_pass_in_a_second_and_the_rest_is_counted(clock: Clock) -> None:
    limit = RateLimit({"noisy": 2}, clock)
    assert admitted(limit, "noisy") == 2
    assert limit.take_suppressed() == {}, "the second is not over"
    clock.now += 1
    assert limit.take_suppressed() == {"noisy": 3}
    assert limit.take_suppressed() == {}
    assert admitted(limit, "noisy") == 2


def test_nothing_is_told_of_a_second_without_loss(clock: Clock) -> None:
    limit = RateLimit({"noisy": 5}, clock)
    assert admitted(limit, "noisy") == 5
    clock.now += 1
    assert limit.take_suppressed() == {}


def test_a_limit_is_for_a_logger_and_all_below_it_together(clock: Clock) -> None:
    limit = RateLimit({"a": 2, "a.b.c": 1}, clock)
    assert admitted(limit, "a.b", 1) + admitted(limit, "a.x", 1) + admitted(limit, "a") == 2
    assert admitted(limit, "a.b.c") == 1
    assert admitted(limit, "ab") == 5


def test_root_is_the_limit_of_each_logger_without_one(clock: Clock) -> None:
    limit = RateLimit({"a": 3, "root": 1}, clock)
    assert [admitted(limit, name) for name in ("a", "b", "c", "root")] == [3, 1, 1, 1]


def test_our_own_records_are_never_suppressed(clock: Clock) -> None:
    limit = RateLimit({"root": 1}, clock)
    assert admitted(limit, "app_logging") + admitted(limit, "app_logging.request") == 10
    assert admitted(limit, "app_logging2") == 1


def test_counts_are_told_at_once_at_the_end_and_when_there_are_too_many(clock: Clock) -> None:
    limit = RateLimit({"root": 1}, clock)
    admitted(limit, "x")
    assert limit.take_suppressed(at_once=True) == {"x": 4}
    for number in range(MAX_LOGGERS + 1):
        admitted(limit, f"logger{number}", 2)
    assert len(limit.take_suppressed()) == MAX_LOGGERS + 1


@pytest.mark.parametrize("door", [app_logging.get_logger, logging.getLogger])
def test_the_log_tells_how_many_were_suppressed(tmp_path: Path, read_records: ReadRecords, door: Any) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, rate_limits={"noisy": 1})
    for _ in range(3):
        door("noisy.child").error("again")
    door("quiet").info("m")
    app_logging.reset()
    records = read_records(tmp_path / "combined.log")
    assert [(record["logger"], record["message"]) for record in records] == [
        ("noisy.child", "again"),
        ("quiet", "m"),
        ("noisy", "log records suppressed"),
    ]
    assert (records[2]["suppressed"], records[2]["level"]) == (2, "warning")


def test_a_signal_handler_may_log_while_records_are_counted() -> None:
    within: list[bool] = []

    def interrupting_clock() -> float:
        if not within:
            within.append(True)
            limit.admits("other")
        return 1000.0

    limit = RateLimit({"root": 2}, interrupting_clock)
    assert admitted(limit, "noisy") == 2
    assert admitted(limit, "other") == 1


def test_what_was_suppressed_last_is_told_at_exit(tmp_path: Path, read_records: ReadRecords) -> None:
    program = (
        "import sys, app_logging\n"
        "app_logging.configure(log_dir=sys.argv[1], rate_limits={'noisy': 1})\n"
        "for _ in range(100): app_logging.get_logger('noisy').info('n')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert read_records(tmp_path / "combined.log")[-1]["suppressed"] == 99
