"""What a tailer cannot have read, as it was gone before, is told as lost: to the line (P7)."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash.tailing import get, wait_for

pytestmark = pytest.mark.integration

PROCESSES = 4
FEW, MANY = 200, 15_000

WRITER = f"""
import sys
import app_logging

app_logging.configure(service="heroes-api", log_dir=sys.argv[1], console=False, max_bytes=1 << 16, backups=5)
log = app_logging.get_logger()
for count in ({FEW}, {MANY}, {FEW}):
    for number in range(count):
        log.info("something happened", number=number)
    print("written", flush=True)
    sys.stdin.readline()
"""


class Writer:
    """An application that writes when it is told to."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )

    def has_written(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "written\n"

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    config = tmp_path / "logship.yml"
    config.write_text("follow: {linger_seconds: 0.5}\npoll_seconds: 0.05\n")
    options = ["--config", str(config), "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state.db")]
    command = [sys.executable, "-m", "logship", "tail", *options, str(tmp_path / "logs" / "combined.log")]
    with (tmp_path / "talk").open("w") as talk, subprocess.Popen(command, stderr=talk, text=True) as process:
        wait_for(lambda: "serving" in (tmp_path / "talk").read_text() and scrape(tmp_path))
        yield process
        process.send_signal(signal.SIGCONT)
        process.terminate()


def scrape(directory: Path) -> str:
    found = re.search(r"url=(http://\S+?/metrics)", re.sub(r"\x1b\[[0-9;]*m", "", (directory / "talk").read_text()))
    assert found is not None
    return get(found[1]).text


def total(directory: Path, metric: str) -> int:
    """Scrape; return the sum of a metric over its labels."""
    values = re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", scrape(directory), re.MULTILINE)
    return sum(int(float(value)) for value in values)


def counted(directory: Path) -> int:
    return total(directory, "log_messages_total")


def lost(directory: Path) -> int:
    return total(directory, "logship_lost_lines_total")


def test_what_was_rotated_away_unread_is_lost_to_the_line(tmp_path: Path, tail: subprocess.Popen[str]) -> None:
    with ExitStack() as stack:
        writers = [Writer(tmp_path / "logs", stack) for _ in range(PROCESSES)]
        for writer in writers:
            writer.has_written()
        wait_for(lambda: counted(tmp_path) == PROCESSES * FEW)
        tail.send_signal(signal.SIGSTOP)
        for _ in range(2):
            time.sleep(0.3)  # a writer notices within 100 ms that its file was rotated; until then it may be deleted
            for writer in writers:
                writer.go_on()
            for writer in writers:
                writer.has_written()
        tail.send_signal(signal.SIGCONT)
        for writer in writers:
            writer.go_on()
    written = PROCESSES * (FEW + MANY + FEW)
    wait_for(lambda: counted(tmp_path) + lost(tmp_path) == written)
    assert lost(tmp_path) > MANY
    standing = sum(len(path.read_bytes().splitlines()) for path in (tmp_path / "logs").glob("combined.log*"))
    assert counted(tmp_path) >= standing
