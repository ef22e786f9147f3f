"""The real `logship tail --state`, started and killed again and again at one address, and who scrapes it meanwhile."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from crash.written import Samples, samples_of, total
from loopback import free_port

DEADLINE = 60.0
"""Seconds after which something hangs: there to end a test, not to measure anything."""
LINGER_SECONDS = 0.5
SCRAPE_EVERY_SECONDS = 0.02

Found = TypeVar("Found")

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak no TLS: one of httpx's own loads all authorities, which takes 50 ms of CPU each time."""

_COUNTER = re.compile(r"_(total|bucket|count|sum)$")
_OF_THE_PROCESS = re.compile(r"process_|python_|logship_file_events_")
"""Counters that rightly begin anew with each process."""


class Tail:
    """A tailer that may be running, at an address that stays the same."""

    def __init__(self, directory: Path, patterns: Sequence[Path]) -> None:
        config = directory / "logship.yml"
        config.write_text(f"follow: {{linger_seconds: {LINGER_SECONDS}}}\npoll_seconds: 0.05\n")
        self._address = f"127.0.0.1:{free_port()}"
        self._patterns = patterns
        self._options = ("--config", config, "--listen", self._address, "--state", directory / "state.db")
        self.talk_file = directory / "talk"
        self.talk_file.touch()
        self._said = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self._address}"

    @property
    def talk(self) -> str:
        """What the tailers have said, all of them."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.talk_file.read_text())

    def start(self) -> None:
        self._said = self.talk_file.stat().st_size
        with self.talk_file.open("ab") as talk:
            self.process = subprocess.Popen(
                [*command(), "tail", *self._options, *self._patterns],
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )

    def serves(self) -> bool:
        """Return whether the process that runs now said that it serves."""
        assert self.process is not None
        with self.talk_file.open("rb") as talk:
            talk.seek(self._said)
            said = talk.read()
        assert self.process.poll() is None, f"the tailer ended by itself: {said.decode()}"
        return b"serving" in said

    def is_ready(self) -> bool:
        try:
            return get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False

    def scrape(self) -> Samples:
        return samples_of(get(f"{self.url}/metrics").text)

    def kill(self) -> None:
        """Kill the process as nobody can defend itself against."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)
            self.process = None


class Scraper:
    """Scrape like Prometheus does, and note each counter that was ever taken back, or ahead of what was written."""

    def __init__(self, tail: Tail, lines_written: Callable[[], int]) -> None:
        self._tail = tail
        self._lines_written = lines_written
        self._highest: Samples = {}
        self.scrapes = 0
        self.decreased: list[str] = []
        self.ahead: list[str] = []
        self.lines = 0
        """Lines that the last scrape showed."""

    def take(self, client: httpx.Client) -> None:
        """Scrape once, if there is somebody who answers."""
        try:
            answer = client.get(f"{self._tail.url}/metrics")
        except httpx.TransportError:
            return
        if answer.is_success:
            self.see(samples_of(answer.text))

    def see(self, samples: Samples) -> None:
        self.scrapes += 1
        counters = {
            key: value
            for key, value in samples.items()
            if _COUNTER.search(key[0]) and not _OF_THE_PROCESS.match(key[0])
        }
        for key, before in self._highest.items():
            if counters.get(key, -1) < before:
                self.decreased.append(f"{key}: {before} -> {counters.get(key)}")
        self._highest.update(counters)
        lines = int(total(samples, "logship_lines_total"))
        if lines > (written := self._lines_written()):
            self.ahead.append(f"{lines} lines were counted of {written}")
        self.lines = lines

    @contextmanager
    def scraping(self) -> Iterator[None]:
        """Scrape in a thread until the end of the block."""
        over = threading.Event()

        def scrape() -> None:
            with httpx.Client(verify=PLAIN, timeout=DEADLINE) as client:
                while not over.wait(SCRAPE_EVERY_SECONDS):
                    self.take(client)

        thread = threading.Thread(target=scrape, name="scraper")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def command() -> list[str]:
    found = shutil.which("logship", path=str(Path(sys.executable).parent))
    return [found] if found is not None else [sys.executable, "-m", "logship"]


def get(url: str, timeout: float = DEADLINE, **options: Any) -> httpx.Response:
    """Ask a server on this machine."""
    return httpx.get(url, verify=PLAIN, trust_env=False, timeout=timeout, **options)


def came_true(claim: Callable[[], object], seconds: float = DEADLINE, every: float = 0.005) -> bool:
    """Return whether `claim` comes true within a time."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def wait_for(claim: Callable[[], Found | None]) -> Found:
    """Return what `claim` returns as soon as that is true."""
    deadline = time.monotonic() + DEADLINE
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
    return found
