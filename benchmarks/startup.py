"""How long `logship --help` and `logship --version` take to start, beside a Python that does nothing.

The three take turns, so that whatever else the machine does hits all alike; medians are compared.

    python benchmarks/startup.py --rounds 15
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

CALLS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "logship --version": [sys.executable, "-m", "logship", "--version"],
    "logship --help": [sys.executable, "-m", "logship", "--help"],
}


def seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[float]] = {name: [] for name in CALLS}
    for _ in range(rounds):
        for name, command in CALLS.items():
            taken[name].append(seconds(command))
    floor = statistics.median(taken["python -c pass"])
    print(f"medians of {rounds} rounds")
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:20} {1000 * median:6.0f} ms  {median / floor:5.1f} times `python -c pass`")


if __name__ == "__main__":
    main()
