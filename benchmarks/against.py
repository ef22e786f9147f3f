"""Measure a replay against peers that do the same work on the same file: whole programs in turns, medians.

    python benchmarks/against.py [--lines 1111000] [--rounds 5] [--logs DIR]

The work: for each method, route and status the number of requests, the sum of durations and a histogram. All that a
peer says is compared with what we say before times are shown. Peers that are not installed do not take part.
Logs that are in DIR already are used again.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import machine
import requests_log
from peers import field, goals
from peers.contest import Contestant, Row, contest, table
from requests_log import Shape


def make_logs(directory: Path, lines: int) -> dict[str, list[Path]]:
    """Make what is missing of the logs: plain, compressed in two halves, and with a route in each request."""
    plain, routed = directory / f"plain-{lines}.log", directory / f"routed-{lines}.log"
    halves = [directory / f"{half}-{lines}.log.gz" for half in ("first", "second")]
    if not plain.exists():
        requests_log.write(plain, lines)
        _compress(plain, halves)
    if not routed.exists():
        requests_log.write(routed, lines, Shape(has_routes=True))
    return {"plain": [plain], ".gz": halves, "with routes": [routed]}


def _compress(log: Path, halves: Sequence[Path]) -> None:
    middle = log.stat().st_size // len(halves)
    with log.open("rb") as source:
        for number, half in enumerate(halves):
            with gzip.open(half, "wb", compresslevel=6) as target:
                while (
                    line := source.readline()
                ):  # little at a time: the memory of this process is the least of its children
                    target.write(line)
                    if source.tell() >= middle * (number + 1) and number < len(halves) - 1:
                        break


def contests(logs: Mapping[str, list[Path]]) -> dict[str, list[Contestant]]:
    """Return who meets whom: with one core, with two, and on logs with routes those that need them."""
    plain, packed, routed = logs["plain"], logs[".gz"], logs["with routes"]
    percentiles = field.logship_percentiles(plain)
    return {
        "plain": [field.logship(1, plain), *field.queries(plain, 1), *field.in_python(plain[0]), percentiles],
        "plain, 2 cores": [field.logship(2, plain), *field.queries(plain, 2)],
        ".gz": [field.logship(1, packed), *field.queries(packed, 1)],
        ".gz, 2 cores": [field.logship(2, packed), *field.queries(packed, 2)],
        "with routes": [field.logship(1, routed), *field.for_routes(routed[0])],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_111_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--logs", type=Path)
    arguments = parser.parse_args()
    print(machine.description())
    with tempfile.TemporaryDirectory() as directory:
        logs = make_logs(arguments.logs or Path(directory), arguments.lines)
        size = {name: sum(path.stat().st_size for path in logs["plain" if name == ".gz" else name]) for name in logs}
        found: dict[str, list[Row]] = {}
        for name, contestants in contests(logs).items():
            found[name] = contest(contestants, arguments.rounds)
            of = size[name.partition(", ")[0]]
            print(f"\n{name}: {arguments.lines:,} lines, {of / 1e6:.0f} MB, {arguments.rounds} rounds\n")
            print(table(found[name], lines=arguments.lines, size=of), flush=True)
    print(f"\n{goals.verdicts(found)}")


if __name__ == "__main__":
    main()
