"""A real `logship tail --state` that is started within limits, or with a fault that is built into its process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crash.tailing import DEADLINE, get, wait_for
from crash.written import Samples, samples_of, total

LOGSHIP = (sys.executable, "-m", "logship")
STOPPED_BY_SIGNAL = (0, -signal.SIGTERM)


class Tail:
    """One tailer after the other over one state file."""

    def __init__(self, directory: Path, *paths: str | Path, deadline: float = DEADLINE, options: str = "") -> None:
        self._config = directory / "logship.yml"
        self._config.write_text(
            f"poll_seconds: 0.05\nserve: {{scrape_budget_seconds: {deadline}}}\n"
            f"follow: {{linger_seconds: 0.5}}\n{options}"
        )
        self._talk = directory / "talk"
        self._paths = paths
        self._deadline = deadline
        self.state = directory / "state" / "logship.db"
        self.state.parent.mkdir(exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, before: Sequence[str] = (), program: Sequence[str] = LOGSHIP) -> None:
        """Start the next one, and wait until it serves or has ended."""
        options = ("--config", self._config, "--listen", "127.0.0.1:0", "--state", self.state)
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*before, *program, "tail", *options, *self._paths], stdout=subprocess.DEVNULL, stderr=talk
            )
        process = self.process
        wait_for(lambda: "url=" in self.talk or process.poll() is not None)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def talk(self) -> str:
        """What the last one has said."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self._talk.read_text())

    @property
    def url(self) -> str:
        found = re.search(r"url=(http://\S+?)/metrics", self.talk)
        assert found is not None, self.talk
        return found[1]

    @property
    def most_memory_bytes(self) -> int:
        """The most memory that was resident so far."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) << 10

    def scrape(self) -> Samples:
        return samples_of(get(f"{self.url}/metrics", timeout=2 * self._deadline).text)

    def requests(self) -> int:
        """Scrape; the scrape waits until everything is counted that is there."""
        return int(total(self.scrape(), "http_requests_total"))

    def stop(self) -> int:
        """Ask it to end, return the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.end()

    def end(self) -> int:
        """Wait until it has ended, return the exit code."""
        assert self.process is not None
        return self.process.wait(self._deadline)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)


@contextmanager
def tailing(directory: Path, *paths: str | Path, deadline: float = DEADLINE, options: str = "") -> Iterator[Tail]:
    """Give tailers of `paths`; the last one is killed at the end of the block."""
    tail = Tail(directory, *paths, deadline=deadline, options=options)
    try:
        yield tail
    finally:
        tail.kill()


def with_fault(fault: str) -> tuple[str, ...]:
    """Return the program that is logship with a fault, given as Python that is run before it."""
    return (sys.executable, "-c", f"{fault}\nfrom logship.cli.main import main\nimport sys\nsys.exit(main())")


def written(lines: int, line: Callable[[int], str]) -> bytes:
    """Return lines by their number."""
    return "".join(f"{line(number)}\n" for number in range(lines)).encode()
