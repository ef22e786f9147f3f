"""SIGTERM in every phase of a tailer's life, and a disk that takes its time: the next tailer goes on exactly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from crash.tailing import wait_for
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
    write(log, *[request()] * 3)
    with tailing(tmp_path, log) as tail:
        tail.start()
        assert tail.requests() == 3
        tail.kill()
        write(log, *[request()] * 4)
        tail.start(program=with_fault(SIGNAL_IN + PHASES[phase]))
        if phase == "scrape":
            tail.scrape()
        if phase in {"farewell", "stop"}:
            wait_for(lambda: "format" in tail.talk)
            tail.stop()
        assert tail.end() in STOPPED_BY_SIGNAL
        assert "Traceback" not in tail.talk, tail.talk
        write(log, request())
        rotate(log)
        write(log, request())
        tail.start()
        assert tail.requests() == 9


SLOW_DISK = """
import time
from logship.checkpoint import SqliteStore
from logship.read.generation import Generation

def slow(owner, name, seconds):
    real = getattr(owner, name)

    def call(*arguments, **named):
        time.sleep(seconds)
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
        for number in range(1, 6):
            assert tail.requests() == 2 * number - 1
            write(log, request())
            rotate(log)
            write(log, request())
        assert tail.stop() == 0
        tail.start()
        assert tail.requests() == 11


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
            timeout=60,
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
