"""A record that is missing for good is a number, told once, whatever is read late, twice, or after a restart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live.driven import NoWaker
from words import LINGER, rotate, write

from logship.checkpoint import Ledger, SqliteStore
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import Admission, Tally
from logship.measure.losses import GRACE_SECONDS
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import Follower, FollowOptions, Sources


def record(seq: int, boot_id: str = "b1", **fields: object) -> str:
    head = {"timestamp": "2026-11-23T12:00:00.000Z", "level": "info", "message": "x"}
    return json.dumps(head | fields | {"seq": seq, "boot_id": boot_id}, separators=(",", ":"))


class Life:
    """One life of a tailer of `combined.log*` with a state file and a clock driven by hand."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "combined.log"
        self.now = 1000.0
        store = SqliteStore(str(directory / "state.db"), buckets=MeasureOptions().buckets)
        store.open()
        vitals = Vitals(lambda *_, **__: None)
        self.ledger = Ledger(Admission(), store)
        self.ledger.restore()
        published = self.ledger.published
        options = FollowOptions(linger_seconds=LINGER)
        paths = [str(directory / "combined.log*")]
        self.sidecar = Sidecar(
            follower=Follower(
                Sources.single(paths), options, vitals, positions=published.positions, ended=self.ledger.ended
            ),
            pipeline=Pipeline(MeasureOptions()),
            ledger=self.ledger,
            gate=TurnGate(lambda: None),
            waker=NoWaker(),
            vitals=vitals,
            watch=lambda: None,
            monotonic=lambda: self.now,
            poll_seconds=7.0,
        )

    def drain(self, *, after: float = 0.0) -> int:
        """Read what is there, `after` so many seconds; return how many records are told as lost."""
        self.now += after
        self.sidecar.drain()
        return self.tally.lost_lines

    def drain_until_told(self) -> int:
        return max(self.drain(after=GRACE_SECONDS) for _ in range(3))

    def die(self) -> None:
        """End without a commit."""
        self.sidecar.follower.close()
        self.ledger.close()

    @property
    def tally(self) -> Tally:
        return self.ledger.published.tally


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Life]]:
    lives: list[Life] = []

    def begin() -> Life:
        if lives:
            lives[-1].die()
        lives.append(Life(tmp_path))
        return lives[-1]

    yield begin
    lives[-1].die()


Start = Callable[[], Life]


def test_a_gap_is_told_behind_the_grace_and_only_then(start: Start) -> None:
    life = start()
    write(life.log, record(1), record(4))
    assert life.drain() == 0
    assert life.drain(after=GRACE_SECONDS - 1) == 0
    assert life.drain(after=1) == 2
    turns = life.ledger.published.turns
    assert life.drain_until_told() == 2
    assert life.ledger.published.turns == turns, "nothing more is committed for it"


def test_a_gap_that_a_file_read_later_fills_is_never_told(start: Start) -> None:
    life = start()
    write(life.log, record(1), record(4))
    life.drain()
    life.drain(after=GRACE_SECONDS - 1)
    write(life.log.with_name("combined.log.1"), record(2), record(3))
    assert life.drain() == 0
    assert life.drain_until_told() == 0


def test_records_of_several_processes_read_twice_and_out_of_order_miss_nothing(start: Start) -> None:
    life = start()
    records = [record(number, boot_id) for number in range(1, 30) for boot_id in ("b1", "b2", "b3")]
    write(life.log, *records[40:])
    life.drain()
    write(life.log.with_name("combined.log.1"), *records[:50])
    assert life.drain_until_told() == 0
    assert life.tally.lines > len(records)


def test_a_file_that_was_deleted_unread_while_the_tailer_was_down_is_told_to_the_line(start: Start) -> None:
    life = start()
    write(life.log, *map(record, range(1, 11)))
    life.drain()
    life = start()
    write(life.log, *map(record, range(11, 18)))
    rotate(life.log)
    life.log.with_name("combined.log.1").unlink()
    write(life.log, *map(record, range(18, 25)))
    assert life.drain_until_told() == 7


@pytest.mark.parametrize("lives_between", [1, 3])
def test_what_was_told_is_told_after_a_restart_and_not_again(start: Start, lives_between: int) -> None:
    life = start()
    write(life.log, record(1), record(4))
    assert life.drain_until_told() == 2
    for _ in range(lives_between):
        life = start()
        assert life.tally.lost_lines == 2
        assert life.drain_until_told() == 2
    write(life.log, record(2), record(3), record(6))
    assert life.drain_until_told() == 3, "what turns up late is not taken back; the new gap is told"


def test_a_gap_is_known_again_after_a_restart_before_it_was_told(start: Start) -> None:
    life = start()
    write(life.log, record(1), record(4))
    assert life.drain() == 0
    life = start()
    assert life.drain() == 0
    assert life.drain_until_told() == 2


def test_requests_in_flight_are_known_again_after_a_restart(start: Start) -> None:
    life = start()
    write(life.log, record(1, message="HTTP Request", method="GET", route="/", status=200, duration=1, active=4))
    life.drain()
    told = life.tally.writers
    life = start()
    assert life.tally.writers == told
    in_flight = told["b1"].in_flight
    assert in_flight is not None
    assert in_flight.value == 3


def test_nothing_is_told_while_a_generation_is_sought(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold what is missing: after a restart a rotated file is found at the second look, or later."""
    life = start()
    write(life.log, record(1), record(4))
    life.drain()
    life.drain(after=GRACE_SECONDS - 1)
    with monkeypatch.context() as searching:
        searching.setattr(Follower, "is_settled", False)
        assert life.drain_until_told() == 0
    assert life.drain() == 2
