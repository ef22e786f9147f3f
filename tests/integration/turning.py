"""A tailer of this process over a real state file: its turns are run by hand, with the clock in hand."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crash.tailing import DEADLINE
from live.driven import NoWaker
from words import LINGER

from logship.checkpoint import Ledger, SqliteStore
from logship.live.sidecar import TURN_BYTES, Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import Admission, Tally
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import DirectoryWatch, Follower, FollowOptions, Sources, directories

POLL_SECONDS = 0.5


@dataclass
class Tailer:
    """One tailer after the other over one state file, and the watch and the clock that wake them.

    Attributes:
        is_watching: Whether the kernel notifies.
        said: What they said, each as its event and its fields.
    """

    patterns: list[str]
    state: Path
    is_watching: bool = False
    turn_bytes: int = TURN_BYTES
    now: float = 1000.0
    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    rang: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Go on where the state file stands."""
        vitals = Vitals(lambda event, **fields: self.said.append((event, fields)))
        self.watch = DirectoryWatch(self.rang.set, vitals.unwatched)
        self._store = SqliteStore(str(self.state), buckets=MeasureOptions().buckets)
        self._store.open()
        self.ledger = Ledger(Admission(), self._store)
        self.ledger.restore()
        positions, ended = self.ledger.published.positions, self.ledger.ended
        options = FollowOptions(linger_seconds=LINGER)
        self.follower = Follower(Sources.single(self.patterns), options, vitals, positions=positions, ended=ended)
        self.sidecar = Sidecar(
            follower=self.follower,
            pipeline=Pipeline(MeasureOptions()),
            ledger=self.ledger,
            gate=TurnGate(self.rang.set),
            waker=NoWaker(),
            vitals=vitals,
            watch=lambda: self.watch.watch(directories(self.patterns) if self.is_watching else []),
            monotonic=lambda: self.now,
            poll_seconds=POLL_SECONDS,
            turn_bytes=self.turn_bytes,
        )
        self.watch.start()

    def kill(self) -> None:
        """End without a look and without a commit, and give the lock back as the end of a process does."""
        self.watch.stop()
        self.follower.close()
        self._store.close()

    def stop(self) -> None:
        """Count what is there, and end, as `run` does when it was told to stop."""
        self.sidecar.stop()
        self.sidecar.run()
        self.watch.stop()

    def poll(self, *, after: float = POLL_SECONDS) -> None:
        """Look when so much time is over."""
        self.now += after
        self.sidecar.drain()

    def poll_until_let_go(self) -> None:
        """Look until every file that went has been quiet for long enough."""
        for _ in range(3):
            self.poll(after=LINGER)

    def notice(self, happen: Callable[[], object]) -> None:
        """Let something happen, and wait until it is noticed: the watch rings, or the time between looks is over."""
        self.rang.clear()
        happen()
        if self.is_watching:
            assert self.rang.wait(DEADLINE), "nothing rang"
        else:
            self.now += POLL_SECONDS

    @property
    def tally(self) -> Tally:
        """What is published."""
        return self.ledger.published.tally

    @property
    def behind_bytes(self) -> int:
        return sum(each.behind_bytes for each in self.follower.generations)

    def assert_counted_once(self, lines: int) -> None:
        """Assert that the lines `/line/1` to `/line/N` were all counted once, and nothing else was."""
        written = Counter({f"/line/{number}": 1 for number in range(1, lines + 1)})
        counted = Counter({labels.route: each.requests for labels, each in self.tally.series.items()})
        lost, doubled = written - counted, counted - written
        assert (lost, doubled) == (Counter(), Counter()), self.said
        assert (self.tally.lines, self.tally.lost_bytes) == (lines, 0), self.said


@contextmanager
def quick_directory() -> Iterator[Path]:
    """Give a directory for state files in memory where there is one: the commits of many tests wait for no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh directory is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        yield Path(directory)
