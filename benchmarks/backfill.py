"""Measure what it costs to write the files of days, beside replay alone and beside promtool, which reads the files.

    python benchmarks/backfill.py [HOURS]

The three take turns; medians of five rounds.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 5
REQUESTS_PER_SECOND = 5
ROUTES = 30
BEGIN = datetime(2026, 11, 23, tzinfo=UTC).timestamp()


def write_log(path: Path, hours: float) -> int:
    chance = random.Random(1)  # noqa: S311
    at, lines = BEGIN, 0
    with path.open("w", encoding="utf-8") as file:
        while at < BEGIN + hours * 3600:
            at += chance.expovariate(REQUESTS_PER_SECOND)
            stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            file.write(
                f'{{"timestamp":"{stamp}","level":"info","message":"HTTP Request","method":"GET",'
                f'"route":"/r{chance.randrange(ROUTES)}","url":"/x","status":{chance.choice((200, 200, 500))},'
                f'"duration":{chance.expovariate(0.01):.3f}}}\n'
            )
            lines += 1
    return lines


def seconds(*command: object) -> float:
    begin = time.perf_counter()
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    logship, promtool = Path(sys.executable).with_name("logship"), shutil.which("promtool")
    if promtool is None:
        sys.exit("promtool is not installed; it comes with Prometheus")
    with TemporaryDirectory() as name:
        log, days, blocks = (Path(name) / each for each in ("a.log", "days", "blocks"))
        lines = write_log(log, hours)
        took: dict[str, list[float]] = {"replay alone": [], "files of days": [], "promtool": []}
        for _ in range(ROUNDS):
            took["replay alone"].append(seconds(logship, "replay", log, "--output", "prom"))
            took["files of days"].append(seconds(logship, "replay", log, "--output", "openmetrics", "--to", days))
            made = [promtool, "tsdb", "create-blocks-from", "openmetrics"]
            took["promtool"].append(sum(seconds(*made, file, blocks) for file in sorted(days.glob("*.om"))))
            shutil.rmtree(blocks)
        samples = sum(file.read_bytes().count(b"\n") for file in days.glob("*.om"))
        size = sum(file.stat().st_size for file in days.glob("*.om"))
    print(f"{lines} lines of {hours:g} hours, {samples} lines of samples, {size / 1e6:.0f} MB")
    writing = statistics.median(took["files of days"])
    for what, each in took.items():
        print(
            f"{what:14} {statistics.median(each):6.2f} s   {statistics.median(each) / writing:5.2f} times files of days"
        )


if __name__ == "__main__":
    main()
