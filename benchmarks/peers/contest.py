"""Run programs in turns and compare what they took: whole processes, medians, ratios round by round.

Wall seconds are from start to end of the process, imports included; processor seconds and memory are those that the
kernel tells of it and of what it waited for, see wait4(2). Memory is that of the largest process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from peers.answers import Answer, differences, total

_CACHE = tempfile.TemporaryDirectory()
"""Where compiled modules are kept: all are compiled once, as those of an installed package are."""


class Contestant(NamedTuple):
    """A program.

    Attributes:
        name: What the table calls it.
        command: What is run.
        read: Makes an answer of its output; None for one that has none to compare.
        requests: Finds the number of requests in the output of one that says no more.
        has_buckets: Whether its buckets must be equal, too.
        environment: Variables beside those of this process.
    """

    name: str
    command: Sequence[str]
    read: Callable[[bytes], Answer] | None = None
    requests: Callable[[bytes], int] | None = None
    has_buckets: bool = True
    environment: dict[str, str] = {}  # noqa: RUF012 - never changed


class Run(NamedTuple):
    """What one run took: seconds on the wall, of processors, and bytes of the largest process."""

    wall: float
    cpu: float
    memory: int


class Row(NamedTuple):
    """The medians of a contestant, and how many times as long as the first one it took, round by round."""

    name: str
    run: Run
    wall_ratio: float
    cpu_ratio: float


def run(contestant: Contestant) -> tuple[Run, bytes]:
    """Run a program; return what it took and its output. Ends the benchmark when it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        environment = os.environ | {"PYTHONPYCACHEPREFIX": _CACHE.name} | contestant.environment
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        process = subprocess.Popen(contestant.command, stdout=output, stderr=said, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{contestant.name} failed with {process.returncode}: {said.read()[-2000:].decode()}")
        output.seek(0)
        return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024), output.read()


def contest(contestants: Sequence[Contestant], rounds: int) -> list[Row]:
    """Let all run in turns; return their rows. Ends the benchmark when one counts something else than the first."""
    runs: dict[str, list[Run]] = {each.name: [] for each in contestants}
    expected: Answer = {}
    for each in contestants:  # a round that is not counted: it brings files and modules into memory
        _, output = run(each)
        expected = expected or (each.read(output) if each.read is not None else {})
        _check(each, output, expected)
    for _ in range(rounds):
        for each in contestants:
            runs[each.name].append(run(each)[0])
    reference = runs[contestants[0].name]
    return [_row(name, several, reference) for name, several in runs.items()]


def _check(contestant: Contestant, output: bytes, expected: Answer) -> None:
    if contestant.requests is not None and contestant.requests(output) != total(expected):
        sys.exit(f"{contestant.name} counts {contestant.requests(output)} requests instead of {total(expected)}")
    if contestant.read is None:
        return
    answer = contestant.read(output)
    unequal = differences(expected, answer, with_buckets=contestant.has_buckets)
    if unequal:
        labels = min(unequal)
        sys.exit(
            f"{contestant.name} counts {total(answer)} requests instead of {total(expected)}; {len(unequal)} label "
            f"sets differ, such as {labels}: {answer.get(labels)} instead of {expected.get(labels)}"
        )


def _row(name: str, runs: list[Run], reference: list[Run]) -> Row:
    pairs = list(zip(runs, reference, strict=True))
    return Row(
        name,
        Run(*(statistics.median(values) for values in zip(*runs, strict=True))),
        statistics.median(mine.wall / theirs.wall for mine, theirs in pairs),
        statistics.median(mine.cpu / theirs.cpu for mine, theirs in pairs),
    )


def table(rows: Sequence[Row], *, lines: int, size: int) -> str:
    """Return a table in Markdown; ratios are times as long as the first row."""
    head = "| | wall s | processor s | lines/s | MB/s | memory MB | wall, times ours | processor, times ours |"
    body = [
        f"| {row.name} | {row.run.wall:.2f} | {row.run.cpu:.2f} | {lines / row.run.wall:,.0f} | "
        f"{size / row.run.wall / 1e6:,.0f} | {row.run.memory / 1e6:.0f} | {row.wall_ratio:.2f} | {row.cpu_ratio:.2f} |"
        for row in rows
    ]
    return "\n".join((head, "|---|" + "---|" * 7, *body))
