"""A tailer that kills itself at a chosen step of its commits, and the next one; `test_commit_steps` runs this program.

Usage: python -m crash.dying DIRECTORY. For every step there is, a log is written and rotated while a tailer reads it
that dies at this step; then another one goes on from the state file. One line of JSON tells what each step came to.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from crash.tailing import DEADLINE
from crash.written import LATENCY, Lines, Samples, samples_of

from logship.checkpoint import Ledger, SqliteStore
from logship.checkpoint.store import Change
from logship.expose import exposition
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import DEFAULT_BUCKETS, Admission, OwnLabel, OwnMetric, OwnMetrics, OwnValue
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import Follower, FollowOptions, Sources, TimedWaker

OWN = OwnMetrics(
    (
        OwnMetric("by_route_total", "counter", labels=(OwnLabel("route", "@route"),)),
        OwnMetric("took_seconds", "histogram", value=OwnValue("duration", 0.001), buckets=(1.0,)),
        OwnMetric("number", "gauge", value=OwnValue("seq")),
    )
)
AFTER_COMMIT = "the commit is over, nothing is published"
LINGER_SECONDS = 30.0
_NEVER = -1
_FORKS = multiprocessing.get_context("fork")


class DyingStore(SqliteStore):
    """A store that calls `step` before each statement, of which COMMIT is one, and when a commit is over."""

    def __init__(self, path: str, step: Callable[[str], None]) -> None:
        super().__init__(path, buckets=DEFAULT_BUCKETS, definitions=OWN.definitions)
        self._step = step

    def open(self) -> None:
        super().open()
        self._connection().set_trace_callback(self._step)

    def write(self, change: Change) -> None:
        super().write(change)
        self._step(AFTER_COMMIT)


class Tailing:
    """A sidecar over the logs of a directory, with its clock in hand and nobody else around."""

    def __init__(self, directory: Path, step: Callable[[str], None]) -> None:
        vitals = Vitals(lambda *_happening, **_fields: None)
        store = DyingStore(str(directory / "state.db"), step)
        store.open()
        self._now = 1000.0
        self._ledger = Ledger(Admission(), store, own=OWN)
        self._ledger.restore()
        patterns, options = [str(directory / "logs" / "app.log*")], FollowOptions(linger_seconds=LINGER_SECONDS)
        positions, ended = self._ledger.published.positions, self._ledger.ended
        self._sidecar = Sidecar(
            follower=Follower(Sources.single(patterns), options, vitals, positions=positions, ended=ended),
            pipeline=Pipeline(MeasureOptions(), own=OWN),
            ledger=self._ledger,
            gate=TurnGate(lambda: None),
            waker=TimedWaker(),
            vitals=vitals,
            watch=lambda: None,
            monotonic=lambda: self._now,
            poll_seconds=1.0,
            turn_bytes=1,
        )

    def drain(self, after: float) -> None:
        """Count everything there is, `after` so many seconds."""
        self._now += after
        self._sidecar.drain()

    def shown(self) -> Samples:
        """Return what a scrape would show now."""
        return samples_of(exposition(self._ledger.published.tally, DEFAULT_BUCKETS, OWN.metrics))


class Tailer:
    """A tailer in a process of its own, drained on demand until it dies."""

    def __init__(self, directory: Path, dies_at: int = _NEVER) -> None:
        self._ask, asked = _FORKS.Pipe()
        self._process = _FORKS.Process(target=_tail, args=(asked, directory, dies_at))
        self._process.start()
        asked.close()
        self.died_before = ""
        self.shown = self.restored = self._told()

    def drain(self) -> None:
        """Let it count what there is, if it still lives, and keep what it shows then."""
        if not self.died_before:
            self._ask.send(LINGER_SECONDS / 2)  # so that files which went are let go along the way
            self.shown = self._told() or self.shown

    def end(self) -> None:
        if not self.died_before:
            self._ask.send(None)
        self._process.join(DEADLINE)
        assert self._process.exitcode == (-signal.SIGKILL if self.died_before else 0)
        self._ask.close()

    def _told(self) -> Samples:
        assert self._ask.poll(DEADLINE), "it neither answered nor died"
        told = self._ask.recv()
        if not isinstance(told, str):
            return dict(told)
        self.died_before = told
        return {}


def _tail(asked: Connection, directory: Path, dies_at: int) -> None:
    """Send what is shown at the start and after each drain that is asked for; at the step to die, its name instead."""
    steps = [""]

    def step(name: str) -> None:
        statement = name.strip().partition(" VALUES ")[0]
        if statement != steps[-1]:  # else one more row of the same
            steps.append(statement)
        if len(steps) > dies_at > 0:
            asked.send(statement)
            os.kill(os.getpid(), signal.SIGKILL)

    tailing = Tailing(directory, step)
    asked.send(tailing.shown())
    while (after := asked.recv()) is not None:
        tailing.drain(after)
        asked.send(tailing.shown())


def story(log: Path, lines: Lines, tailer: Tailer) -> Iterator[None]:
    """Write and rotate; at each `yield` the tailer looks, if it lives. What it has not read is not deleted."""

    def write(number: int = 2) -> None:
        with log.open("ab") as file:
            file.write(b"".join(lines.line() for _ in range(number)))

    write()
    yield
    write()
    log.rename(log.with_name("app.log.1"))
    write()
    yield
    write()
    yield
    write()
    shutil.copyfile(log, log.with_name("app.log.2"))
    os.truncate(log, 0)
    write(1)
    yield
    if not tailer.died_before:
        log.with_name("app.log.1").unlink()
    write(300)  # more than one block, and so more than one turn
    for _ in range(3):
        yield


def own_samples(expected: Samples, lines: int) -> Samples:
    """Return the samples of the own metrics, which the built-in ones and the last line's number imply."""
    routes: Counter[str] = Counter()
    took: Counter[str] = Counter()
    for (name, labels), value in expected.items():
        route, bound = dict(labels).get("route", ""), dict(labels).get("le", "")
        routes[route] += int(value) if name == "http_requests_total" else 0
        if name.startswith(LATENCY) and bound in ("", "1.0", "+Inf"):
            took[name.removeprefix(LATENCY) + bound] += round(value * 1_000_000_000)
    del routes[""]
    own: Samples = {("by_route_total", (("route", route),)): count for route, count in routes.items()}
    own["took_seconds_bucket", (("le", "1.0"),)] = took["_bucket1.0"] / 1_000_000_000
    own["took_seconds_bucket", (("le", "+Inf"),)] = took["_bucket+Inf"] / 1_000_000_000
    own["took_seconds_count", ()] = took["_count"] / 1_000_000_000
    own["took_seconds_sum", ()] = took["_sum"] / 1_000_000_000
    own["number", ()] = lines - 1
    return own


def outcome(directory: Path, dies_at: int) -> dict[str, object]:
    """Let a tailer die at a step and another one go on; return what was wrong with the numbers."""
    (directory / "logs").mkdir(parents=True)
    lines = Lines(seed=7)
    first = Tailer(directory, dies_at)
    for _ in story(directory / "logs" / "app.log", lines, first):
        first.drain()
    first.end()
    second = Tailer(directory)
    for _ in range(3):
        second.drain()
    second.end()
    expected = lines.written.samples()
    expected.update(own_samples(expected, lines.written.lines))
    return {
        "died_before": first.died_before,
        "taken_back": [str(key) for key, value in first.shown.items() if second.restored.get(key, 0) < value],
        "wrong": [str(key) for key, value in expected.items() if second.shown.get(key) != value],
    }


def main(directory: Path) -> None:
    for dies_at in count(1):
        result = outcome(directory / str(dies_at), dies_at)
        print(json.dumps(result), flush=True)  # noqa: T201 - what the test reads
        if not result["died_before"]:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
