"""SIGTERM in every phase of a tailer's life, and a disk that takes its time: the next tailer goes on exactly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, wait_for
from integration.turning import Tailer
from reliability.running import LOGSHIP, STOPPED_BY_SIGNAL, tailing, with_fault
from words import request, rotate, write

pytestmark = pytest.mark.integration

SIGNAL_IN = """
import os, signal

def signalling(owner, name):
    real, is_told = getattr(owner, name), []

    def call(*arguments, **named):
        if not is_told:
            is_told.append(True)
            os.kill(os.getpid(), signal.SIGTERM)
        return real(*arguments, **named)

    setattr(owner, name, call)

"""
"""Lets the first call of a function come along with a SIGTERM to its process."""

PHASES = {
    "start": "import logship.live; signalling(logship.live, 'build')",
    "restore": "from logship.checkpoint import Ledger; signalling(Ledger, 'restore')",
    "look": "from logship.read import Follower; signalling(Follower, 'look')",
    "read": "from logship.read.generation import Generation; signalling(Generation, 'take')",
    "count": "from logship.pipeline import Pipeline; signalling(Pipeline, 'take')",
    "commit": "from logship.checkpoint import SqliteStore; signalling(SqliteStore, 'write')",
    "scrape": "from logship.expose import Renderer; signalling(Renderer, 'render')",
    "farewell": "from logship.live.turns import TurnGate; signalling(TurnGate, 'close')",
    "stop": "from logship.expose import Server; signalling(Server, 'stop')",
}


@pytest.mark.parametrize("phase", PHASES)
def test_a_stop_in_any_phase_loses_and_doubles_nothing(phase: str, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with tailing(tmp_path, log) as tail:
        write_numbered(log, 1, 3)
        counted_here(log, tail.state)
        write_numbered(log, 4, 4)
        tail.start(program=with_fault(SIGNAL_IN + PHASES[phase]))
        if phase == "scrape":
            tail.scrape()
        if phase in {"farewell", "stop"}:
            wait_for(lambda: "format" in tail.talk)
            tail.stop()
        assert tail.end() in STOPPED_BY_SIGNAL
        assert "Traceback" not in tail.talk, tail.talk
        write_numbered(log, 8, 1)
        rotate(log)
        write_numbered(log, 9, 1)
        counted_here(log, tail.state).assert_counted_once(9)


def write_numbered(log: Path, first: int, count: int) -> None:
    write(log, *(request(f"/line/{number}") for number in range(first, first + count)))


def counted_here(log: Path, state: Path) -> Tailer:
    """Let a tailer of this process count what there is, and be killed; return it."""
    tailer = Tailer([str(log)], state)
    tailer.start()
    tailer.poll()
    tailer.kill()
    return tailer


SLOW_DISK = """
import time
from logship.checkpoint import SqliteStore
from logship.read.generation import Generation

def slow(owner, name, seconds):
    real = getattr(owner, name)

    def call(*arguments, **named):
        time.sleep(seconds)  # as such a disk does
        return real(*arguments, **named)

    setattr(owner, name, call)

slow(Generation, "read_at", 0.01)
slow(SqliteStore, "write", 0.2)
"""


def test_a_slow_disk_slows_and_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, request())
    with tailing(tmp_path, log) as tail:
        tail.start(program=with_fault(SLOW_DISK))
        for number in range(1, 4):
            assert tail.requests() == 2 * number - 1
            write(log, request())
            rotate(log)
            write(log, request())
        assert tail.stop() == 0
        tail.start()
        assert tail.requests() == 7


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """Give a directory in which there is room for a few files and no byte."""
    directory = tmp_path / "full"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", directory], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    return directory


@pytest.mark.parametrize(
    "options",
    [("--output", "html", "--to", "report.html"), ("--output", "openmetrics", "--to", "days")],
    ids=["report", "days"],
)
def test_a_replay_to_a_full_disk_is_one_line_and_leaves_no_half(
    options: tuple[str, ...], full_disk: Path, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    write(log, *(request(f"/route/{number}", duration=number) for number in range(1000)))
    *rest, target = options
    try:
        done = subprocess.run(
            [*LOGSHIP, "replay", *rest, full_disk / target, log],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
        left = [each.name for each in full_disk.rglob("*") if each.is_file()]
    finally:
        subprocess.run(["umount", "-l", full_disk], check=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert target not in left


def test_half_a_copy_of_a_state_is_refused_and_stays(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, *(request(f"/route/{number}") for number in range(300)))
    with tailing(tmp_path, log) as tail:
        tail.start()
        assert tail.requests() == 300
        assert tail.stop() == 0
        whole = tail.state.read_bytes()
        half = whole[: len(whole) // 2 // 4096 * 4096]
        tail.state.write_bytes(half)
        tail.start()
        assert tail.end() == 1
        assert "state salvage" in tail.talk
        assert tail.state.read_bytes() == half
        shutil.rmtree(tail.state.parent)
        tail.state.parent.mkdir()
        tail.state.write_bytes(whole)
        tail.start()
        assert tail.requests() == 300
