"""Ctrl-C ends a replay between two blocks; what was counted until then is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from logship.config import Config
from logship.replay import Interrupt, interruptible, plan, replay
from logship.replay.interrupt import Stopped

LINE = b'{"message":"HTTP Request","method":"GET","url":"/a","status":200,"duration":5,"boot_id":"b"}\n'


def test_a_signal_is_heeded_when_the_next_block_is_asked_for() -> None:
    interrupt = Interrupt()
    blocks = iter([b"one", b"two"])
    assert interrupt.next_of(blocks) == b"one"
    interrupt.ask()
    with pytest.raises(Stopped):
        interrupt.next_of(blocks)
    assert next(blocks) == b"two"


def test_a_signal_is_heeded_at_once_while_a_block_is_waited_for() -> None:
    interrupt = Interrupt()

    def blocks() -> Iterator[bytes]:
        interrupt.ask()
        yield b"never"

    with pytest.raises(Stopped):
        interrupt.next_of(blocks())


def test_a_second_signal_ends_everything() -> None:
    interrupt = Interrupt()
    interrupt.ask()
    with pytest.raises(KeyboardInterrupt):
        interrupt.ask()


def test_the_handler_from_before_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped):
            interrupt.next_of(iter([b""]))
    assert signal.getsignal(signal.SIGINT) is before


def test_whole_blocks_are_counted_and_later_inputs_are_not_begun(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(LINE * 5000)
    interrupt = Interrupt()
    begun: list[str] = []
    read: list[int] = []

    def advance(more: int) -> None:
        read.append(more)
        if len(read) == 3:
            interrupt.ask()

    planned = plan([str(tmp_path / "a.log"), str(tmp_path / "b.log")])
    result = replay(planned, Config(), advance, begin=begun.append, interrupt=interrupt)
    assert result.is_interrupted
    assert begun == [str(tmp_path / "a.log")]
    assert result.tally.requests == sum(read) // len(LINE)
    assert result.tally.read_bytes == result.tally.requests * len(LINE)
    assert result.damage == ()


def test_a_pipe_that_says_nothing_more_can_be_interrupted() -> None:
    """The lines so far are counted and shown although the writer keeps the pipe open."""
    command = [sys.executable, "-m", "logship", "replay", "-", "--output", "csv", "--progress", "json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        block = LINE * 1000
        for _ in range(3):  # more than a pipe holds: the last write returns when the child is reading
            child.stdin.write(block)
            child.stdin.flush()
        child.send_signal(signal.SIGINT)
        out, err = child.stdout.read(), child.stderr.read()
        assert child.wait() == 130
    headings, row = out.decode().splitlines()
    requests = int(dict(zip(headings.split(","), row.split(","), strict=True))["requests"])
    assert 0 < requests <= 3000
    assert err.splitlines()[-1] == b"logship: interrupted: these are the numbers of what was read until then"
