from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app_logging
from app_logging.files import Missing
from app_logging.record_queue import RECORD_BYTES, RecordQueue
from app_logging.settings import QueuePolicy

ReadRecords = Callable[[Path], list[dict[str, Any]]]

DEADLINE = 20.0


class SlowDisk:
    """Takes a record when a test says so."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.missing: list[Missing] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def write(self, record: bytes, _is_error: bool) -> None:  # noqa: FBT001 - as the sink's
        self.begun.set()
        assert self.go_on.wait(DEADLINE)
        self.written.append(record)

    def queue(self, policy: QueuePolicy, records: int) -> RecordQueue:
        queue = RecordQueue(
            self.write, self.missing.append, policy=policy, max_bytes=records * (RECORD_BYTES + len(b"0"))
        )
        queue.start()
        return queue


@pytest.fixture
def disk() -> SlowDisk:
    return SlowDisk()


def test_a_call_does_not_wait_for_the_disk_and_closing_writes_the_rest(disk: SlowDisk) -> None:
    queue = disk.queue("drop", 10)
    for number in range(5):
        queue.put(b"%d" % number, False)  # noqa: FBT003 - no error
    assert disk.written == []
    disk.go_on.set()
    queue.close()
    assert disk.written == [b"0", b"1", b"2", b"3", b"4"]
    assert disk.missing == []


def test_what_does_not_fit_is_dropped_and_owned_up_to(disk: SlowDisk) -> None:
    queue = disk.queue("drop", 3)
    for number in range(8):
        queue.put(b"%d" % number, False)  # noqa: FBT003 - no error
    disk.go_on.set()
    queue.close()
    assert disk.written == [b"0", b"1", b"2"]
    assert sum(missing.records for missing in disk.missing) == 5


def test_with_the_other_policy_a_caller_waits_for_room(disk: SlowDisk) -> None:
    queue = disk.queue("wait", 2)

    def put_many() -> None:
        for number in range(8):
            queue.put(b"%d" % number, False)  # noqa: FBT003 - no error

    caller = threading.Thread(target=put_many, name="caller")
    caller.start()
    assert disk.begun.wait(DEADLINE)
    disk.go_on.set()
    caller.join()
    queue.close()
    assert disk.written == [b"%d" % number for number in range(8)]


def test_a_record_larger_than_the_queue_passes_alone(disk: SlowDisk) -> None:
    queue = disk.queue("drop", 1)
    queue.put(b"x" * 10_000, False)  # noqa: FBT003 - no error
    disk.go_on.set()
    queue.close()
    assert disk.written == [b"x" * 10_000]


@pytest.mark.parametrize("policy", ["drop", "wait"])
def test_records_through_a_queue_are_in_order_and_its_risk_is_said(
    tmp_path: Path, read_records: ReadRecords, policy: QueuePolicy
) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, queue=policy)
    for number in range(500):
        app_logging.get_logger("x").info("m", number=number)
    app_logging.reset()
    warning, *records = read_records(tmp_path / "combined.log")
    assert (warning["level"], warning["message"]) == ("warning", "log records wait in a queue")
    assert "8388608" in warning["error"]
    assert [record["number"] for record in records] == list(range(500))
    assert [record["seq"] for record in records] == list(range(2, 502))


AT_EXIT = """
import atexit, multiprocessing, sys, app_logging

log = app_logging.get_logger()
atexit.register(log.info, "late")
app_logging.configure(log_dir=sys.argv[1], queue="drop")

def child():
    for _ in range(50):
        log.info("child")

process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
"""


def test_what_is_logged_at_exit_and_in_children_of_multiprocessing_is_written(
    tmp_path: Path, read_records: ReadRecords
) -> None:
    subprocess.run([sys.executable, "-c", AT_EXIT, str(tmp_path)], check=True)
    messages = [record["message"] for record in read_records(tmp_path / "combined.log")]
    assert (messages.count("child"), messages.count("late")) == (50, 1)
