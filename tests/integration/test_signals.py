"""The real `logship tail` process and its signals: SIGHUP reloads and loses nothing, SIGTERM ends it in time."""

from __future__ import annotations

import ctypes
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, came_true, command, get, wait_for
from crash.written import samples_of, total
from words import request, rotate, write

pytestmark = pytest.mark.integration

RELOADED = "configuration reloaded"


class Process:
    """A running `logship tail`, and what it said."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        self._talk = directory / "talk"
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*command(), "tail", "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.DEVNULL, stderr=talk
            )
        wait_for(lambda: "url=" in self.talk)
        self.url = re.findall(r"url=(http://\S+?)/metrics", self.talk)[0]

    @property
    def talk(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._talk.read_text())

    @property
    def threads(self) -> int:
        return len(self.thread_ids)

    @property
    def thread_ids(self) -> set[int]:
        return {int(each.name) for each in Path(f"/proc/{self.process.pid}/task").iterdir()}

    def value(self, name: str) -> float:
        return total(samples_of(get(f"{self.url}/metrics").text), name)

    def reload(self) -> None:
        """Send SIGHUP, wait until it is obeyed or refused."""
        said = self.talk.count("reload")
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.talk.count("reload") > said)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    with ExitStack() as running:

        def start(*arguments: str | Path) -> Process:
            started = Process(tmp_path, *arguments)
            running.callback(started.kill)
            return started

        yield start


Start = Callable[..., Process]


def test_a_stop_that_another_thread_of_its_takes_is_not_slept_through(tmp_path: Path, tail: Start) -> None:
    """The kernel may give a signal to any thread, and Python handles it in the main one, which sleeps."""
    write(tmp_path / "a.log", request())
    config = tmp_path / "logship.yml"
    config.write_text(f"poll_seconds: {10 * DEADLINE}\n")
    running = tail("--config", config, tmp_path / "a.log")
    assert running.value("http_requests_total") == 1
    another = max(running.thread_ids - {running.process.pid})
    assert ctypes.CDLL(None).tgkill(running.process.pid, another, signal.SIGTERM) == 0
    assert running.process.wait(DEADLINE) == 0


def test_a_reload_keeps_what_was_counted_and_obeys_the_rest(tmp_path: Path, tail: Start) -> None:
    log, other, config = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "logship.yml"
    config.write_text(f"sources: [{{paths: [{log}]}}]\n")
    write(log, *[request()] * 3)
    write(other, *[request("/b")] * 2)
    running = tail("--config", config, "--state", tmp_path / "state.db")
    assert running.value("http_requests_total") == 3
    config.write_text(f"sources: [{{paths: [{other}]}}]\nmeasure: {{buckets: [1]}}\nserve: {{listen: ':1'}}\n")
    running.reload()
    assert running.value("http_requests_total") == 5
    assert running.value("http_request_duration_seconds_count") == 2
    config.write_text("measure: {buckets: [2, 1]}\n")
    running.reload()
    assert running.value("logship_config_last_reload_successful") == 0
    assert running.value("http_requests_total") == 5
    assert re.search(r"the old one stays.*logship.yml:1: .*not 2, 1", running.talk)
    assert running.stop() == 0
    assert "Traceback" not in running.talk


def test_without_a_configuration_file_a_hangup_is_answered_not_obeyed(tmp_path: Path, tail: Start) -> None:
    running = tail(tmp_path / "a.log")
    running.reload()
    assert running.talk.count("nothing to reload") == 1
    assert running.value("logship_config_last_reload_successful") == 1
    assert running.stop() == 0


def test_reloads_among_writes_and_rotations_lose_and_repeat_nothing(tmp_path: Path, tail: Start) -> None:
    log, config = tmp_path / "logs" / "a.log", tmp_path / "logship.yml"
    log.parent.mkdir()
    configurations = [
        f"sources: [paths: [{log}]]\npoll_seconds: 0.02\nfollow: {{linger_seconds: {linger}}}\n" for linger in (1, 2)
    ]
    config.write_text(configurations[0])
    running = tail("--config", config)
    is_over = threading.Event()
    written = 0

    def write_on() -> None:
        nonlocal written
        while not is_over.wait(0.001):
            write(log, request())
            written += 1
            if written % 50 == 0:
                rotate(log, keep=1000)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_on)
        shown = 0.0
        for number in range(12):
            config.write_text(configurations[number % 2 - 1])
            running.reload()
            now = running.value("http_requests_total")
            assert now >= shown
            shown = now
        is_over.set()
        writing.result()
    assert came_true(lambda: running.value("http_requests_total") == written), (
        running.value("http_requests_total"),
        written,
    )
    assert running.talk.count(RELOADED) == 12


@pytest.fixture(scope="module")
def gigabyte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write a log that takes far longer to read than a stop may take."""
    log = tmp_path_factory.mktemp("much") / "a.log"
    block = (request() + "\n").encode() * 5000
    with log.open("wb") as file:
        for _ in range((1 << 30) // len(block)):
            file.write(block)
    yield log
    log.unlink()


def test_a_stop_while_there_is_much_to_catch_up_with_is_in_time_commits_and_answers_who_waits(
    gigabyte: Path, tmp_path: Path, tail: Start
) -> None:
    config = tmp_path / "logship.yml"
    config.write_text(f"serve: {{scrape_budget_seconds: {DEADLINE}}}\n")
    running = tail(gigabyte, "--config", config, "--state", tmp_path / "state.db")
    wait_for(lambda: "following" in running.talk)
    threads = running.threads
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.value, "http_requests_total")
        wait_for(lambda: running.threads > threads)  # an answer that waits has a thread of its own
        assert running.stop() == 0
        assert waiting.result(DEADLINE) > 0
    stopped = re.search(r"stopped\s+lines=(\d+)", running.talk)
    assert stopped is not None
    assert 0 < int(stopped[1]) < gigabyte.stat().st_size // (len(request()) + 1), "it was not done"
    shown = subprocess.run(
        [*command(), "state", "show", tmp_path / "state.db"], capture_output=True, text=True, check=True
    ).stdout
    counted, offset = int(shown.split()[0]), int(re.findall(r"(\d+)\s+\S*a\.log", shown)[0])
    assert (counted, offset) == (int(stopped[1]), int(stopped[1]) * (len(request()) + 1))
    assert "Traceback" not in running.talk
