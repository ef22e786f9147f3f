"""Measure our sketch of durations against the package `ddsketch`: the same durations and stated error, interleaved.

    pip install ddsketch
    python benchmarks/sketch.py [--durations 200000] [--rounds 5]

Ours takes lists of durations that are sorted already, as the histogram wants them; `with sorting` sorts them as well.
`merge` adds up a hundred sketches, one for each of as many files.
"""

from __future__ import annotations

import argparse
import importlib
import random
import statistics
import sys
import time
from collections.abc import Callable

from logship.measure import sketch


def contestants(durations: list[float]) -> dict[str, Callable[[], object]]:
    """Return what is measured, by its name."""
    try:
        package = importlib.import_module("ddsketch")
    except ModuleNotFoundError:
        sys.exit("the package ddsketch is not installed: pip install ddsketch")
    sketcher = sketch.Sketcher(1_000_000)
    rising = sorted(durations)
    parts = [sorted(durations[start::100]) for start in range(100)]
    ours = [sketcher.sketch(part) for part in parts]
    theirs = [_filled(package, part) for part in parts]
    return {
        "ours": lambda: sketcher.sketch(rising),
        "ours, with sorting": lambda: sketcher.sketch(sorted(durations)),
        "ddsketch": lambda: _filled(package, durations),
        "merge: ours": lambda: _merged_ours(ours),
        "merge: ddsketch": lambda: _merged_theirs(package, theirs),
    }


def _filled(package: object, durations: list[float]) -> object:
    filled = package.DDSketch(sketch.RELATIVE_ERROR)  # type: ignore[attr-defined]
    add = filled.add
    for duration in durations:
        add(duration)
    return filled


def _merged_ours(sketches: list[sketch.Sketch]) -> object:
    total: sketch.Sketch = {}
    for each in sketches:
        total = sketch.add(total, each)
    return total


def _merged_theirs(package: object, sketches: list[object]) -> object:
    total = package.DDSketch(sketch.RELATIVE_ERROR)  # type: ignore[attr-defined]
    for each in sketches:
        total.merge(each)
    return total


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--durations", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    chance = random.Random(20261123)  # noqa: S311 - must be the same each time
    durations = [round(chance.lognormvariate(3, 1), 2) for _ in range(arguments.durations)]
    runs: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        for name, run in contestants(durations).items():
            started = time.perf_counter()
            run()
            runs.setdefault(name, []).append(time.perf_counter() - started)
    base = runs["ours"]
    print(f"{arguments.durations:,} durations, Python {sys.version.split()[0]}")
    for name, seconds in runs.items():
        ratio = statistics.median(mine / ours for mine, ours in zip(seconds, base, strict=True))
        print(f"{name:26}{statistics.median(seconds) * 1000:9.1f} ms{ratio:9.2f} x")


if __name__ == "__main__":
    main()
