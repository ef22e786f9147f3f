"""How long commands take to start, beside a Python that does nothing.

They take turns, so that whatever else the machine does hits all alike; medians are compared, of the time that passes
and of the processor. Compiled modules are kept in a directory of this run, as an installed package has them.

    python benchmarks/startup.py --rounds 15
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import requests_log
from sizing import address_of

ONE_REQUEST = 1
FLOOR = "python -c pass"


class Taken(NamedTuple):
    """Seconds that passed, and those of the processor."""

    wall: float
    processor: float


def until_it_ends(command: Sequence[str], environment: Mapping[str, str]) -> Taken:
    """Run a command to its end."""
    began, used = time.perf_counter(), processor_seconds_of_children()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
    return Taken(time.perf_counter() - began, processor_seconds_of_children() - used)


def until_it_serves(command: Sequence[str], environment: Mapping[str, str]) -> Taken:
    """Run a tailer until it tells its address, then stop it; what stopping takes of the processor is in it."""
    began, used = time.perf_counter(), processor_seconds_of_children()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as tailer:
        address_of(tailer)
        passed = time.perf_counter() - began
        tailer.terminate()
    return Taken(passed, processor_seconds_of_children() - used)


def processor_seconds_of_children() -> float:
    """Return what the processes that have ended used, in user and kernel mode."""
    times = os.times()
    return times.children_user + times.children_system


def calls(directory: Path) -> dict[str, list[str]]:
    """Return the commands by their names."""
    log = directory / "one.log"
    requests_log.write(log, ONE_REQUEST)
    logship = [sys.executable, "-m", "logship"]
    return {
        FLOOR: [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "logship --version": [*logship, "--version"],
        "logship --help": [*logship, "--help"],
        "logship replay": [*logship, "replay", str(log)],
        "logship tail": [*logship, "tail", str(log), "--listen", "127.0.0.1:0"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = f"{directory}/compiled"
        commands = calls(Path(directory))
        taken: dict[str, list[Taken]] = {name: [] for name in commands}
        for _ in range(rounds + 1):
            for name, command in commands.items():
                run = until_it_serves if name == "logship tail" else until_it_ends
                taken[name].append(run(command, environment))
    medians = {name: Taken(*map(statistics.median, zip(*times[1:], strict=True))) for name, times in taken.items()}
    print(f"medians of {rounds} rounds; `replay` reads one line, `tail` is up when it serves")
    for name, (wall, processor) in medians.items():
        ratio = wall / medians[FLOOR].wall
        print(f"{name:20} {1000 * wall:6.0f} ms  {1000 * processor:6.0f} ms processor  {ratio:5.1f} times `{FLOOR}`")


if __name__ == "__main__":
    main()
