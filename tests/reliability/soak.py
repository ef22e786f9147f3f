"""20,000 lines a second, rotated all the time, one tailer in peace and one that is killed at random.

Usage: python -m reliability.soak [--minutes M] [--lines-per-second N]; `make soak MINUTES=10`.

At the end both must show
exactly what was written; no counter may ever have decreased, and the memory of the tailer in peace must be flat.
Prints a table; exit code 1 when anything of that does not hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx
from crash.tailing import DEADLINE, PLAIN, Scraper, Tail, came_true
from crash.written import Samples
from reliability.soak_numbers import Slope, quantile, slope
from reliability.soak_writer import soak

WARM_UP = 0.25
"""Share of the run that says nothing of memory: buffers, caches and the allocator's arenas fill."""

MOST_KIB_PER_MINUTE = 512.0
"""A leak of 100 bytes a line would be 100 MiB a minute. What is expected are tables that fill up to their limit: 2 to 3
KiB for each of the 90 files that end in a minute, of which 10,000 are remembered; the rates of the status page, for a
quarter of an hour; and once, after some 400 rotations, 940 KiB for CPython's table of interned strings, as `pathlib`
interns each name. Without rotations it is some 50 KiB."""

MOST_SCRAPE_SECONDS = 2.0
"""Twice the budget that a scrape has for what is not read yet."""

_SETTLED_SECONDS = 60.0


class Allowed(NamedTuple):
    """How much memory may grow, and how slow scrapes may be."""

    kib_per_minute: float = MOST_KIB_PER_MINUTE
    scrape_seconds: float = MOST_SCRAPE_SECONDS


@dataclass
class Watched:
    """A tailer, and what its scrapes were like."""

    name: str
    tail: Tail
    scraper: Scraper
    kills: int = 0
    took_seconds: list[float] = field(default_factory=list)
    rss_kib: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def scrape(self, client: httpx.Client) -> None:
        """Scrape once, if there is somebody who answers, and measure."""
        began, before = time.monotonic(), self.scraper.scrapes
        self.scraper.take(client)
        if self.scraper.scrapes > before:
            self.took_seconds.append(time.monotonic() - began)
        if self.tail.process is not None:
            self.rss_kib.append((began, rss_kib(self.tail.process.pid)))

    def settle(self, expected: Samples) -> None:
        """Wait until what is expected is shown, and note what is not."""
        came_true(self.tail.is_ready)
        came_true(lambda: not differences(expected, self.tail.scrape()), _SETTLED_SECONDS, every=0.5)
        self.wrong += differences(expected, self.tail.scrape())

    def row(self) -> list[str]:
        p50, p99 = (quantile(self.took_seconds, share) * 1000 for share in (0.5, 0.99))
        rss = [kib for _, kib in self.rss_kib]
        return [
            self.name,
            f"{self.kills}",
            f"{self.scraper.scrapes}",
            f"{p50:.0f} / {p99:.0f} ms",
            f"{max(rss, default=0) / 1024:.1f} MiB",
            f"{len(self.scraper.decreased)}",
            f"{len(self.wrong)}",
        ]


def differences(expected: Samples, shown: Samples) -> list[str]:
    """Return what is not as it was written."""
    return [f"{key}: {shown.get(key)} for {value}" for key, value in expected.items() if shown.get(key, 0) != value]


def rss_kib(pid: int) -> float:
    """Return the resident memory of a process."""
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")
    return float(fields[1].split()[0]) if len(fields) > 1 else 0.0  # none: it is just being replaced, or dead


def disturb(tailers: Sequence[Watched], seconds: float, kill_every: float, chance: random.Random) -> None:
    """Scrape every second and kill the last of the tailers now and then, until the time is over."""
    in_peace, killed = tailers
    end = time.monotonic() + seconds
    kill_at, start_at = time.monotonic() + chance.uniform(0.5, 1.5) * kill_every, 0.0
    with httpx.Client(verify=PLAIN, timeout=DEADLINE) as client:
        due = time.monotonic()
        while time.monotonic() < end:
            in_peace.scrape(client)
            if killed.tail.process is None:
                if time.monotonic() >= start_at:
                    killed.tail.start()
            elif time.monotonic() >= kill_at:
                time.sleep(chance.random())  # else it would always die just after a scrape
                killed.tail.kill()
                killed.kills += 1
                start_at = time.monotonic() + chance.uniform(0, 4)
                kill_at = start_at + chance.uniform(0.5, 1.5) * kill_every
            else:
                killed.scrape(client)
            due += 1
            time.sleep(max(0.0, due - time.monotonic()))  # the pace of Prometheus, which is what is tried
    if killed.tail.process is None:
        killed.tail.start()


def verdict(tailers: Sequence[Watched], growth: Slope, allowed: Allowed) -> list[str]:
    """Return what does not hold."""
    failures = [f"{each.name}: {what}" for each in tailers for what in (*each.scraper.decreased, *each.wrong)]
    failures += [f"{each.name}: no scrape was answered" for each in tailers if not each.took_seconds]
    if growth.is_above(allowed.kib_per_minute):
        failures.append(f"memory grows: {growth}, allowed are {allowed.kib_per_minute:.0f}")
    slowest = quantile(tailers[0].took_seconds, 0.99)
    if slowest > allowed.scrape_seconds:
        failures.append(f"scrapes are slow: p99 {slowest:.2f} s, allowed are {allowed.scrape_seconds:.0f} s")
    return failures


def run(
    directory: Path, seconds: float, lines_per_second: int, *, kill_every: float, seed: int, allowed: Allowed
) -> int:
    """Soak, print what came of it, return the exit code."""
    chance = random.Random(seed)  # noqa: S311
    spawned = multiprocessing.get_context("spawn")
    say, said = spawned.Pipe()
    logs = directory / "logs"
    logs.mkdir()
    writer = spawned.Process(target=soak, args=(said, logs, lines_per_second, seed), name="writer")
    with ExitStack() as at_end:
        tailers = []
        for name in ("in peace", "killed"):
            home = directory / name
            home.mkdir()
            tail = Tail(home, [logs / "*" / "app.log"])
            at_end.callback(tail.kill)
            tail.start()
            came_true(tail.is_ready)  # what was rotated before the first look would be the past
            tailers.append(Watched(name, tail, Scraper(tail, lambda: sys.maxsize)))
        writer.start()
        at_end.callback(writer.kill)
        disturb(tailers, seconds, kill_every, chance)
        say.send("stop")
        written, rotations = say.recv()
        writer.join(DEADLINE)
        expected = written.samples()
        expected["logship_lost_lines_total", ()] = 0
        for each in tailers:
            each.settle(expected)
        growth = slope(tailers[0].rss_kib[int(len(tailers[0].rss_kib) * WARM_UP) :])
    failures = verdict(tailers, growth, allowed)
    report(tailers, growth, f"{written.lines} lines, {written.size / 1e6:.0f} MB, {rotations} rotations, seed {seed}")
    for failure in failures[:20]:
        print("FAILED", failure)  # noqa: T201
    if failures:
        print(f"{len(failures)} failures; what the tailers said stands in {directory}/*/talk")  # noqa: T201
    return 1 if failures else 0


def report(tailers: Sequence[Watched], growth: Slope, written: str) -> None:
    """Print the table."""
    heads = ["tailer", "kills", "scrapes", "scrape p50 / p99", "most memory", "decreased", "wrong"]
    rows = [heads, *(each.row() for each in tailers)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(written)  # noqa: T201
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())  # noqa: T201
    print(f"memory of the tailer in peace, after {WARM_UP:.0%} of the run: {growth}")  # noqa: T201


def main() -> int:
    """Parse the arguments and soak; the directory is kept when something fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--lines-per-second", type=int, default=20_000)
    parser.add_argument("--kill-every", type=float, default=20.0, help="seconds between two kills, on average")
    parser.add_argument("--most-kib-per-minute", type=float, default=MOST_KIB_PER_MINUTE, help="growth allowed")
    parser.add_argument("--most-scrape-seconds", type=float, default=MOST_SCRAPE_SECONDS, help="p99 allowed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 32))
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="soak-"))
    seconds, allowed = given.minutes * 60, Allowed(given.most_kib_per_minute, given.most_scrape_seconds)
    code = run(
        directory, seconds, given.lines_per_second, kill_every=given.kill_every, seed=given.seed, allowed=allowed
    )
    if code == 0:
        shutil.rmtree(directory)
    return code


if __name__ == "__main__":
    sys.exit(main())
