"""Measure a replay against what bounds it and what it replaces: whole processes, interleaved, medians.

    python benchmarks/replay.py [--lines 500000] [--rounds 5]

`decode` only decodes the same fields with msgspec and counts nothing: the limit in Python.
`per line` decodes with json and calls prometheus-client's labels().observe() for each request: what one writes first.
`mawk` and `mtail` run where they are installed. Every contestant must count the same requests before times are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests_log

DECODE = """
import sys, msgspec
class Record(msgspec.Struct, gc=False):
    message: str | None = None
    level: str | None = None
    method: str | None = None
    url: str | None = None
    route: str | None = None
    status: int | None = None
    duration: float | None = None
decode = msgspec.json.Decoder(Record).decode_lines
count, rest = 0, b""
with open(sys.argv[1], "rb", buffering=0) as log:
    while block := log.read(1 << 16):
        head, newline, tail = block.rpartition(b"\\n")
        if newline:
            count += sum(record.message == "HTTP Request" for record in decode(rest + head))
            rest = tail
        else:
            rest += tail
print(count)
"""

PER_LINE = """
import json, re, sys
from prometheus_client import CollectorRegistry, Counter, Histogram
registry = CollectorRegistry()
labels = ["method", "route", "status"]
seconds = Histogram("seconds", "-", labels, registry=registry, buckets=[0.1, 0.5, 1, 2, 5])
total = Counter("requests", "-", labels, registry=registry)
identifier = re.compile(r"/(?:\\d+|[0-9a-f]{24}|[0-9a-f-]{36})(?=/|$)")
count = 0
with open(sys.argv[1], "rb") as log:
    for line in log:
        record = json.loads(line)
        if record.get("message") == "HTTP Request":
            route = record.get("route") or identifier.sub("/:id", record["url"].partition("?")[0])
            values = record["method"], route, str(record["status"])
            seconds.labels(*values).observe(record["duration"] / 1000)
            total.labels(*values).inc()
            count += 1
print(count)
"""


def contestants(log: Path) -> dict[str, list[str]]:
    """Return the commands; each prints the number of requests or a table that holds it."""
    python = sys.executable
    commands = {
        "logship": [python, "-m", "logship", "replay", "--format", "app", "--output", "json", str(log)],
        "decode": [python, "-c", DECODE, str(log)],
        "per line": [python, "-c", PER_LINE, str(log)],
    }
    if shutil.which("mawk"):
        script = 'index($0, "\\"message\\":\\"HTTP Request\\"") { n++; k[$8 $12 $14]++ } END { print n }'
        commands["mawk (no json)"] = ["mawk", "-F", "[:,]", script, str(log)]
    return commands


def measure(command: list[str]) -> tuple[float, float, int]:
    """Run a command; return wall seconds, peak memory in MB, and the requests that it counted."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command[:3]} failed")
        output.seek(0)
        value = json.loads(output.read())
    return seconds, usage.ru_maxrss / 1024, value if isinstance(value, int) else value["lines"]["request"]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "requests.log"
        requests_log.write(log, arguments.lines)
        commands = contestants(log)
        runs: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                runs[name].append(measure(command))
        report(runs, arguments.lines, log.stat().st_size)


def report(runs: dict[str, list[tuple[float, float, int]]], lines: int, size: int) -> None:
    """Print medians, and the ratio of walls run by run; stop when the counts differ."""
    counts = {name: {count for _, _, count in results} for name, results in runs.items()}
    if len(set.union(*counts.values())) != 1:
        sys.exit(f"the contestants disagree: {counts}")
    print(f"{lines:,} lines, {size / 1e6:.0f} MB, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"{'':16}{'wall s':>8}{'lines/s':>12}{'MB/s':>7}{'peak MB':>9}{'x logship':>11}")
    for name, results in runs.items():
        wall = statistics.median(seconds for seconds, _, _ in results)
        memory = statistics.median(peak for _, peak, _ in results)
        ratio = statistics.median(mine[0] / ours[0] for mine, ours in zip(results, runs["logship"], strict=True))
        print(f"{name:16}{wall:8.2f}{lines / wall:12,.0f}{size / wall / 1e6:7.0f}{memory:9.0f}{ratio:11.2f}")


if __name__ == "__main__":
    main()
