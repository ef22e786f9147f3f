"""What app_logging really writes proves to the line what is missing of it, and what its sampled requests stand for."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import app_logging
from app_logging import pipeline as writing
from app_logging.files import Missing
from logship.measure import Tally
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

WRITER = """
import sys, app_logging
app_logging.configure(service="t", log_dir=sys.argv[1], console=False, max_bytes=0)
log = app_logging.get_logger("t")
for number in range(500):
    (log.error if number % 50 == 7 else log.info)("work", number=number)
"""


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    app_logging.configure(service="t", log_dir=str(tmp_path), console=False, environment="test")
    yield tmp_path
    app_logging.reset()


def tally_of(*files: list[bytes]) -> Tally:
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions("app")})
    for number, lines in enumerate(files):
        pipeline.feed(Batch(number, 0, 1, b"".join(lines)))
    tally = pipeline.take()
    tally.settle()
    return tally


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_of_four_processes_in_one_file_every_missing_line_is_proven(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", WRITER, str(tmp_path)]] * 4
    for process in [subprocess.Popen(command) for command in commands]:
        assert process.wait(60) == 0
    combined, errors = lines_of(tmp_path / "combined.log"), lines_of(tmp_path / "error.log")
    assert len(combined) == 2000
    assert tally_of(combined).lost_lines == 0
    assert tally_of(errors).lost_lines == 0, "it has the errors alone"
    assert tally_of(errors, combined, combined[100:]).lost_lines == 0
    gone = [line for line in combined if json.loads(line)["seq"] in range(100, 175)]
    rest = [line for line in combined if line not in gone]
    assert tally_of(rest).lost_lines == len(gone) == 4 * 75
    assert tally_of(rest, errors).lost_lines == 300 - len(set(gone) & set(errors))


async def answer(scope: Any, _receive: Any, send: Any) -> None:
    status = 500 if scope["path"] == "/boom" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})


async def ask(app: Any, paths: list[str]) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        for path in paths:
            await client.get(path)


def test_sampled_requests_come_to_as_many_as_there_were(logs: Path) -> None:
    app = app_logging.RequestLogMiddleware(answer, sample={"/ping": 0.1})
    asyncio.run(ask(app, ["/ping"] * 200 + ["/boom", "/a"]))
    tally = tally_of(lines_of(logs / "combined.log"))
    assert tally.requests == 202
    assert tally.request_lines == 22
    assert tally.lost_lines == 0
    assert sum(sum(series.buckets) for series in tally.series.values()) == 202


def test_nothing_is_in_flight_behind_the_last_request(logs: Path) -> None:
    asyncio.run(ask(app_logging.RequestLogMiddleware(answer), ["/a"] * 3))
    (writer,) = tally_of(lines_of(logs / "combined.log")).writers.values()
    assert writer.in_flight is not None
    assert writer.heard is not None
    assert writer.in_flight.value == 0
    assert writer.in_flight.seq <= writer.heard.seq
    assert writer.heard.value > 0


def test_a_heartbeat_is_known_as_one(tmp_path: Path) -> None:
    app_logging.configure(service="t", log_dir=str(tmp_path), console=False, heartbeat_seconds=30)
    active = writing.active.pipeline
    assert active is not None
    active._beat()
    app_logging.reset()
    (writer,) = tally_of(lines_of(tmp_path / "combined.log")).writers.values()
    assert writer.heartbeat_seconds == 30
    assert writer.in_flight == (1, 0)


def test_the_record_that_owns_up_to_drops_is_summed(logs: Path) -> None:
    active = writing.active.pipeline
    assert active is not None
    for dropped in (3, 4):
        active.sink.write(active._render_missing("combined.log", Missing(dropped, "disk is full")), is_error=False)
    assert tally_of(lines_of(logs / "combined.log")).dropped == 7
