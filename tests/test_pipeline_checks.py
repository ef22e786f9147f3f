"""The records of health checks become verdicts, wherever they stand in the log, live and in a replay."""

from __future__ import annotations

import json

import pytest

from logship.measure import Tally, Verdict, merge
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

NOON = 1_795_435_200.0


def record(seq: int, second: int = 0, /, **fields: object) -> bytes:
    head = {"timestamp": f"2026-11-23T12:00:{second:02}.000Z", "level": "info", "message": "x"} | fields
    return json.dumps(head | {"seq": seq, "boot_id": "b1"}, separators=(",", ":")).encode() + b"\n"


def request(seq: int) -> bytes:
    return record(seq, message="HTTP Request", method="GET", url="/a", route="/a", status=200, duration=12.6)


def health(seq: int, second: int, **status: str) -> bytes:
    found = [{"name": name, "status": value, "duration": 1.5} for name, value in status.items()]
    return record(seq, second, message="health check", health="unhealthy", checks=found)


def count(*chunks: bytes, name: str | None = None) -> Tally:
    pipeline, total = Pipeline(MeasureOptions(), {"": SourceOptions(name)}), Tally()
    for number, chunk in enumerate(chunks):
        pipeline.feed(Batch(number, 0, len(chunk), chunk))
        total = merge(total, pipeline.take())
    return total


LINES = [
    health(1, 1, database="unhealthy", disk="healthy"),
    request(2),
    health(3, 9, database="healthy"),
    request(4),
    health(5, 4, database="unhealthy", queue="unhealthy"),
]
VERDICTS = {
    "database": Verdict(NOON + 9, is_healthy=True),
    "disk": Verdict(NOON + 1, is_healthy=True),
    "queue": Verdict(NOON + 4, is_healthy=False),
}


@pytest.mark.parametrize("name", [None, "app"])
def test_the_last_run_by_the_time_in_the_records_counts_however_they_are_divided(name: str | None) -> None:
    assert count(b"".join(LINES), name=name).checks == VERDICTS
    assert count(*LINES, name=name).checks == VERDICTS
    assert count(*reversed(LINES), name=name).checks == VERDICTS
    assert count(*LINES, *LINES, name=name).checks == VERDICTS, "read twice, as in error.log, it is the same"


def test_a_record_of_health_checks_is_no_request_and_its_number_is_seen() -> None:
    tally = count(b"".join(LINES))
    assert (tally.requests, tally.not_request, tally.lines) == (2, 3, 5)
    assert tally.messages == {"info": 5}
    assert tally.writers["b1"].runs == ((1, 5),)


def test_a_record_that_only_looks_like_it_changes_nothing() -> None:
    mine = [{"name": "database", "status": "unhealthy"}]
    assert count(record(1, message="health checks", checks=mine)).checks == {}
    assert count(record(1, message="health check", checks={"database": False})).checks == {}
    assert count(request(1).replace(b'"HTTP Request"', b'"HTTP Request","checks":[5]')).requests == 1
    unnumbered = health(1, 1, database="unhealthy").replace(b',"seq":1,"boot_id":"b1"', b"")
    assert count(unnumbered + request(2)).checks == {}
