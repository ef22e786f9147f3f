"""The turn with real files, a waker and a clock driven by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from words import LINGER, request, rotate, write, write_half

from logship.checkpoint import Ledger, Snapshot
from logship.live.sidecar import FAREWELL_SECONDS, Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import Admission, Tally
from logship.model import Position
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import Follower, FollowOptions, Sources

MAX_LINE = 4096
TURN_BYTES = 1 << 20


class HandWaker:
    """Runs the next step of a script where the real one waits."""

    def __init__(self) -> None:
        self.rang = threading.Event()
        self.waits: list[float] = []
        self.steps: list[Callable[[], None]] = []

    def wait(self, timeout_seconds: float) -> None:
        self.waits.append(timeout_seconds)
        self.steps.pop(0)()

    def wake(self) -> None:
        self.rang.set()


class WatchedLedger(Ledger):
    """A ledger that calls `on_commit` behind each commit, and keeps all it published."""

    def __init__(self) -> None:
        super().__init__(Admission())
        self.history: list[Snapshot] = []
        self.on_commit: Callable[[], None] = lambda: None

    def commit(
        self, change: Tally, positions: Mapping[int, Position], ended: Mapping[int, Position] | None = None
    ) -> Snapshot:
        snapshot = super().commit(change, positions, ended)
        self.history.append(snapshot)
        self.on_commit()
        return snapshot


class Tailing:
    """A sidecar over the files in a directory."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "combined.log"
        self.now = 1000.0
        self.waker = HandWaker()
        self.gate = TurnGate(self.waker.wake)
        self.ledger = WatchedLedger()
        self.looked_for_directories = 0
        vitals = Vitals(lambda *_, **__: None)
        options = FollowOptions(max_line_bytes=MAX_LINE, linger_seconds=LINGER)
        self.follower = Follower(Sources.single([str(self.log)]), options, vitals)
        self.sidecar = Sidecar(
            follower=self.follower,
            pipeline=Pipeline(MeasureOptions()),
            ledger=self.ledger,
            gate=self.gate,
            waker=self.waker,
            vitals=vitals,
            watch=self._watch,
            monotonic=lambda: self.now,
            poll_seconds=7.0,
            turn_bytes=TURN_BYTES,
        )

    def write_requests(self, count: int) -> None:
        line = request()
        write(self.log, *[line] * count)

    def write_backlog(self, turns: int) -> int:
        """Write what takes so many turns and a bit; return how many requests that is."""
        count = turns * TURN_BYTES // (len(request()) + 1) + 10
        self.write_requests(count)
        return count

    @property
    def requests(self) -> int:
        return self.ledger.published.tally.requests

    def _watch(self) -> None:
        self.looked_for_directories += 1


@pytest.fixture
def tailing(tmp_path: Path) -> Iterator[Tailing]:
    tailing = Tailing(tmp_path)
    yield tailing
    tailing.follower.close()


def test_a_drain_counts_everything_that_is_there(tailing: Tailing) -> None:
    tailing.write_requests(3)
    write(tailing.log, "no json", '{"level":"info","message":"started"}')
    write_half(tailing.log, "{")
    tailing.sidecar.drain()
    tally = tailing.ledger.published.tally
    assert (tally.requests, tally.not_request, tally.rejected.total()) == (3, 1, 1)
    assert tally.read_bytes == tailing.log.stat().st_size - 1
    assert tailing.sidecar.has_drained
    assert tailing.sidecar.view.standing.followed_files == 1
    assert tailing.sidecar.view.standing.behind_bytes == 1
    assert tailing.sidecar.view.standing.happenings == {"opened": 1}


def test_a_drain_without_anything_new_commits_nothing(tailing: Tailing) -> None:
    tailing.write_requests(1)
    tailing.sidecar.drain()
    tailing.sidecar.drain()
    assert tailing.ledger.published.turns == 1


def test_a_backlog_is_committed_in_bounded_turns(tailing: Tailing) -> None:
    count = tailing.write_backlog(3)
    tailing.sidecar.drain()
    assert tailing.requests == count
    sizes = [snapshot.tally.read_bytes for snapshot in tailing.ledger.history]
    assert len(sizes) == 3
    steps = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    assert all(step <= TURN_BYTES + (1 << 16) + MAX_LINE for step in steps)


def test_a_backlog_of_lines_that_are_too_long_is_committed_in_turns_too(tailing: Tailing) -> None:
    write(tailing.log, *["x" * (MAX_LINE + 1)] * (3 * TURN_BYTES // MAX_LINE))
    tailing.sidecar.drain()
    assert len(tailing.ledger.history) == 3


def test_numbers_and_positions_are_published_together(tailing: Tailing) -> None:
    """Each snapshot holds exactly the requests in front of its position: nothing of an uncommitted turn."""
    tailing.write_backlog(3)
    tailing.sidecar.drain()
    width = len(request()) + 1
    for snapshot in tailing.ledger.history:
        (position,) = snapshot.positions.values()
        assert snapshot.tally.requests * width == position.offset == snapshot.tally.read_bytes


def test_nothing_is_published_before_its_commit(tailing: Tailing) -> None:
    tailing.write_backlog(2)
    seen: list[int] = []

    def note_what_is_published() -> bool:
        seen.append(tailing.requests)
        return False

    tailing.sidecar.drain(until=note_what_is_published)
    assert seen == [snapshot.tally.requests for snapshot in tailing.ledger.history]


def test_a_drain_that_is_cut_short_is_taken_up_where_it_ended(tailing: Tailing) -> None:
    count = tailing.write_backlog(3)
    tailing.sidecar.drain(until=lambda: True)
    assert 0 < tailing.requests < count
    assert tailing.sidecar.has_drained is False
    assert tailing.sidecar.view.standing.behind_bytes > 0
    tailing.sidecar.drain()
    assert tailing.requests == count


def test_run_drains_waits_and_drains_again(tailing: Tailing) -> None:
    tailing.write_requests(1)
    tailing.waker.steps = [lambda: tailing.write_requests(2), tailing.sidecar.stop]
    tailing.sidecar.run()
    assert tailing.requests == 3
    assert tailing.waker.waits == [7.0, 7.0]
    assert tailing.looked_for_directories == 3


def test_what_was_written_before_the_stop_is_counted(tailing: Tailing) -> None:
    def write_and_stop() -> None:
        tailing.write_requests(5)
        tailing.sidecar.stop()

    tailing.waker.steps = [write_and_stop]
    tailing.sidecar.run()
    assert tailing.requests == 5
    assert tailing.follower.generations == []
    assert tailing.gate.freshen(10) is False, "the gate is closed"


def test_a_stop_in_a_backlog_keeps_what_was_read_and_counts_nothing_by_half(tailing: Tailing) -> None:
    tailing.write_backlog(6)

    def stop_and_let_time_pass() -> None:
        tailing.sidecar.stop()
        tailing.now += FAREWELL_SECONDS * 0.6

    tailing.ledger.on_commit = stop_and_let_time_pass
    tailing.sidecar.run()
    snapshot = tailing.ledger.published
    assert snapshot.turns == 3, "the turn under way, and as many as the farewell leaves time for"
    (position,) = snapshot.positions.values()
    assert snapshot.tally.requests * (len(request()) + 1) == position.offset


def test_a_long_drain_does_not_let_go_of_a_file_that_was_not_looked_at_meanwhile(tailing: Tailing) -> None:
    """A rotated file whose writer goes on: an hour of catching up elsewhere is not an hour of silence."""
    tailing.write_requests(1)
    with tailing.log.open("ab", buffering=0) as writer:
        tailing.sidecar.drain()
        rotate(tailing.log)
        count = tailing.write_backlog(2)

        def time_passes() -> None:
            tailing.now += 3600
            writer.write(request().encode() + b"\n")

        tailing.ledger.on_commit = time_passes
        tailing.sidecar.drain()
        tailing.ledger.on_commit = lambda: None
        late = len(tailing.ledger.history) - 1
    tailing.sidecar.drain()
    assert tailing.requests == 1 + count + late


def test_a_file_that_was_let_go_takes_its_position_with_it(tailing: Tailing) -> None:
    tailing.write_requests(1)
    write_half(tailing.log, request())
    tailing.sidecar.drain()
    tailing.log.unlink()
    for _ in range(3):
        tailing.now += LINGER
        tailing.sidecar.drain()
    assert tailing.requests == 2, "its unfinished last line is taken as it is"
    assert tailing.ledger.published.positions == {}
    assert tailing.sidecar.view.standing.followed_files == 0
    assert tailing.sidecar.view.standing.happenings == {"opened": 1, "removed": 1, "closed": 1}


def test_a_scrape_waits_for_a_drain_that_began_after_it(tailing: Tailing) -> None:
    tailing.write_requests(1)
    with ThreadPoolExecutor(1) as pool:
        answers: list[Future[tuple[bool, int]]] = []

        def scrape() -> None:
            tailing.write_requests(1)
            answers.append(pool.submit(lambda: (tailing.gate.freshen(10), tailing.requests)))
            assert tailing.waker.rang.wait(10)

        tailing.waker.steps = [scrape, tailing.sidecar.stop]
        tailing.sidecar.run()
        assert answers[0].result(10) == (True, 2)


def test_an_errand_runs_between_two_turns_though_there_is_much_to_catch_up_with(tailing: Tailing) -> None:
    count = tailing.write_backlog(4)
    ran: list[tuple[int, int]] = []

    def note() -> None:
        ran.append((tailing.requests, tailing.sidecar.view.tally.requests))

    def ask() -> None:
        tailing.ledger.on_commit = lambda: None
        tailing.sidecar.between_turns(note)
        tailing.sidecar.between_turns(note)

    tailing.ledger.on_commit = ask
    tailing.waker.steps = [tailing.sidecar.stop]
    tailing.sidecar.run()
    ((committed, shown), again) = ran
    assert 0 < committed == shown < count
    assert again == (committed, shown)
    assert tailing.requests == count
    assert len(tailing.waker.waits) == 1, "after an errand it looks at once"


def test_an_errand_ends_the_wait(tailing: Tailing) -> None:
    ran: list[bool] = []
    tailing.waker.steps = [lambda: tailing.sidecar.between_turns(lambda: ran.append(True)), tailing.sidecar.stop]
    tailing.sidecar.run()
    assert ran == [True]
    assert tailing.waker.rang.is_set()


def test_a_scrape_that_comes_too_early_sees_how_much_is_still_to_be_read(tailing: Tailing) -> None:
    """Before the first commit of the first drain, and while it catches up."""
    count = tailing.write_backlog(3)
    size = tailing.log.stat().st_size
    seen: list[tuple[int, int]] = []

    def look() -> None:
        view = tailing.sidecar.view
        seen.append((view.tally.read_bytes, view.standing.behind_bytes))

    tailing.ledger.on_commit = look
    tailing.sidecar.drain()
    look()
    assert seen[0] == (0, size)
    assert seen[-1] == (size, 0)
    assert all(read + behind == size for read, behind in seen)
    assert tailing.sidecar.view.tally.requests == count


def test_what_is_shown_is_of_one_instant(tailing: Tailing) -> None:
    view = tailing.sidecar.view
    tailing.write_requests(3)
    tailing.sidecar.drain()
    assert (view.tally.requests, view.standing.followed_files) == (0, 0), "what was taken hold of never changes"
    view = tailing.sidecar.view
    assert (view.tally, view.created) == (tailing.ledger.published.tally, tailing.ledger.published.created)
