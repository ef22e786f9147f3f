"""Of a record of health checks is read what our own writer means, and of anything else nothing."""

from __future__ import annotations

import json

import pytest

from logship.parse import checked
from logship.parse.checks import MAX_CHECKS_IN_RECORD, MAX_NAME_CHARACTERS

NOON = 1_795_435_200.0


def line(checks: object, timestamp: object = "2026-11-23T12:00:00.000Z") -> bytes:
    return json.dumps({"timestamp": timestamp, "level": "info", "message": "health check", "checks": checks}).encode()


def found(name: object, status: object = "healthy") -> dict[str, object]:
    return {"name": name, "status": status, "duration": 1.5, "detail": "x"}


def test_each_check_is_read_with_the_time_of_the_record() -> None:
    assert checked(line([found("database"), found("disk", "unhealthy")])) == (NOON, {"database": True, "disk": False})
    assert checked(line([])) == (NOON, {})


@pytest.mark.parametrize(
    "strange",
    [
        line({"database": True}),
        line(["database"]),
        line([found(5)]),
        line([found("database", status=True)]),
        line([found("database")], timestamp="soon"),
        line([found("database")], timestamp=None),
        line([found("database")])[:-5],
        b"",
        b"[" * 100_000,
    ],
)
def test_a_record_in_another_shape_says_nothing(strange: bytes) -> None:
    assert checked(strange) is None


@pytest.mark.parametrize("check", [found(""), found("x" * (MAX_NAME_CHARACTERS + 1)), found("a\0b"), found("a", "so")])
def test_a_check_that_our_writer_would_not_write_is_left_out(check: object) -> None:
    assert checked(line([check, found("disk")])) == (NOON, {"disk": True})


def test_a_record_holds_no_more_checks_than_our_writer_writes() -> None:
    read = checked(line([found(f"c{number}") for number in range(10_000)]))
    assert read is not None
    assert len(read.healthy) == MAX_CHECKS_IN_RECORD
