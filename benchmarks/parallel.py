"""Measure a replay by one process against several, and on a Dask cluster by one worker against two.

    python benchmarks/parallel.py [--lines 3000000] [--rounds 5] [--jobs 2] [--cluster]

Whole commands, interleaved, medians. The numbers must be equal before times are shown. CPU seconds are those of all
processes that took part: what a machine that others use, too, does not change as it does the time on the wall.
With --cluster a scheduler and workers of one thread are started on this machine before, and their CPU is measured.
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import requests_log


class Run(NamedTuple):
    """What a command took, in seconds, and what it printed."""

    wall: float
    cpu: float
    output: bytes


def run(log: Path, *options: str, others_cpu: Callable[[], float] = lambda: 0.0) -> Run:
    """Replay a log."""
    command = [sys.executable, "-m", "logship", "replay", "--output", "json", *options, str(log)]
    before = others_cpu()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{command} failed")
        output.seek(0)
        return Run(wall, usage.ru_utime + usage.ru_stime + others_cpu() - before, output.read())


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield the address of a scheduler with so many workers, and what tells the CPU seconds of these."""
    with ExitStack() as stack:

        def start(pattern: str, *arguments: str) -> tuple[int, str]:
            command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
            child = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
            stack.callback(child.kill)
            for line in child.stderr or ():
                if match := re.search(pattern, line):
                    return child.pid, match[1]
            sys.exit(f"{command} has not started")

        _, address = start(r"Scheduler at:\s+(tcp://\S+)", "scheduler", "--port", "0")
        one_thread = ("worker", address, "--nthreads", "1", "--no-nanny")
        pids = [start(r"Registered to:\s+(tcp://\S+)", *one_thread)[0] for _ in range(workers)]
        yield address, lambda: sum(map(cpu_of, pids))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cluster", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "requests.log"
        requests_log.write(log, arguments.lines)
        contestants: dict[str, Callable[[], Run]] = {
            "1 process": lambda: run(log, "--jobs", "1"),
            f"{arguments.jobs} processes": lambda: run(log, "--jobs", str(arguments.jobs)),
        }
        for workers in (1, 2) if arguments.cluster else ():
            address, cpu = stack.enter_context(cluster(workers))
            contestants[f"{workers} Dask workers"] = lambda address=address, cpu=cpu: run(  # type: ignore[misc]
                log, "--cluster", address, others_cpu=cpu
            )
        runs: dict[str, list[Run]] = {name: [] for name in contestants}
        for _ in range(arguments.rounds):
            for name, contestant in contestants.items():
                runs[name].append(contestant())
        report(runs, arguments.lines, log.stat().st_size)


def report(runs: dict[str, list[Run]], lines: int, size: int) -> None:
    """Print medians, and the ratios of walls run by run; stop when the numbers differ."""
    if len({each.output for several in runs.values() for each in several}) != 1:
        sys.exit("the contestants disagree")
    print(f"{lines:,} lines, {size / 1e6:.0f} MB, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"{'':16}{'wall s':>8}{'CPU s':>8}{'MB/s':>7}{'CPU s/TB':>10}  speed-up over the row of one")
    one: list[Run] = []
    for name, results in runs.items():
        one = results if name.startswith("1 ") else one
        wall = statistics.median(each.wall for each in results)
        cpu = statistics.median(each.cpu for each in results)
        ratio = statistics.median(single.wall / each.wall for single, each in zip(one, results, strict=True))
        print(f"{name:16}{wall:8.2f}{cpu:8.2f}{size / wall / 1e6:7.0f}{cpu / size * 1e12:10,.0f}  {ratio:.2f}")


if __name__ == "__main__":
    main()
