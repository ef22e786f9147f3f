"""Measure time and most memory of a replay of much: a long stream on standard input, and many small files.

    python benchmarks/archive_memory.py [--gigabytes 20] [--files 10000] [--outputs table openmetrics]

The stream is generated while it is read, 5,000 requests a second of log time, of so many routes that there are 300
label sets. Memory is the largest resident set of the replay, which the kernel tells when it has ended: see wait4(2).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
REQUESTS_PER_SECOND = 5000
ROUTES = 100
LINES_PER_FILE = 20
STAMP = b"@"


class Cost(NamedTuple):
    """What a replay took: seconds, and bytes of its largest resident set."""

    seconds: float
    memory: int


def lines(count: int) -> bytes:
    """Return so many requests, with a mark for the time up to the second."""
    return b"".join(
        b'{"timestamp":"%s.%03dZ","level":"info","message":"HTTP Request","service":"heroes-api","method":"GET",'
        b'"url":"/api/r%d/%d?page=2","route":"/api/r%d/:id","status":%d,"duration":%d.%03d,"userAgent":"%s"}\n'
        % (
            STAMP,
            number * 1000 // count,
            number % ROUTES,
            number,
            number % ROUTES,
            (200, 200, 200, 404, 500)[number % 5],
            number * 7919 % 900,
            number * 31 % 1000,
            b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        )
        for number in range(count)
    )


def stream(size: int) -> Iterator[bytes]:
    """Yield at least `size` bytes of log, second by second."""
    second, at = lines(REQUESTS_PER_SECOND), BEGIN
    while size > 0:
        some = second.replace(STAMP, at.strftime("%Y-%m-%dT%H:%M:%S").encode())
        yield some
        size -= len(some)
        at += timedelta(seconds=1)


def replay(arguments: list[str], given: Iterator[bytes] = iter(())) -> Cost:  # noqa: B008 - it is empty
    """Replay; fail loudly when it does."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "logship", "replay", *arguments]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with process.stdin:
            for some in given:
                process.stdin.write(some)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"the replay failed with exit code {process.returncode}:\n{said.read().decode()}")
    return Cost(time.perf_counter() - begin, used.ru_maxrss * 1024)


def options(output: str, directory: Path) -> list[str]:
    """Return the options for an output."""
    if output != "openmetrics":
        return ["--output", output]
    return ["--output", output, "--step", "15s", "--to", str(directory / "days"), "--force"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--outputs", nargs="+", default=["table", "openmetrics"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory, size = Path(name), int(arguments.gigabytes * 1e9)
        logs = directory / "logs"
        logs.mkdir()
        some = lines(LINES_PER_FILE)
        for number in range(arguments.files):
            stamp = (BEGIN + timedelta(seconds=15 * number)).strftime("%Y-%m-%dT%H:%M:%S")
            (logs / f"{number:06}.log").write_bytes(some.replace(STAMP, stamp.encode()))
        for output in arguments.outputs:
            if size:
                cost = replay(["-", *options(output, directory)], stream(size))
                print(
                    f"{output:11} {size / 1e9:g} GB on standard input: {cost.seconds:.1f} s, "
                    f"{size / 1e6 / cost.seconds:.0f} MB/s, {cost.memory / 1e6:.0f} MB of memory",
                    flush=True,
                )
            if arguments.files:
                cost = replay([str(logs), *options(output, directory)])
                print(
                    f"{output:11} {arguments.files:,} files: {cost.seconds:.1f} s, {cost.memory / 1e6:.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
