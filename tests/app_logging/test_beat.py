from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import app_logging
from app_logging.beat import Beat
from app_logging.pipeline import active

ReadRecords = Callable[[Path], list[dict[str, Any]]]

DEADLINE = 20.0


def wait_for_heartbeats(path: Path, boot_ids: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        lines = path.read_bytes().split(b"\n")[:-1]
        records = [json.loads(line) for line in lines]
        beats = [record for record in records if record["message"] == "heartbeat"]
        if len({record["boot_id"] for record in beats}) >= boot_ids:
            return beats
        time.sleep(0)
    raise AssertionError("no heartbeat came")


def test_a_beat_of_zero_seconds_starts_nothing() -> None:
    before = threading.active_count()
    beat = Beat(0, list, "never")
    beat.start()
    assert threading.active_count() == before
    beat.close()


def test_a_closed_beat_has_no_thread_left() -> None:
    called = threading.Event()
    beat = Beat(0.001, called.set, "a beat")
    beat.start()
    assert called.wait(DEADLINE)
    beat.close()
    assert "a beat" not in {thread.name for thread in threading.enumerate()}


def test_the_heartbeat_tells_the_requests_in_flight(tmp_path: Path) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, level="error", heartbeat_seconds=0.01)
    active.in_flight.entered()
    try:
        deadline = time.monotonic() + DEADLINE
        while wait_for_heartbeats(tmp_path / "combined.log", 1)[-1]["active"] != 1:
            assert time.monotonic() < deadline
    finally:
        active.in_flight.left()
    record = wait_for_heartbeats(tmp_path / "combined.log", 1)[0]
    assert (record["level"], record["logger"], record["heartbeat_seconds"]) == ("info", "app_logging", 0.01)


def test_a_forked_child_beats_for_itself_with_no_requests_of_its_parent(tmp_path: Path) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, heartbeat_seconds=0.01)
    active.in_flight.entered()
    child = os.fork()
    if child == 0:
        app_logging.get_logger("child").info("here")
        wait_for_heartbeats(tmp_path / "combined.log", 2)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    active.in_flight.left()
    beats = wait_for_heartbeats(tmp_path / "combined.log", 2)
    lines = (tmp_path / "combined.log").read_bytes().split(b"\n")[:-1]
    (theirs,) = [record["boot_id"] for record in map(json.loads, lines) if record["message"] == "here"]
    assert {record["active"] for record in beats if record["boot_id"] == theirs} == {0}


def test_a_reset_ends_the_heartbeat(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, heartbeat_seconds=0.01)
    app_logging.reset()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("app_logging")]
    assert {record["message"] for record in read_records(tmp_path / "combined.log")} <= {"heartbeat"}
