"""What app_logging writes of a run of health checks is what logship shows of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import app_logging
from app_logging import health, record
from app_logging.health import check, checks
from logship.expose import exposition
from logship.measure import DEFAULT_BUCKETS, Tally
from logship.measure.checks import MAX_CHECKS
from logship.model import Batch
from logship.parse import HEALTH_MESSAGE
from logship.parse.checks import MAX_CHECKS_IN_RECORD, MAX_NAME_CHARACTERS
from logship.pipeline import MeasureOptions, Pipeline


@pytest.fixture
def log(tmp_path: Path) -> Path:
    app_logging.configure(log_dir=tmp_path, console=False)
    return tmp_path / "combined.log"


def tally_of(log: Path) -> Tally:
    app_logging.reset()
    lines = log.read_bytes()
    pipeline = Pipeline(MeasureOptions())
    pipeline.feed(Batch(0, 0, len(lines), lines))
    return pipeline.take()


def test_the_message_is_the_same_and_the_reader_takes_whatever_the_writer_may_write() -> None:
    assert record.HEALTH_MESSAGE == HEALTH_MESSAGE
    assert min(MAX_CHECKS_IN_RECORD, MAX_CHECKS) >= checks.MAX_CHECKS
    assert check.MAX_NAME_CHARACTERS <= MAX_NAME_CHARACTERS


def test_each_check_is_a_sample_of_what_its_last_run_found(log: Path) -> None:
    answers = {"database": True, "mail": False}
    found = health.HealthChecks(
        health.Check("database", lambda: answers["database"]),
        health.Check("mail", lambda: answers["mail"], essential=False),
        health.Check('session \U0001f600 "token" \\ x', lambda: "password=x"),
    )
    found.run()
    app_logging.get_logger("heroes").info("health check", checks={"database": "mine"})
    answers.update(database=False, mail=True)
    written = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 <= written + 1:  # of two runs in one millisecond a failure would win
        pass
    found.run()
    shown = [line for line in exposition(tally_of(log), DEFAULT_BUCKETS).splitlines() if "health_check_status{" in line]
    assert shown == [
        'health_check_status{check="database"} 0.0',
        'health_check_status{check="mail"} 1.0',
        'health_check_status{check="session \U0001f600 \\"token\\" \\\\ x"} 1.0',
    ]


def test_as_many_checks_as_there_may_be_all_arrive(log: Path) -> None:
    names = [f"{number:x<{check.MAX_NAME_CHARACTERS}}" for number in range(checks.MAX_CHECKS)]
    health.HealthChecks(*(health.Check(name, lambda: "\U0001f600" * 999) for name in names)).run()
    assert set(tally_of(log).checks) == set(names)
