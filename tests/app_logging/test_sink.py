from __future__ import annotations

import errno
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app_logging
from app_logging.files import Bounds, Missing, RotatingFile
from app_logging.sink import Sink

ReadRecords = Callable[[Path], list[dict[str, Any]]]


class FaultyWrite:
    """`os.write` that fails while it is told to, and can call back from within."""

    def __init__(self) -> None:
        self.is_full = False
        self.during: Any = None

    def __call__(self, descriptor: int, data: bytes) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        during, self.during = self.during, None
        if during:
            during()
        return os.write(descriptor, data)


class Bench:
    def __init__(self, directory: Path) -> None:
        self.combined_path = directory / "combined.log"
        self.error_path = directory / "error.log"
        self.write = FaultyWrite()
        self.write_error = FaultyWrite()
        self.diverted: list[str] = []
        self.shown: list[str] = []
        self.complaints: list[str] = []

    def sink(self, *, console: bool = False) -> Sink:
        return Sink(
            self._file(self.combined_path, self.write),
            self._file(self.error_path, self.write_error),
            render_missing=render_missing,
            console=self.shown.append if console else None,
            fallback=self.diverted.append,
        )

    def _file(self, path: Path, write: FaultyWrite) -> RotatingFile:
        return RotatingFile(path, Bounds(max_bytes=0, backups=1), write=write, report=self.complaints.append)


def render_missing(file: str, missing: Missing) -> bytes:
    return json.dumps({"message": "dropped", "n": missing.records, "error": missing.error, "file": file}).encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def brief(records: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(record["seq"], record["message"]) for record in records]


def test_records_are_numbered_from_one_and_bear_the_name_of_the_process(
    bench: Bench, read_records: ReadRecords
) -> None:
    sink = bench.sink()
    assert sink.open() == []
    for name in ("a", "b"):
        sink.write(b'{"message":"%b"}' % name.encode(), is_error=False)
    sink.close()
    records = read_records(bench.combined_path)
    assert [list(record) for record in records] == [["message", "seq", "boot_id"]] * 2
    assert brief(records) == [(1, "a"), (2, "b")]
    assert records[0]["boot_id"] == records[1]["boot_id"]
    assert len(records[0]["boot_id"]) == 12


def test_an_error_is_in_both_files_as_the_same_line(bench: Bench) -> None:
    sink = bench.sink()
    sink.open()
    sink.write(b'{"message":"a"}', is_error=False)
    sink.write(b'{"message":"b"}', is_error=True)
    sink.close()
    assert bench.combined_path.read_bytes().split(b"\n", 1)[1] == bench.error_path.read_bytes()


def test_numbers_stand_in_order_whatever_threads_write(bench: Bench, read_records: ReadRecords) -> None:
    sink = bench.sink()
    sink.open()

    def write_many() -> None:
        for _ in range(500):
            sink.write(b'{"message":"m"}', is_error=False)

    threads = [threading.Thread(target=write_many, name=f"writer {number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.close()
    assert [record["seq"] for record in read_records(bench.combined_path)] == list(range(1, 2001))


def test_a_record_written_from_within_a_write_waits_for_its_turn(bench: Bench, read_records: ReadRecords) -> None:
    sink = bench.sink()
    sink.open()
    bench.write.during = lambda: sink.write(b'{"message":"from a signal handler"}', is_error=False)
    sink.write(b'{"message":"interrupted"}', is_error=False)
    sink.close()
    assert brief(read_records(bench.combined_path)) == [(1, "interrupted"), (2, "from a signal handler")]


def test_after_a_full_disk_one_record_owns_up_to_what_is_missing(bench: Bench, read_records: ReadRecords) -> None:
    sink = bench.sink()
    sink.open()
    bench.write.is_full = True
    for _ in range(3):
        sink.write(b'{"message":"lost"}', is_error=False)
    bench.write.is_full = False
    for _ in range(2):
        sink.write(b'{"message":"good"}', is_error=False)
    sink.close()
    records = read_records(bench.combined_path)
    assert brief(records) == [(4, "good"), (5, "dropped"), (6, "good")]
    assert (records[1]["n"], records[1]["error"], records[1]["file"]) == (3, "ENOSPC", "combined.log")
    assert bench.diverted == [], "a full disk must not flood stderr"
    assert len(bench.complaints) == 1


def test_what_is_missing_is_not_forgotten_if_the_confession_is_lost_too(
    bench: Bench, read_records: ReadRecords
) -> None:
    sink = bench.sink()
    sink.open()
    bench.write.is_full = True
    sink.write(b'{"message":"lost"}', is_error=False)
    bench.write.is_full = False

    def fill_up() -> None:
        bench.write.is_full = True

    bench.write.during = fill_up  # full again right behind the first record
    sink.write(b'{"message":"good"}', is_error=False)
    bench.write.is_full = False
    sink.write(b'{"message":"good"}', is_error=False)
    sink.close()
    records = read_records(bench.combined_path)
    assert [record["message"] for record in records] == ["good", "good", "dropped"]
    assert records[2]["n"] == 2, "the lost record and the lost confession"


def test_what_is_missing_in_the_error_file_is_said_in_the_combined_one(bench: Bench, read_records: ReadRecords) -> None:
    sink = bench.sink()
    sink.open()
    bench.write_error.is_full = True
    sink.write(b'{"message":"e1"}', is_error=True)
    bench.write_error.is_full = False
    sink.write(b'{"message":"e2"}', is_error=True)
    sink.close()
    assert brief(read_records(bench.error_path)) == [(2, "e2")]
    assert brief(read_records(bench.combined_path)) == [(1, "e1"), (2, "e2"), (3, "dropped")]


def test_without_a_file_the_json_goes_to_the_fallback(bench: Bench) -> None:
    bench.combined_path.mkdir()
    sink = bench.sink()
    assert len(sink.open()) == 1
    sink.write(b'{"message":"a"}', is_error=False)
    sink.close()
    assert [json.loads(line)["message"] for line in bench.diverted] == ["a"]


def test_without_a_file_the_console_is_enough(bench: Bench) -> None:
    bench.combined_path.mkdir()
    sink = bench.sink(console=True)
    sink.open()
    sink.write(b'{"level":"info","message":"a"}', is_error=False)
    sink.close()
    assert bench.diverted == []
    assert bench.shown == ["info: a"]


class LedIntoLogging:
    """What some programs put in the place of stderr; not even complete."""

    def write(self, text: str) -> None:
        for line in text.splitlines():
            logging.getLogger("stderr").error(line)

    def flush(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("console", [True, None])
def test_a_stderr_that_leads_into_logging_does_not_go_round_for_ever(
    tmp_path: Path,
    read_records: ReadRecords,
    monkeypatch: pytest.MonkeyPatch,
    console: bool | None,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(sys, "stderr", LedIntoLogging())
    app_logging.configure(log_dir=tmp_path, console=console)
    app_logging.get_logger().info("once")
    echoes = ["info: once"] if console else []
    assert [record["message"] for record in read_records(tmp_path / "combined.log")] == ["once", *echoes]


def test_a_stderr_that_leads_into_logging_does_not_go_round_without_a_file_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setattr(sys, "stderr", LedIntoLogging())
    app_logging.configure(log_dir=tmp_path / "taken", console=False)
    app_logging.get_logger().info("the call returns")
