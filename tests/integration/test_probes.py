"""The probes of the real `logship tail`, asked by `logship healthcheck`: stopped, stalled, without files or state."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, wait_for
from words import request, write

pytestmark = pytest.mark.integration

LOGSHIP = [sys.executable, "-m", "logship"]

STALLING = """
import sys, threading
from logship.live import build
from logship.cli import tail

def stalling(*arguments):
    tailer = build(*arguments)
    again = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), tailer.sidecar.between_turns(again.wait),
                                     sys.stdin.readline(), again.set()), daemon=True).start()
    return tailer

import logship.live
logship.live.build = stalling
from logship.cli.main import main
sys.exit(main())
"""
"""A tailer whose loop stands still from the first line on its standard input to the second."""


class Tail:
    """A running `logship tail` that may stall for a second."""

    def __init__(self, directory: Path, *arguments: str | Path, program: list[str] = LOGSHIP, serve: str = "") -> None:
        config = directory / "logship.yml"
        config.write_text(f"poll_seconds: 0.1\nserve: {{stalled_seconds: 1{serve}}}\n")
        self._talk = directory / "talk"
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*program, "tail", "--config", config, "--listen", "127.0.0.1:0", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
        found = wait_for(lambda: re.search(r"url=(http://\S+?)/metrics", self._talk.read_text()))
        assert isinstance(found, re.Match)
        self.url = found[1]

    def says(self, path: str = "/healthz") -> tuple[int, str]:
        """Ask as Docker does; return the exit code and what was said, without the address."""
        ran = subprocess.run(
            [*LOGSHIP, "healthcheck", "--timeout", "1", f"{self.url}{path}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
        return ran.returncode, (ran.stdout + ran.stderr).replace(self.url, "")

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE)


WELL = (0, "/healthz: 200\n")
READY = (0, "/readyz: 200\n")


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Callable[..., Tail]]:
    with ExitStack() as running:

        def start(*arguments: str | Path, **options: object) -> Tail:
            started = Tail(tmp_path, *arguments, **options)  # type: ignore[arg-type]
            running.callback(started.end)
            return started

        yield start


Start = Callable[..., Tail]


def test_a_process_that_is_stopped_is_not_healthy_until_it_goes_on(tmp_path: Path, tail: Start) -> None:
    tailing = tail(tmp_path / "*.log")
    assert tailing.says() == WELL
    tailing.process.send_signal(signal.SIGSTOP)
    assert tailing.says() == (1, "logship: /healthz does not answer with success: timed out\n")
    tailing.process.send_signal(signal.SIGCONT)
    wait_for(lambda: tailing.says() == WELL)


def test_a_loop_that_stands_still_is_not_healthy_while_the_server_answers(tmp_path: Path, tail: Start) -> None:
    tailing = tail(tmp_path / "*.log", program=[sys.executable, "-c", STALLING])
    assert tailing.says() == WELL
    tailing.say("stall")
    wait_for(lambda: tailing.says()[0] == 1)
    assert re.fullmatch(
        r"logship: /healthz does not answer with success: 503, the loop has not turned for \d+ s\n", tailing.says()[1]
    )
    tailing.say("go on")
    wait_for(lambda: tailing.says() == WELL)


def test_without_files_it_is_ready_unless_files_are_required(tmp_path: Path, tail: Start) -> None:
    tailing = tail(tmp_path / "*.log")
    wait_for(lambda: tailing.says("/readyz") == READY)
    tailing.end()
    tailing = tail(tmp_path / "*.log", serve=", require_files: true")
    wait_for(lambda: f"503, {tmp_path}/*.log: no such file\n" in tailing.says("/readyz")[1])
    assert tailing.says() == WELL, "a restart would not help"
    write(tmp_path / "a.log", request())
    wait_for(lambda: tailing.says("/readyz") == READY)


def test_a_state_directory_that_is_removed_is_told_until_it_is_there_again(tmp_path: Path, tail: Start) -> None:
    state = tmp_path / "state"
    state.mkdir()
    write(tmp_path / "a.log", request())
    tailing = tail(tmp_path / "*.log", "--state", state / "logship.db")
    wait_for(lambda: tailing.says("/readyz") == READY)
    shutil.rmtree(state)
    code, told = tailing.says("/readyz")
    assert (code, f"503, state directory {state}: No such file or directory" in told) == (1, True)
    write(tmp_path / "a.log", request())
    wait_for(lambda: "the state cannot be saved: " in tailing.says("/readyz")[1])
    assert tailing.says() == WELL, "a restart would lose what is counted"
    state.mkdir()
    wait_for(lambda: tailing.says("/readyz") == READY)
