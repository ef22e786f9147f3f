"""Measure a tailer while a log grows: processor time, how long a line takes to be seen, and what a scrape takes.

    python benchmarks/live.py [--rates 0 1000 10000 50000] [--seconds 10]

A real `logship tail --state` over one file. Lines are appended each hundredth of a second. Each half a second one is
appended and then scraped for: the time from before the write to the end of the answer that counts it is what is told,
one scrape long when the first answer has it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, NamedTuple

import machine
import requests_log
from idle import processor_seconds
from sizing import address_of, scrape

STEP_SECONDS = 0.01
LOOK_SECONDS = 0.5
BLOCK_LINES = 20_000


class Load(NamedTuple):
    """The share of one core that a tailer used, and milliseconds from writing a line to an answer that counts it."""

    share: float
    visible: list[float]
    answers: int


def lines_read(said: bytes) -> int:
    """Return how many requests an answer counts."""
    return sum(int(float(each)) for each in re.findall(rb"^http_requests_total\{[^}]*\} (\S+)$", said, re.MULTILINE))


def visible_after(url: str, log: IO[bytes], line: bytes, expected: int) -> tuple[float, int]:
    """Append a request and scrape until it is counted; return the milliseconds and the number of scrapes."""
    began, answers = time.perf_counter(), 0
    log.write(line)
    while True:
        answers += 1
        if lines_read(scrape(url)) >= expected:
            return (time.perf_counter() - began) * 1000, answers


def load(tailer: int, url: str, log: IO[bytes], requests: list[bytes], *, rate: int, seconds: float) -> Load:
    """Append so many requests a second for some seconds."""
    written, looks, visible, answers = lines_read(scrape(url)), 0.0, list[float](), 0
    began, used, appended = time.perf_counter(), processor_seconds(tailer), 0
    while (passed := time.perf_counter() - began) < seconds:
        due = int(passed * rate) - appended
        if due > 0:
            log.write(b"".join(requests[(appended + number) % len(requests)] for number in range(due)))
            appended += due
        if passed >= looks:
            looks += LOOK_SECONDS
            written += 1
            took, scrapes = visible_after(url, log, requests[0], written + appended)
            visible.append(took)
            answers += scrapes
        time.sleep(STEP_SECONDS)
    return Load((processor_seconds(tailer) - used) / (time.perf_counter() - began), visible, answers)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[0, 1_000, 10_000, 50_000])
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    print(machine.description())
    print("\n| lines/s | of a core | scrapes for a line | until it is seen, p50 | most |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "combined.log"
        requests_log.write(path, BLOCK_LINES)
        requests = [line for line in path.read_bytes().splitlines(keepends=True) if b'"HTTP Request"' in line]
        options = ("--listen", "127.0.0.1:0", "--state", f"{directory}/state.db")
        command = [sys.executable, "-m", "logship", "tail", *options, str(path)]
        with (
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tailer,
            path.open("ab", buffering=0) as log,
        ):
            url = address_of(tailer)
            visible_after(url, log, requests[0], len(requests) + 1)
            for rate in arguments.rates:
                found = load(tailer.pid, url, log, requests, rate=rate, seconds=arguments.seconds)
                print(
                    f"| {rate:,} | {found.share:.1%} | {found.answers / len(found.visible):.2f} "
                    f"| {statistics.median(found.visible):.1f} ms | {max(found.visible):.1f} ms |",
                    flush=True,
                )
            tailer.terminate()


if __name__ == "__main__":
    main()
