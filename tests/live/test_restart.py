"""A sidecar that starts again on its state file goes on exactly, and none shows what is not saved."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live.driven import NoWaker
from words import LINGER, copytruncate, request, rotate, write, write_half

from logship.checkpoint import Ledger, SqliteStore
from logship.checkpoint.store import Change, Saved
from logship.errors import StateError
from logship.live.sidecar import TURN_BYTES, Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import Admission, Tally
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import Follower, FollowOptions, Sources


class SpyStore(SqliteStore):
    """A store that lets `before_write` look at the world just before each write, and may fail."""

    def __init__(self, path: str, before_write: Callable[[Change], None]) -> None:
        super().__init__(path, buckets=MeasureOptions().buckets)
        self.before_write = before_write
        self.writes = 0
        self.is_full = False

    def write(self, change: Change) -> None:
        self.before_write(change)
        if self.is_full:
            raise StateError("disk is full")
        super().write(change)
        self.writes += 1


class Tailing:
    """One life of a tailer over a state file."""

    def __init__(self, log: Path, pattern: str, state: Path) -> None:
        self.log = log
        self.now = 1000.0
        self.said: list[tuple[str, dict[str, object]]] = []
        self.store = SpyStore(str(state), lambda _: None)
        self.store.open()
        vitals = Vitals(lambda event, **fields: self.said.append((event, fields)))
        self.wall = 1000.0
        self.ledger = Ledger(
            Admission(), self.store, now=lambda: self.wall, failed=vitals.unsaved, recovered=vitals.saved_again
        )
        self.ledger.restore()
        self.follower = Follower(
            Sources.single([pattern]),
            FollowOptions(linger_seconds=LINGER),
            vitals,
            positions=self.ledger.published.positions,
            ended=self.ledger.ended,
        )
        waker = NoWaker()
        self.sidecar = Sidecar(
            follower=self.follower,
            pipeline=Pipeline(MeasureOptions()),
            ledger=self.ledger,
            gate=TurnGate(waker.wake),
            waker=waker,
            vitals=vitals,
            watch=lambda: None,
            monotonic=lambda: self.now,
            poll_seconds=7.0,
        )

    def write_requests(self, count: int) -> None:
        write(self.log, *[request()] * count)

    def told(self) -> list[str]:
        """Return what was said of the state."""
        return [event for event, _ in self.said if "state" in event]

    def drain_until_let_go(self) -> None:
        for _ in range(3):
            self.now += LINGER
            self.sidecar.drain()

    def stop(self) -> None:
        """Count what is there and end, as `run` does when it was told to stop."""
        self.sidecar.stop()
        self.sidecar.run()

    def die(self) -> None:
        """End without a commit, and give the lock back as the end of a process does."""
        self.follower.close()
        self.store.close()

    @property
    def tally(self) -> Tally:
        return self.ledger.published.tally


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Callable[..., Tailing]]:
    lives: list[Tailing] = []

    def start(pattern: str = "combined.log") -> Tailing:
        lives.append(Tailing(tmp_path / "combined.log", str(tmp_path / pattern), tmp_path / "state.db"))
        return lives[-1]

    yield start
    for life in lives:
        life.die()


Start = Callable[..., Tailing]


def load(tailing: Tailing) -> Saved:
    """Return what a tailer that was killed now would find."""
    reader = SqliteStore(tailing.store.path, buckets=MeasureOptions().buckets)
    reader.open()
    try:
        return reader.load()
    finally:
        reader.close()


@pytest.mark.parametrize("end", [Tailing.stop, Tailing.die], ids=["stopped", "killed"])
def test_numbers_and_positions_go_on_where_the_last_life_ended(tail: Start, end: Callable[[Tailing], None]) -> None:
    written = 0
    for life in range(4):
        tailing = tail()
        assert tailing.tally.requests >= written - life, "what was published is there again"
        tailing.write_requests(3)
        write_half(tailing.log, request()[:20])
        tailing.sidecar.drain()
        write(tailing.log, request()[20:])
        written += 4
        end(tailing)
    tailing = tail()
    tailing.sidecar.drain()
    assert tailing.tally.requests == tailing.tally.lines == written
    assert tailing.tally.read_bytes == tailing.log.stat().st_size
    (position,) = tailing.ledger.published.positions.values()
    assert position.offset == tailing.log.stat().st_size


def test_nothing_new_since_the_restart_commits_nothing(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(3)
    tailing.stop()
    tailing = tail()
    tailing.sidecar.drain()
    assert tailing.store.writes == 0
    assert tailing.tally.requests == 3


def test_no_snapshot_is_published_before_the_store_has_it(tail: Start) -> None:
    tailing = tail()
    seen: list[tuple[int, int]] = []
    tailing.store.before_write = lambda change: seen.append((tailing.tally.requests, change.tally.requests))
    tailing.write_requests(3 * TURN_BYTES // (len(request()) + 1) + 10)
    tailing.sidecar.drain()
    assert len(seen) >= 3
    assert all(published < written for published, written in seen)
    assert [published for published, _ in seen[1:]] == [written for _, written in seen[:-1]]
    assert seen[-1][1] == tailing.tally.requests


def test_whenever_it_is_killed_the_file_holds_at_least_what_was_published(tail: Start) -> None:
    """And never numbers without the position that belongs to them."""
    tailing = tail()
    width = len(request()) + 1
    published: list[int] = []
    tailing.write_requests(2 * TURN_BYTES // width + 10)

    def note_and_cut_short() -> bool:
        published.append(tailing.tally.requests)
        return True

    tailing.sidecar.drain(until=note_and_cut_short)
    tailing.die()
    saved = load(tailing)
    (position,) = saved.positions.values()
    assert saved.tally.requests == published[-1] == position.offset // width


def test_generations_that_ended_are_kept_so_that_their_return_repeats_nothing(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(3)
    tailing.sidecar.drain()
    away = tailing.log.rename(tailing.log.with_name("away"))
    tailing.drain_until_let_go()
    assert tailing.ledger.published.positions == {}
    tailing.stop()
    saved = load(tailing)
    assert saved.positions == {}
    (number,) = [number for number, position in saved.ended.items() if position.offset]
    away.rename(tailing.log)
    tailing = tail()
    tailing.write_requests(1)
    tailing.sidecar.drain()
    assert tailing.tally.requests == 4
    saved = load_after(tailing)
    assert list(saved.positions) == [number]
    assert number not in saved.ended


def load_after(tailing: Tailing) -> Saved:
    tailing.die()
    return load(tailing)


@pytest.mark.parametrize("pattern", ["combined.log", "combined*"])
@pytest.mark.parametrize("how", ["rename", "rename and compress", "copytruncate"])
def test_a_rotation_while_it_was_down_loses_and_repeats_nothing(tail: Start, pattern: str, how: str) -> None:
    tailing = tail(pattern)
    lines = [request(duration=number) for number in range(20)]
    write(tailing.log, *lines[:8])
    tailing.sidecar.drain()
    tailing.die()
    write(tailing.log, *lines[8:12])
    old = tailing.log.with_name("combined.log.1")
    if how == "copytruncate":
        copytruncate(tailing.log, old)
    else:
        rotate(tailing.log)
    if how == "rename and compress":
        old.with_name("combined.log.1.gz").write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
    write(tailing.log, *lines[12:])
    for _ in range(3):
        tailing = tail(pattern)
        tailing.sidecar.drain()
        assert tailing.tally.requests == 20
        (series,) = tailing.tally.series.values()
        assert series.sum_ns == sum(range(20)) * 1_000_000
        tailing.drain_until_let_go()
        tailing.die()


def test_bytes_that_vanished_while_it_was_down_are_counted_once(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(2)
    write_half(tailing.log, "unfinished")
    tailing.sidecar.drain()
    tailing.die()
    tailing.log.unlink()
    for _ in range(3):
        tailing = tail()
        tailing.sidecar.drain()
        assert tailing.tally.lost_bytes == 10
        tailing.die()


def test_a_store_that_fails_stops_neither_counting_nor_serving_and_is_told_once(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(1)
    tailing.sidecar.drain()
    tailing.store.is_full = True
    for _ in range(3):
        tailing.wall += 10
        tailing.write_requests(1)
        tailing.sidecar.drain()
    assert tailing.tally.requests == 4
    assert tailing.told() == ["cannot save the state, counting goes on"]
    standing = tailing.sidecar.view.standing
    assert (standing.checkpoint_errors, standing.saved_at) == (3, 1010.0)


def test_everything_is_saved_once_the_store_can_though_nothing_new_is_written(tail: Start) -> None:
    tailing = tail()
    for _ in range(2):
        tailing.store.is_full = True
        tailing.write_requests(2)
        tailing.sidecar.drain()
        tailing.sidecar.drain()
        tailing.store.is_full = False
        tailing.wall += 10
        tailing.sidecar.drain()
        assert tailing.sidecar.view.standing.saved_at == tailing.wall
    assert tailing.told() == ["cannot save the state, counting goes on", "the state is saved again"] * 2
    assert tailing.sidecar.view.standing.checkpoint_errors == 4
    tailing.die()
    saved = load(tailing)
    assert saved.tally.requests == 4
    (position,) = saved.positions.values()
    assert position.offset == tailing.log.stat().st_size


def test_an_idle_tailer_has_everything_saved_at_any_time(tail: Start) -> None:
    tailing = tail()
    tailing.sidecar.drain()
    writes = tailing.store.writes
    tailing.wall += 3600
    tailing.sidecar.drain()
    assert tailing.sidecar.view.standing.saved_at == tailing.wall
    assert tailing.store.writes == writes


def test_a_clock_that_is_set_back_changes_no_number_and_no_time_of_creation(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(2)
    tailing.sidecar.drain()
    before = tailing.ledger.published
    tailing.wall -= 86400
    tailing.write_requests(1)
    tailing.sidecar.drain()
    tailing.stop()
    tailing = tail()
    tailing.wall = 500.0
    write(tailing.log, request("/new"))
    tailing.sidecar.drain()
    after = tailing.ledger.published
    assert after.tally.requests == 4
    assert after.tally.last_event == before.tally.last_event
    assert {key[1]: at for (_, key), at in after.created.items()} == {"/api/heroes": 1000.0, "/new": 500.0}


@pytest.mark.parametrize("is_emptied", [True, False], ids=["no logs", "other logs"])
def test_a_state_file_of_other_logs_is_told_once_and_counting_goes_on(tail: Start, *, is_emptied: bool) -> None:
    tailing = tail()
    tailing.write_requests(3)
    tailing.stop()
    tailing.log.unlink()
    if not is_emptied:
        write(tailing.log, *[request("/of/another/application")] * 2)
    tailing = tail()
    for _ in range(3):
        tailing.sidecar.drain()
    strange = "none of the files that the state file knows was found: is it that of other logs?"
    assert [fields for event, fields in tailing.said if event == strange] == [{"files": 1}]
    assert tailing.tally.requests == (3 if is_emptied else 5)


def test_a_state_file_of_these_logs_is_nothing_to_speak_of(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(3)
    tailing.stop()
    for pattern in ("combined.log", "*.log"):
        tailing = tail(pattern)
        tailing.sidecar.drain()
        assert [event for event, _ in tailing.said] == ["resuming"]
        tailing.stop()
    tailing = tail()
    tailing.sidecar.drain()
    tailing.log.unlink()
    tailing.drain_until_let_go()
    assert [event for event, _ in tailing.said] == ["resuming", "rotated", "finished"]


def test_what_could_not_be_saved_before_a_kill_is_counted_again_not_lost(tail: Start) -> None:
    tailing = tail()
    tailing.write_requests(1)
    tailing.sidecar.drain()
    tailing.store.is_full = True
    tailing.write_requests(3)
    tailing.sidecar.drain()
    tailing.die()
    tailing = tail()
    tailing.sidecar.drain()
    assert tailing.tally.requests == 4
