"""Every way to rotate, with every kind of writer, name and tailer: lost 0, doubled 0.

Each scenario rotates several times; all of its lines differ, by their routes. Turns are run by hand in the test's
thread, with the clock in hand; with notification, a turn after a rotation begins when the real directory watch rings.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from integration.turning import Tailer, quick_directory
from words import request

from logship.live.sidecar import TURN_BYTES

pytestmark = pytest.mark.integration

LONG_LINE_BYTES = 9000
"""Some ten of them are more than a tailer reads at once."""


class Log:
    """An application and what rotates its log; each of its lines is another request."""

    def __init__(self, directory: Path, names: str) -> None:
        self.directory = directory
        self.names = names
        self.live = directory / "app.log"
        self.link = directory / "current"
        self.rotations = 0
        self.lines = 0
        self.line_bytes = 0
        """Lines are made this long."""
        self.halfway: Callable[[], None] = lambda: None
        """Called in the middle of a rotation."""
        self._descriptor = -1

    def reopen(self, *, append: bool = True) -> None:
        self.close()
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_APPEND * append
        self._descriptor = os.open(self.live, flags, 0o644)
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def write(self, count: int) -> None:
        """Write lines through the open descriptor, wherever that leads."""
        for _ in range(count):
            os.write(self._descriptor, self.line())

    def line(self) -> bytes:
        self.lines += 1
        line = request(f"/line/{self.lines}").encode()
        return line[:-1] + b',"more":"' + b"x" * (self.line_bytes - len(line)) + b'"}\n'

    def backup(self) -> Path:
        """Return a free name for what was the live file until now; older ones make way."""
        self.rotations += 1
        if self.names == "timestamped":
            return self.directory / f"app.log-20261123{self.rotations:06}"
        for number in range(self.rotations, 0, -1):
            if (older := self.directory / f"app.log.{number}").exists():
                older.rename(self.directory / f"app.log.{number + 1}")
        return self.directory / "app.log.1"

    def next_target(self) -> Path:
        """Return the file that the link is to mean next."""
        self.rotations += 1
        stamp = f"20261123{self.rotations:06}" if self.names == "timestamped" else str(self.rotations)
        return self.directory / f"app-{stamp}.log"

    def point_link(self) -> None:
        """Let the link mean the live file, in one step."""
        new = self.directory / ".current.new"
        new.symlink_to(self.live)
        new.rename(self.link)


def rename_and_create(log: Log) -> None:
    log.live.rename(log.backup())
    log.halfway()
    log.live.touch()


def copy_and_truncate(log: Log) -> None:
    """The application writes nothing between the copy and the truncation: that would be in neither file."""
    shutil.copyfile(log.live, log.backup())
    log.halfway()
    os.truncate(log.live, 0)


def rename_new_over_it(log: Log) -> None:
    """The new file has lines already; the old one keeps a second name."""
    new = log.live.with_name("app.log.new")
    new.write_bytes(log.line() + log.line())
    log.backup().hardlink_to(log.live)
    log.halfway()
    new.rename(log.live)


def delete_and_create(log: Log) -> None:
    log.live.unlink()
    log.halfway()
    log.live.touch()


def swap_the_link(log: Log) -> None:
    log.live = log.next_target()
    log.live.touch()
    log.halfway()
    log.point_link()


ROTATIONS = (rename_and_create, copy_and_truncate, rename_new_over_it, delete_and_create, swap_the_link)


@dataclass(frozen=True)
class Scenario:
    """One cell of the matrix."""

    rotate: Callable[[Log], None]
    writer: str
    watching: str
    names: str
    tailer: str
    paths: str

    def __str__(self) -> str:
        values = (self.rotate.__name__, self.writer, self.watching, self.names, self.tailer, self.paths)
        return "-".join(values)

    @property
    def keeps_nothing(self) -> bool:
        """Whether an old file has no name, so that only who holds it open can read it."""
        return self.rotate is delete_and_create

    @property
    def appends(self) -> bool:
        """Whether the writer appends: one that does not leaves a hole where it is cut off."""
        return self.rotate is not copy_and_truncate or self.writer == "reopens"

    @property
    def rotates_unseen(self) -> bool:
        """Whether a file that was written to and rotated away between two looks can be found."""
        return not self.keeps_nothing and (self.rotate is not swap_the_link or self.paths == "glob")

    def patterns(self, directory: Path) -> list[str]:
        if self.rotate is swap_the_link:
            named = ["current"] if self.paths == "one name" else ["current", "app-*.log"]
        else:
            named = ["app.log"] if self.paths == "one name" else ["app.log*"]
        return [str(directory / name) for name in named]


NO_SENSE: dict[str, Callable[[Scenario], bool]] = {
    "who is down hears no notification": lambda each: each.tailer == "down" and each.watching == "inotify",
    "a deleted file has no name": lambda each: each.keeps_nothing and each.names == "timestamped",
    "what is written to a deleted file while nobody holds it is lost": lambda each: (
        each.keeps_nothing and each.tailer == "down" and each.writer == "keeps its descriptor"
    ),
}
"""Combinations that are left out, by the reason."""

ALL = [
    Scenario(*values)
    for values in itertools.product(
        ROTATIONS,
        ("keeps its descriptor", "reopens"),
        ("inotify", "poll"),
        ("numbered", "timestamped"),
        ("up", "down", "slow"),
        ("one name", "glob"),
    )
]
MATRIX = [each for each in ALL if not any(is_senseless(each) for is_senseless in NO_SENSE.values())]


@dataclass
class Life:
    """An application and a tailer that live through a scenario."""

    scenario: Scenario
    log: Log
    tailer: Tailer

    def begin(self) -> None:
        if self.scenario.rotate is swap_the_link:
            self.log.live = self.log.next_target()
        self.log.reopen(append=self.scenario.appends)
        if self.scenario.rotate is swap_the_link:
            self.log.point_link()
        self.tailer.start()

    def rotate_while_up(self, *, is_odd: bool) -> None:
        """A few lines are not read yet when it happens, or a look falls into the middle of it."""
        self.log.write(5)
        self.tailer.poll()
        self.log.write(3)
        self.log.halfway = self.tailer.sidecar.drain if is_odd else lambda: None
        self._rotate_noticed()
        self.log.halfway = lambda: None
        self.log.write(2)

    def rotate_while_down(self, *, is_odd: bool) -> None:
        """It was stopped, or killed when it had not read everything."""
        self.log.write(5)
        self.tailer.poll()
        if is_odd:
            self.log.write(2)
            self.tailer.stop()
        else:
            self.log.write(0 if self.scenario.keeps_nothing else 3)
            self.tailer.kill()
        self.log.write(0 if self.scenario.keeps_nothing else 1)
        self._rotate()
        self.log.write(2)
        self.tailer.start()

    def rotate_while_slow(self, *, is_odd: bool) -> None:
        """It happens between two turns of one drain, which then goes on, or is left as for an errand."""
        self.log.write(20)
        was_behind: list[int] = []

        def rotate_once() -> bool:
            if not was_behind:
                was_behind.append(self.tailer.behind_bytes)
                self._rotate_noticed()
                self.log.write(2)
            return is_odd

        self.tailer.sidecar.drain(until=rotate_once)
        assert was_behind[0] > 0

    def rotate_twice_unseen(self) -> None:
        """Rotate two times between two looks."""
        if self.scenario.tailer == "down":
            self.tailer.kill()
        for _ in range(2):
            self.log.write(3)
            self.scenario.rotate(self.log)
            self.log.reopen(append=self.scenario.appends)
        self.log.write(1)
        if self.scenario.tailer == "down":
            self.tailer.start()
        self.tailer.poll()

    def go_on(self) -> None:
        """Write on in the old file for a while, if the writer still has it, then in the new one."""
        self.tailer.poll()
        if self.scenario.writer == "keeps its descriptor":
            self.log.write(2)
            self.tailer.poll()
            self.log.write(1)
            self.log.reopen(append=self.scenario.appends)
        self.log.write(2)
        self.tailer.poll()

    def restart(self) -> None:
        """Start again when there is nothing new, and everything that went was let go."""
        self.tailer.poll_until_let_go()
        self.tailer.kill()
        self.tailer.start()
        self.tailer.poll()

    def assert_counted_once(self) -> None:
        self.tailer.assert_counted_once(self.log.lines)

    def _rotate_noticed(self) -> None:
        self.tailer.notice(self._rotate)

    def _rotate(self) -> None:
        self.scenario.rotate(self.log)
        if self.scenario.writer == "reopens":
            self.log.reopen(append=self.scenario.appends)


@pytest.fixture
def life(scenario: Scenario, tmp_path: Path) -> Iterator[Life]:
    logs = tmp_path / "logs"
    logs.mkdir()
    log = Log(logs, scenario.names)
    log.line_bytes = LONG_LINE_BYTES if scenario.tailer == "slow" else 0
    with quick_directory() as quick:
        tailer = Tailer(
            scenario.patterns(logs),
            quick / "state.db",
            is_watching=scenario.watching == "inotify",
            turn_bytes=1 if scenario.tailer == "slow" else TURN_BYTES,
        )
        life = Life(scenario, log, tailer)
        life.begin()
        yield life
        log.close()
        tailer.kill()


@pytest.mark.parametrize("scenario", MATRIX, ids=str)
def test_each_line_is_counted_once(scenario: Scenario, life: Life) -> None:
    rotate = {"up": life.rotate_while_up, "down": life.rotate_while_down, "slow": life.rotate_while_slow}
    for is_odd in (False, True):
        rotate[scenario.tailer](is_odd=is_odd)
        life.go_on()
        life.assert_counted_once()
    if scenario.rotates_unseen:
        life.rotate_twice_unseen()
    life.assert_counted_once()
    life.restart()
    life.assert_counted_once()


def test_what_is_left_out_of_the_matrix_makes_no_sense() -> None:
    left_out = {why: sum(map(is_senseless, ALL)) for why, is_senseless in NO_SENSE.items()}
    assert all(left_out.values())
    assert (len(ALL), len(MATRIX)) == (240, 178)
