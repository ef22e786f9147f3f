"""Measure what a tailer costs while nothing is written: processor time as a share of one core.

    python benchmarks/idle.py [--files 100] [--seconds 10] [--rounds 5]

A real `logship tail --state` over files that rest, nobody scrapes; the median of the rounds. What it uses is what the
kernel says of it, utime and stime of /proc/PID/stat: see proc_pid_stat(5).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests_log

LINES_PER_FILE = 100
SETTLING_SECONDS = 3.0


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shares(pid: int, *, seconds: float, rounds: int) -> list[float]:
    """Return the share of one core that a process uses, round by round."""
    found = []
    for _ in range(rounds):
        began, used = time.monotonic(), processor_seconds(pid)
        time.sleep(seconds)
        found.append((processor_seconds(pid) - used) / (time.monotonic() - began))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        logs = Path(directory) / "logs"
        logs.mkdir()
        for number in range(arguments.files):
            requests_log.write(logs / f"{number}.log", LINES_PER_FILE)
        options = ("--listen", "127.0.0.1:0", "--state", f"{directory}/state.db")
        command = [sys.executable, "-m", "logship", "tail", *options, f"{logs}/*.log"]
        with (Path(directory) / "said").open("w+") as said, subprocess.Popen(command, stderr=said) as tailer:
            time.sleep(SETTLING_SECONDS)
            used = shares(tailer.pid, seconds=arguments.seconds, rounds=arguments.rounds)
            if tailer.poll() is not None:  # until it is waited for, its times are still there to read, and rest
                said.seek(0)
                sys.exit(f"the tailer ended by itself, with exit code {tailer.returncode}:\n{said.read()}")
            tailer.terminate()
    print(
        f"idle over {arguments.files} files: {statistics.median(used):.2%} of a core ({min(used):.2%}-{max(used):.2%})"
    )


if __name__ == "__main__":
    main()
