"""Measure what a series costs: memory of a tailer, bytes of its state file and of a scrape, processor time of a scrape.

    python benchmarks/sizing.py [--series 100 1000 10000]

A real `logship tail --state` reads a log of so many routes, each as long as `/api/students/12345/lessons`.
Memory is the resident set, VmRSS of /proc/PID/status: see proc_pid_status(5).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from idle import processor_seconds

SCRAPES = 10
REQUESTS_PER_SERIES = 20
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 120.0


class Size(NamedTuple):
    """What a tailer takes with so many series, in bytes, and the processor seconds of a scrape."""

    series: int
    memory: int
    state: int
    exposition: int
    scrape_seconds: float


def write_log(path: Path, series: int) -> None:
    """Write requests of so many routes."""
    with path.open("w", encoding="utf-8") as log:
        for number in range(series * REQUESTS_PER_SERIES):
            route = f"/api/students/{10_000 + number % series}/lessons"
            log.write(
                f'{{"timestamp":"2026-11-23T06:41:58.765Z","level":"info","message":"HTTP Request","method":"GET",'
                f'"url":"{route}","route":"{route}","status":200,"duration":{number % 3000}}}\n'
            )


def resident_bytes(pid: int) -> int:
    """Return the resident set of a process."""
    (kibibytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kibibytes) * 1024


def scrape(url: str) -> bytes:
    """Return what a tailer says."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:  # noqa: S310 - it is on loopback
        said: bytes = answer.read()
    return said


def address_of(tailer: subprocess.Popen[str]) -> str:
    """Return the address that a tailer says it serves at."""
    assert tailer.stderr is not None  # noqa: S101 - it is a pipe
    for line in tailer.stderr:
        if found := re.search(r"url=(http://[\w.:]+)", line):
            return found[1]
    raise SystemExit("the tailer ended by itself")


def measure(directory: Path, series: int) -> Size:
    """Run a tailer over a log with so many series."""
    directory.mkdir()
    write_log(directory / "combined.log", series)
    state, configuration = directory / "logship.db", directory / "logship.yml"
    configuration.write_text(f"limits: {{max_series: {series}, max_routes: {series}}}\n")
    options = ("--listen", "127.0.0.1:0", "--state", str(state), "--config", str(configuration))
    command = [sys.executable, "-m", "logship", "tail", *options, str(directory / "combined.log")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tailer:
        url = address_of(tailer)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (said := scrape(url)).count(
            b"http_requests_total{"
        ) < series or b"\nlogship_behind_bytes 0.0\n" not in said:
            if time.monotonic() > deadline:
                sys.exit(f"{said.count(b'http_requests_total{')} series instead of {series}")
            time.sleep(PAUSE_SECONDS)
        before = processor_seconds(tailer.pid)
        for _ in range(SCRAPES):
            scrape(url)
        used = (processor_seconds(tailer.pid) - before) / SCRAPES
        memory = resident_bytes(tailer.pid)
        tailer.terminate()
    return Size(series, memory, state.stat().st_size, len(said), used)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, nargs="+", default=[1, 1_000, 10_000])
    with tempfile.TemporaryDirectory() as directory:
        for series in parser.parse_args().series:
            size = measure(Path(directory) / str(series), series)
            print(
                f"{size.series:6,} series: {size.memory / 1e6:6.1f} MB of memory, {size.state / 1e6:.2f} MB of state,"
            )
            print(f"    {size.exposition / 1e6:5.2f} MB a scrape, {size.scrape_seconds * 1000:.0f} ms of a core")


if __name__ == "__main__":
    main()
