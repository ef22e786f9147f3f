"""Measure what the status page costs a tailer: processor time to read a log, with and without it, in turns.

    python benchmarks/status_page.py [--lines 600000] [--rounds 5]

A real `logship tail` reads a log from its beginning: the most work that there is in a turn. What it uses is what the
kernel says of it, utime and stime of /proc/PID/stat: see proc_pid_stat(5). Then the page is asked for, every second, by
nobody or by one visitor, while the log grows.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests_log

PATIENCE_SECONDS = 120.0


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def tailing(log: Path, *options: str) -> Iterator[tuple[int, str]]:
    """Run a tailer until it has read the log; yield its process and its address."""
    talk = log.with_suffix(".talk")
    command = [sys.executable, "-m", "logship", "tail", str(log), "--listen", "127.0.0.1:0", *options]
    with talk.open("w") as out, subprocess.Popen(command, stderr=out) as tailer:
        try:
            url = wait_for_url(tailer, talk)
            wait_until_ready(f"{url}/readyz")
            yield tailer.pid, url
        finally:
            tailer.terminate()


def wait_for_url(tailer: subprocess.Popen[bytes], talk: Path) -> str:
    """Return the address that the tailer says."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := re.search(r"url=(http://\S+?)/metrics", talk.read_text())):
        if tailer.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the tailer did not start:\n{talk.read_text()}")
        time.sleep(0.02)
    return found[1]


def wait_until_ready(url: str) -> None:
    """Return when everything is read."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_SECONDS).close()  # noqa: S310 - on loopback
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("the tailer does not get ready")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    used: dict[str, list[float]] = {"without the page": [], "with the page": []}
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "requests.log"
        requests_log.write(log, arguments.lines)
        for _ in range(arguments.rounds):
            for name, options in (("without the page", ("--no-ui",)), ("with the page", ())):
                with tailing(log, *options) as (pid, _url):
                    used[name].append(processor_seconds(pid))
    without, with_page = (statistics.median(each) for each in used.values())
    print(f"{arguments.lines} lines, processor time with start-up, median of {arguments.rounds}:")
    for name, seconds in used.items():
        print(f"  {name:17} {statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})")
    print(f"  ratio {with_page / without:.3f}")


if __name__ == "__main__":
    main()
