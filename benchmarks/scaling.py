"""Measure how lines a second and memory of a replay change with what it is given.

    python benchmarks/scaling.py [--quick] [--gigabytes 2] [--rounds 3]

By the size of a file, the number of label sets, of files, the length of lines, and the share of damaged lines. Whole
commands by one process; medians of the rounds, memory of the largest process.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import machine
import requests_log
from peers.contest import Contestant, Run, run
from requests_log import Shape

LINE_BYTES = 363
LABEL_SETS_OF_A_RESOURCE = 28
BLOCK_LINES = 50_000
LINES = 200_000
ONE = "one.log"

Cases = Iterator[tuple[str, int]]


def replay(logs: Path, rounds: int, config: Path) -> Run:
    """Return the medians of replays of all in a directory."""
    options = ("--output", "prom", "--jobs", "1", "--config", str(config))
    command = [sys.executable, "-m", "logship", "replay", *options, str(logs)]
    runs = [run(Contestant("logship", command))[0] for _ in range(rounds)]
    return Run(*(statistics.median(values) for values in zip(*runs, strict=True)))


def grow(directory: Path, size: int) -> int:
    """Write a file of about so many bytes; return its lines. All blocks of it are alike."""
    block = directory.parent / "block"
    requests_log.write(block, min(BLOCK_LINES, size // LINE_BYTES))
    text, lines, written = block.read_bytes(), 0, 0
    with (directory / ONE).open("wb") as log:
        while written < 0.95 * size:
            written += log.write(text)
            lines += min(BLOCK_LINES, size // LINE_BYTES)
    return lines


def by_size(directory: Path, most: int) -> Cases:
    """Yield larger and larger files."""
    for size in (10_000_000, 100_000_000, 500_000_000, 2_000_000_000, 10_000_000_000):
        if size <= most:
            yield f"{size / 1e6:,.0f} MB", grow(directory, size)


def by_series(directory: Path, most: int) -> Cases:
    """Yield more and more label sets: as many at most, those that are rare do not come."""
    for series in (28, 280, 1_000, 10_000, 50_000):
        if series <= most:
            resources = series // LABEL_SETS_OF_A_RESOURCE
            requests_log.write(directory / ONE, LINES, Shape(resources=resources))
            yield f"{resources * LABEL_SETS_OF_A_RESOURCE:,} label sets at most", LINES


def by_files(directory: Path, most: int) -> Cases:
    """Yield the same lines in more and more files; each has lines of its own, as copies are counted once."""
    (directory / ONE).unlink()
    block = directory.parent / "block"
    requests_log.write(block, LINES)
    for files in (1, 100, 1_000, 10_000):
        if files <= most:
            with block.open("rb") as lines:
                for number in range(files):
                    with (directory / f"{number}.log").open("wb") as log:
                        log.writelines(islice(lines, LINES // files))
            yield f"{files:,} files", LINES
            for number in range(files):
                (directory / f"{number}.log").unlink()


def by_lines(directory: Path) -> Cases:
    """Yield longer and longer lines, then more and more damaged ones."""
    for padding in (0, 1_000, 10_000):
        requests_log.write(directory / ONE, LINES // 4, Shape(padding=padding))
        yield f"{padding + LINE_BYTES:,} bytes a line", LINES // 4
    for damaged in (0.0, 0.0001, 0.002, 0.05):
        requests_log.write(directory / ONE, LINES, Shape(damaged=damaged))
        yield f"{damaged:.2%} of lines damaged", LINES


def cases(directory: Path, gigabytes: float, *, quick: bool) -> Cases:
    """Fill `directory` for one case after the other; yield what it is, and its lines."""
    yield from by_size(directory, 100_000_000 if quick else int(gigabytes * 1e9))
    yield from by_series(directory, 10_000 if quick else 50_000)
    yield from by_files(directory, 1_000 if quick else 10_000)
    yield from by_lines(directory)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(machine.description())
    print("\n| what | lines | wall s | lines/s | MB/s | memory MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        directory, config = Path(name) / "logs", Path(name) / "logship.yml"
        directory.mkdir()
        config.write_text("limits: {max_series: 100000, max_routes: 10000}\n")
        for what, lines in cases(directory, arguments.gigabytes, quick=arguments.quick):
            size = sum(log.stat().st_size for log in directory.iterdir())
            taken = replay(directory, arguments.rounds, config)
            print(
                f"| {what} | {lines:,} | {taken.wall:.2f} | {lines / taken.wall:,.0f} | {size / taken.wall / 1e6:,.0f} "
                f"| {taken.memory / 1e6:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
