"""Real processes that write, rotate, fork and die. Each writes through the public door."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import app_logging

PROCESSES = 4
RECORDS = 5000

WRITER = """
import sys, app_logging
app_logging.configure(log_dir=sys.argv[1], max_bytes=int(sys.argv[2]), backups=int(sys.argv[3]), console=False)
log = app_logging.get_logger("writer")
for number in range(int(sys.argv[4])):
    log.info("record", number=number)
"""

ENDLESS_WRITER = """
import sys, app_logging
app_logging.configure(log_dir=sys.argv[1], console=False)
log = app_logging.get_logger("writer")
number = 0
while True:
    number += 1
    log.info("record", number=number)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def numbers_by_process(directory: Path) -> dict[str, list[int]]:
    """Read all generations from the oldest; return the `seq` of each process in the order of the files."""
    found = defaultdict(list)
    live = directory / "combined.log"
    rotated = sorted(directory.glob("combined.log.*"), key=lambda path: int(path.suffix[1:]), reverse=True)
    for path in [*rotated, live]:
        for line in path.read_bytes().split(b"\n")[:-1]:
            record = json.loads(line)
            found[record["boot_id"]].append(record["seq"])
    return found


@pytest.mark.integration
def test_processes_that_rotate_the_same_file_lose_tear_and_double_nothing(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", WRITER, str(tmp_path), "65536", "1000", str(RECORDS)]
    writers = [subprocess.Popen(arguments) for _ in range(PROCESSES)]
    assert [writer.wait() for writer in writers] == [0] * PROCESSES
    found = numbers_by_process(tmp_path)
    assert len(list(tmp_path.glob("combined.log.*"))) > PROCESSES, "nothing was rotated"
    assert list(found.values()) == [list(range(1, RECORDS + 1))] * PROCESSES


@pytest.mark.integration
def test_a_killed_process_leaves_every_record_whose_call_returned(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", ENDLESS_WRITER, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(1000):
            returned = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().split("\n")
    returned = max([returned, *(int(number) for number in rest[:-1])])
    assert writer.returncode == -signal.SIGKILL
    (numbers,) = numbers_by_process(tmp_path).values()
    assert numbers[:returned] == list(range(1, returned + 1))


@pytest.mark.integration
def test_a_forked_child_counts_for_itself_in_the_same_file(tmp_path: Path) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    log = logging.getLogger("parent")
    log.warning("before")
    child = os.fork()
    if child == 0:
        log.warning("in the child")
        os._exit(0)
    os.waitpid(child, 0)
    log.warning("after")
    lines = (tmp_path / "combined.log").read_bytes().split(b"\n")[:-1]
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [(record["message"], record["seq"]) for record in records] == [
        ("before", 1),
        ("in the child", 1),
        ("after", 2),
    ]
    assert records[0]["boot_id"] == records[2]["boot_id"] != records[1]["boot_id"]
