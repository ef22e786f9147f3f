"""What watches and reads files fails, is full, or is hostile: the tailer falls back, says so once, and goes on."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, command, get, wait_for
from crash.written import samples_of, total
from integration.failing import Fault
from integration.turning import Tailer, quick_directory
from words import powerless, request, rotate, write

pytestmark = pytest.mark.integration

MAX_QUEUED_EVENTS = Path("/proc/sys/fs/inotify/max_queued_events")
NO_NOTIFICATION = "no file notification, polling alone"


class Process:
    """A running `logship tail --state`; `before` is what starts it within limits of its own."""

    def __init__(self, directory: Path, *patterns: str | Path, poll_seconds: float, before: Sequence[str] = ()) -> None:
        config = directory / "logship.yml"
        config.write_text(f"poll_seconds: {poll_seconds}\nserve: {{scrape_budget_seconds: {DEADLINE}}}\n")
        self._talk = directory / "talk"
        options = ("--config", config, "--listen", "127.0.0.1:0", "--state", directory / "state.db")
        with self._talk.open("wb") as talk:
            self._process = subprocess.Popen(
                [*before, *command(), "tail", *options, *patterns], stdout=subprocess.DEVNULL, stderr=talk
            )
        wait_for(lambda: "url=" in self.talk or self._process.poll() is not None)
        assert self._process.poll() is None, self.talk
        self._url = re.findall(r"url=(http://\S+?)/metrics", self.talk)[0]

    @property
    def talk(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._talk.read_text())

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))  # noqa: PTH208 - names only

    def wait_for(self, event: str, times: int) -> None:
        """Wait until it has told of something so many times."""
        wait_for(lambda: self.talk.count(event) == times)

    def requests(self) -> int:
        """Scrape; the scrape waits until everything is counted that is there."""
        answer = get(f"{self._url}/metrics", timeout=2 * DEADLINE)
        return int(total(samples_of(answer.text), "http_requests_total"))

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(DEADLINE)


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def start(*patterns: str | Path, poll_seconds: float = 60, before: Sequence[str] = ()) -> Process:
            process = Process(tmp_path, *patterns, poll_seconds=poll_seconds, before=before)
            running.callback(process.kill)
            return process

        yield start


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


class Application:
    """Writes `app.log` in a directory; each line is another one."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "app.log"
        self.lines = 0

    def write(self, count: int) -> None:
        first, self.lines = self.lines + 1, self.lines + count
        write(self.log, *(request(f"/line/{number}") for number in range(first, self.lines + 1)))


def in_namespace(setting: str) -> list[str]:
    """Return what starts a command in a user namespace of its own, where a limit is 0 and no one else feels it."""
    alone = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 > /proc/sys/user/{setting} && exec "$@"', "_"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not to be had here")
    return alone


@pytest.mark.parametrize("setting", ["max_inotify_watches", "max_inotify_instances"])
def test_without_inotify_it_polls_and_says_so_once(logs: Path, start: Start, setting: str) -> None:
    application = Application(logs)
    process = start(logs / "*.log", logs / "late" / "*.log", poll_seconds=0.05, before=in_namespace(setting))
    application.write(1)
    process.wait_for("following", 1)
    (logs / "late").mkdir()
    write(logs / "late" / "app.log", request())
    process.wait_for("following", 2)
    for _ in range(3):
        application.write(2)
        rotate(application.log)
        application.write(2)
    assert process.requests() == application.lines + 1
    assert process.talk.count(NO_NOTIFICATION) == 1
    assert process.stop() == 0


def test_an_overflow_of_the_event_queue_loses_nothing_and_the_watch_goes_on(logs: Path, start: Start) -> None:
    """The tailer is stopped as by a debugger, while more files come and go than the kernel keeps events for."""
    application = Application(logs)
    application.write(1)
    process = start(logs / "*.log")
    assert process.requests() == 1
    process.send(signal.SIGSTOP)
    for number in range(int(MAX_QUEUED_EVENTS.read_text()) // 2 + 100):
        (logs / f"{number}.tmp").touch()
        (logs / f"{number}.tmp").unlink()
    application.write(2)
    rotate(application.log)
    application.write(2)
    process.send(signal.SIGCONT)
    assert process.requests() == 5
    write(logs / "another.log", request())
    process.wait_for("another.log", 1)
    assert process.requests() == 6


def test_a_directory_that_is_missing_goes_and_comes_again(logs: Path, start: Start) -> None:
    log = logs / "late" / "app.log"
    process = start(log, poll_seconds=0.05)
    for number in range(1, 4):
        log.parent.mkdir()
        write(log, *[request()] * number)
        process.wait_for("following", number)
        assert process.requests() == number * (number + 1) // 2
        shutil.rmtree(log.parent)
        process.wait_for("how=removed", number)
    assert process.stop() == 0


@pytest.mark.parametrize(
    "place",
    ["file", "directory", "directory above"],
)
@pytest.mark.parametrize("is_restarted", [False, True], ids=["while it runs", "at a restart"])
def test_a_permission_that_is_lost_and_comes_back_loses_nothing(place: str, *, is_restarted: bool) -> None:
    with powerless() as directory, ExitStack() as at_end:
        logs = directory / "above" / "logs"
        logs.mkdir(parents=True)
        application = Application(logs)
        tailer = Tailer([str(application.log)], directory / "state.db", is_watching=True)
        at_end.callback(tailer.kill)
        tailer.start()
        application.write(3)
        tailer.poll()
        application.write(1)
        closed = {"file": application.log, "directory": logs, "directory above": logs.parent}[place]
        mode = closed.stat().st_mode
        at_end.callback(closed.chmod, mode)
        closed.chmod(0)
        if is_restarted:
            tailer.kill()
            tailer.start()
        for _ in range(3):
            tailer.poll()
        told = [event for event, _ in tailer.said].count("cannot follow")
        closed.chmod(mode)
        application.write(2)
        for _ in range(3):
            tailer.poll()
        tailer.assert_counted_once(application.lines)
    assert told == (1 if is_restarted and place == "file" else 0)


def live_with(fault: Fault, directory: Path, pattern: str) -> None:
    """Live through rotations, a copytruncate and a restart, with a fault in it, and count each line once."""
    directory.mkdir()
    application = Application(directory)
    with quick_directory() as quick, ExitStack() as at_end:
        tailer = Tailer([str(directory / pattern)], quick / "state.db")
        at_end.callback(tailer.kill)
        tailer.start()

        def poll_twice() -> None:
            with fault.armed():
                tailer.poll()
                tailer.poll()

        application.write(3)
        poll_twice()
        application.write(2)
        rotate(application.log)
        application.write(2)
        poll_twice()
        application.write(1)
        poll_twice()
        shutil.copyfile(application.log, directory / "app.log.copy")
        os.truncate(application.log, 0)
        application.write(2)
        poll_twice()
        tailer.kill()
        application.write(2)
        rotate(application.log)
        application.write(1)
        tailer.start()
        poll_twice()
        tailer.poll()
        tailer.poll_until_let_go()
        tailer.assert_counted_once(application.lines)
        assert [event for event, _ in tailer.said].count("cannot follow") <= 1


CALLS = {
    "pread": errno.EIO,
    "fstat": errno.ESTALE,
    "stat": errno.ESTALE,
    "open": errno.EMFILE,
    "listdir": errno.EACCES,
}


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_once_loses_and_repeats_nothing(
    name: str, pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of the scenario fails in a scenario of its own."""
    fault = Fault(tmp_path, CALLS[name])
    fault.install(name, monkeypatch)
    live_with(fault, tmp_path / "without", pattern)
    assert fault.calls > 5
    for at in range(fault.calls):
        fault.at, fault.calls = at, 0
        live_with(fault, tmp_path / str(at), pattern)
        assert fault.calls > at


def test_what_is_rotated_between_the_look_and_its_opening_is_read_by_that_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a restart in the middle of a rotation: the name that was seen is another file by the time it is opened."""
    (tmp_path / "logs").mkdir()
    application = Application(tmp_path / "logs")
    real_open, is_armed = os.open, False

    def opening(path: str, *how: int) -> int:
        nonlocal is_armed
        if is_armed and path == str(application.log):
            is_armed = False
            rotate(application.log)
            application.write(1)
        return real_open(path, *how)

    monkeypatch.setattr(os, "open", opening)
    with ExitStack() as at_end:
        tailer = Tailer([str(application.log)], tmp_path / "state.db")
        at_end.callback(tailer.kill)
        tailer.start()
        application.write(2)
        tailer.poll()
        tailer.kill()
        rotate(application.log)
        application.write(2)
        tailer.start()
        is_armed = True
        tailer.poll()
        assert not is_armed
        tailer.assert_counted_once(application.lines)


def test_a_thousand_files_are_followed_with_three_hundred_descriptors(logs: Path, start: Start) -> None:
    chance = random.Random(3)  # noqa: S311
    limited = ("prlimit", "--nofile=300:300")
    paths = [logs / f"{number}.log" for number in range(1000)]
    for path in paths:
        write(path, request())
    written = len(paths)
    process = start(logs / "*.log", before=limited)
    for _ in range(3):
        assert process.requests() == written
        assert process.descriptors <= 300
        for path in chance.sample(paths, 200):
            write(path, request())
            written += 1
    assert process.requests() == written
    process.kill()
    for path in chance.sample(paths, 200):
        write(path, request())
        written += 1
    process = start(logs / "*.log", before=limited)
    assert process.requests() == written
    assert process.descriptors <= 300
    assert "Too many open files" not in process.talk


def test_what_is_no_regular_file_is_left_alone(logs: Path, start: Start) -> None:
    os.mkfifo(logs / "fifo.log")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(logs / "socket.log"))  # its absolute path may be too long
    (logs / "directory.log").mkdir()
    for name, target in {"dangling": "nowhere", "loop": "loop.log", "zero": "/dev/zero", "up": ".."}.items():
        (logs / f"{name}.log").symlink_to(target)
    write(logs / "app.log", request())
    process = start(logs / "*.log", logs)
    assert process.requests() == 1
    (logs / "app.log").unlink()
    (logs / "app.log").mkdir()
    assert process.requests() == 1
    (logs / "app.log").rmdir()
    write(logs / "app.log", request())
    assert process.requests() == 2
    assert process.stop() == 0


def test_names_of_any_bytes_go_on_after_a_restart(logs: Path, start: Start) -> None:
    names = [b"new\nline.log", b"not utf-8 \xff\xfe.log", b"[brackets]*.log", b"-dash.log"]
    for lives in range(1, 3):
        for name in names:
            write(logs / os.fsdecode(name), request())
        process = start(logs / "*.log")
        assert process.requests() == lives * len(names)
        assert process.stop() == 0


def test_a_huge_hole_does_not_keep_it_from_a_stop(logs: Path, start: Start) -> None:
    write(logs / "app.log", request())
    os.truncate(logs / "app.log", 1 << 40)
    process = start(logs / "*.log")
    assert process.stop() == 0
