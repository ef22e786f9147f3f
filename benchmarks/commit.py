"""Measure what durable commits cost the tail: the same lines counted with and without a state file.

    python benchmarks/commit.py [--lines 100000] [--rounds 9] [--label-sets 10 1000 10000]

A round counts what 100,000 lines a second write in one second, with two commits: one for the second and one for a
scrape. With and without a state file in turn; the ratio is taken round by round.
Then commits in which all of so many label sets have changed: for so long no line is read.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import requests_log

from logship.checkpoint import Ledger, NoStore, SqliteStore, Store
from logship.measure import DEFAULT_BUCKETS, Admission, Series, Tally
from logship.model import Batch, Excerpt, FileKey, LabelSet, Position
from logship.pipeline import MeasureOptions, Pipeline

BLOCK_BYTES = 1 << 16


def blocks_of(log: Path) -> list[bytes]:
    """Return the lines of a log in blocks of whole lines."""
    text = log.read_bytes()
    blocks, start = [], 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + BLOCK_BYTES) + 1
        blocks.append(text[start:end])
        start = end
    return blocks


def one_second(pipeline: Pipeline, ledger: Ledger, blocks: list[bytes]) -> float:
    """Count all blocks, commit in the middle and at the end; return the seconds it took."""
    position = Position("combined.log", FileKey(1, 2), 1, 1, Excerpt(1, b"x" * 16), Excerpt(1, b"y" * 16))
    started = time.perf_counter()
    for half in (blocks[: len(blocks) // 2], blocks[len(blocks) // 2 :]):
        for block in half:
            pipeline.feed(Batch(1, 0, len(block), block))
        ledger.commit(pipeline.take(), {1: position._replace(offset=ledger.published.turns + 1)})
    return time.perf_counter() - started


def commits_of(label_sets: int, directory: Path, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of commits in which every label set has changed."""
    durable = SqliteStore(str(directory / f"state-{label_sets}.db"), buckets=DEFAULT_BUCKETS)
    durable.open()
    unlimited = Admission(label_sets, max_routes=label_sets)
    ledgers = {"in memory": Ledger(unlimited), "state file": Ledger(unlimited, durable)}
    keys = [LabelSet("GET", f"/api/students/{10_000 + number}/lessons", "200") for number in range(label_sets)]
    times: dict[str, list[float]] = {name: [] for name in ledgers}
    for number in range(rounds + 1):
        change = Tally({labels: Series(20, (3, 4, 4, 3, 3, 3), 123_456_789 + number, 50, {}) for labels in keys})
        for name, ledger in ledgers.items():
            began = time.perf_counter()
            ledger.commit(change, {})
            times[name].append(time.perf_counter() - began)
    durable.close()
    return {name: each[1:] for name, each in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--label-sets", type=int, nargs="+", default=[10, 1_000, 10_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        requests_log.write(Path(directory) / "requests.log", arguments.lines)
        blocks = blocks_of(Path(directory) / "requests.log")
        durable = SqliteStore(str(Path(directory) / "state.db"), buckets=DEFAULT_BUCKETS)
        durable.open()
        stores: dict[str, Store] = {"in memory": NoStore(), "state file": durable}
        sides = {name: (Pipeline(MeasureOptions()), Ledger(Admission(), store)) for name, store in stores.items()}
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(arguments.rounds + 1):
            for name, (pipeline, ledger) in sides.items():
                times[name].append(one_second(pipeline, ledger, blocks))
        durable.close()
        changed = {count: commits_of(count, Path(directory), arguments.rounds) for count in arguments.label_sets}
    for name, each in times.items():
        print(f"{name:12} {statistics.median(each[1:]) * 1000:8.1f} ms for {arguments.lines:,} lines and 2 commits")
    pairs = zip(times["state file"][1:], times["in memory"][1:], strict=True)
    extra = [durable_time - plain_time for durable_time, plain_time in pairs]
    print(f"two commits add {statistics.median(extra) * 1000:.1f} ms to a second of 100,000 lines")
    for count, seconds in changed.items():
        medians = ", ".join(f"{name} {statistics.median(each) * 1000:.1f} ms" for name, each in seconds.items())
        print(f"{count:,} label sets changed: {medians}")


if __name__ == "__main__":
    main()
