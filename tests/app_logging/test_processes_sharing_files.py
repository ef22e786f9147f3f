"""Real processes that write, rotate, fork and die. Each writes through the public door.

LOGGING_RECORDS sets how many records each process writes; a release is tried with 100000.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

import app_logging

pytestmark = pytest.mark.integration

PROCESSES = 4
DEADLINE = 30.0
RECORDS = int(os.environ.get("LOGGING_RECORDS", "5000"))
MAX_BYTES = 1_000_000 if RECORDS > 50_000 else 65_536

WRITER = """
import json, sys, app_logging
app_logging.configure(log_dir=sys.argv[1], console=False, **json.loads(sys.argv[2]))
log = app_logging.get_logger("writer")
for number in range(int(sys.argv[3])):
    log.info("record", number=number)
app_logging.reset()
"""

ENDLESS_WRITER = """
import json, sys, app_logging
app_logging.configure(log_dir=sys.argv[1], console=False, **json.loads(sys.argv[2]))
log = app_logging.get_logger("writer")
number = 0
while True:
    number += 1
    log.info("record", number=number)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def start(program: str, directory: Path, *arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(directory), json.dumps(options), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run_together(program: str, directory: Path, *arguments: object, **options: object) -> None:
    """Run the program in some processes at once; each must end well."""
    with ExitStack() as stack:
        processes = [stack.enter_context(start(program, directory, *arguments, **options)) for _ in range(PROCESSES)]
        assert [process.wait() for process in processes] == [0] * PROCESSES


def lines_of(directory: Path) -> Iterator[bytes]:
    """Read all files of the combined log, each from its oldest generation."""
    for live in sorted(directory.glob("combined*.log")):
        rotated = [path for path in directory.glob(f"{live.name}.*") if re.search(r"\.\d+(\.gz)?$", path.name)]
        rotated.sort(key=lambda path: int(path.name.removesuffix(".gz").rpartition(".")[2]), reverse=True)
        for path in [*rotated, live]:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert content == b"" or content.endswith(b"\n")
            yield from content.split(b"\n")[:-1]


def numbers_by_process(directory: Path) -> dict[str, list[int]]:
    """Return the `seq` of each process in the order of the files."""
    found = defaultdict(list)
    for line in lines_of(directory):
        record = json.loads(line)
        found[record["boot_id"]].append(record["seq"])
    return found


class Tail:
    """A running `logship tail` on a directory."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "logship", "tail", "--listen", "127.0.0.1:0", str(directory / "combined*.log")]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = re.search(r"url=(http://\S+?)/metrics", re.sub(r"\x1b\[[0-9;]*m", "", line))
            if found:
                self._url = found[1]
                break
        self._reader = threading.Thread(target=self._process.stderr.read, name="talk of logship")
        self._reader.start()

    def total(self, metric: str) -> int:
        """Scrape; return the sum of a metric over its labels."""
        text = httpx.get(f"{self._url}/metrics", timeout=60).text
        return sum(int(float(value)) for value in re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()


WAYS = pytest.mark.parametrize(
    "options", [{}, {"strict": True}, {"compress": True}, {"per_process": True}, {"queue": "wait"}], ids=str
)


@WAYS
def test_processes_that_share_a_log_lose_tear_and_double_nothing(tmp_path: Path, options: dict[str, object]) -> None:
    run_together(WRITER, tmp_path, RECORDS, max_bytes=MAX_BYTES, backups=1000, **options)
    with start(WRITER, tmp_path, RECORDS, max_bytes=MAX_BYTES, backups=1000, **options) as alone:
        assert alone.wait() == 0  # who has no rival rotates for sure; rivals may be in each other's way
    found = numbers_by_process(tmp_path)
    assert list(tmp_path.glob("combined*.log.*")), "nothing was rotated"
    assert bool(options.get("compress")) is bool(list(tmp_path.glob("combined.log.*.gz")))
    extra = 1 if options.get("queue") else 0  # the warning about what it can lose
    assert [sorted(numbers) for numbers in found.values()] == [list(range(1, RECORDS + 1 + extra))] * (PROCESSES + 1)


@WAYS
def test_a_reader_that_follows_gets_each_record_once(tmp_path: Path, options: dict[str, object]) -> None:
    tail = Tail(tmp_path)
    try:
        run_together(WRITER, tmp_path, RECORDS, max_bytes=1_000_000, backups=1000, **options)
        deadline = time.monotonic() + DEADLINE
        while tail.total("log_messages_total") < PROCESSES * RECORDS and time.monotonic() < deadline:
            pass  # each scrape reads for a second at the most
        counted, lost = tail.total("log_messages_total"), tail.total("logship_lost_lines_total")
    finally:
        tail.stop()
    written = [number for numbers in numbers_by_process(tmp_path).values() for number in numbers]
    assert len(written) == PROCESSES * (RECORDS + (1 if options.get("queue") else 0))
    assert (counted, lost) == (len(written), 0)


def test_each_process_finds_its_records_in_order(tmp_path: Path) -> None:
    run_together(WRITER, tmp_path, 2000, max_bytes=65_536, backups=1000)
    assert list(numbers_by_process(tmp_path).values()) == [list(range(1, 2001))] * PROCESSES


def test_a_killed_process_leaves_every_record_whose_call_returned(tmp_path: Path) -> None:
    with start(ENDLESS_WRITER, tmp_path) as writer:
        assert writer.stdout is not None
        for _ in range(1000):
            returned = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().split("\n")
    returned = max([returned, *(int(number) for number in rest[:-1])])
    assert writer.returncode == -signal.SIGKILL
    (numbers,) = numbers_by_process(tmp_path).values()
    assert numbers[:returned] == list(range(1, returned + 1))


@pytest.mark.parametrize("options", [{}, {"compress": True}], ids=str)
def test_kills_in_the_middle_of_rotations_cost_nothing(tmp_path: Path, options: dict[str, object]) -> None:
    """With a file for every four records, most of the time of a writer goes into rotations."""
    chance = random.Random(20261123)  # noqa: S311 - must be the same each time
    returned = []
    for _ in range(4):
        writers = [start(ENDLESS_WRITER, tmp_path, max_bytes=1000, backups=100_000, **options) for _ in range(2)]
        for writer in writers:
            assert writer.stdout is not None
            last = [int(writer.stdout.readline()) for _ in range(chance.randint(20, 120))][-1]
            writer.kill()
            returned.append(max([last, *map(int, writer.stdout.read().split("\n")[:-1])]))
            writer.wait()
            writer.stdout.close()
    found = numbers_by_process(tmp_path)
    assert len(found) == len(returned)
    for numbers in found.values():
        assert sorted(set(numbers)) == list(range(1, len(set(numbers)) + 1))
    counts = sorted(len(set(numbers)) for numbers in found.values())
    assert all(there >= said for there, said in zip(counts, sorted(returned), strict=True))
    if not options:
        assert all(len(set(numbers)) == len(numbers) for numbers in found.values())


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
    records: list[dict[str, Any]] = [json.loads(line) for line in lines_of(tmp_path)]
    assert [(record["message"], record["seq"]) for record in records] == [
        ("before", 1),
        ("in the child", 1),
        ("after", 2),
    ]
    assert records[0]["boot_id"] == records[2]["boot_id"] != records[1]["boot_id"]


FORKING = """
import json, os, sys, threading, app_logging
app_logging.configure(log_dir=sys.argv[1], console=False, max_bytes=5000, backups=1000, **json.loads(sys.argv[2]))
log = app_logging.get_logger("forking")
stop = threading.Event()
def write():
    while not stop.is_set():
        log.info("from a thread")
threads = [threading.Thread(target=write) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(15):
    child = os.fork()
    if child == 0:
        for number in range(20):
            log.error("from a child", number=number)
        app_logging.reset()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
app_logging.reset()
"""


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strict": True},
        {"compress": True},
        {"per_process": True},
        {"queue": "wait", "queue_bytes": 20_000},
        {"heartbeat_seconds": 0.01},
    ],
    ids=str,
)
def test_children_of_a_process_with_busy_threads_write_all_their_records(
    tmp_path: Path, options: dict[str, object]
) -> None:
    with start(FORKING, tmp_path, **options) as process:
        assert process.wait(60) == 0
    found: dict[str, list[int]] = defaultdict(list)
    for line in lines_of(tmp_path):
        record = json.loads(line)
        if record["message"] == "from a child":
            found[record["boot_id"]].append(record["number"])
    assert len(found) == 15
    assert all(sorted(numbers) == list(range(20)) for numbers in found.values())
    assert all(
        numbers == list(range(1, len(numbers) + 1)) for numbers in map(sorted, numbers_by_process(tmp_path).values())
    )
