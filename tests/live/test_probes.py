"""Each thing that a tailer lacks is named in words, and a loop that stands still is noticed by the clock alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from words import powerless, request, write

from logship.config import Config, Source
from logship.config.schema import StateOptions
from logship.expose import ServeOptions
from logship.live import Tailer
from logship.live.probes import Probes, missing_files, missing_state
from logship.live.vitals import Vitals

Start = Callable[[Config], Tailer]


@pytest.fixture
def start(built: Start) -> Start:
    return built


def config(pattern: Path, state: Path | None = None, **serve: float) -> Config:
    return Config(
        sources=(Source(paths=(str(pattern),)),),
        poll_seconds=0.5,
        serve=ServeOptions(listen="127.0.0.1:0", **serve),  # type: ignore[arg-type]  # require_files is a bool
        state=StateOptions(file=None if state is None else str(state)),
    )


def test_a_tailer_is_ready_when_it_has_counted_what_was_there(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "a.log", request())
    wanted = config(tmp_path / "*.log", tmp_path / "state.db")
    sidecar = start(wanted).sidecar
    probes = Probes(sidecar, Vitals(print), lambda: wanted, lambda: 0.0)
    assert probes.missing() == ["still reading what was there at the start"]
    sidecar.drain()
    assert probes.missing() == []


def test_a_loop_that_stands_still_is_told_after_its_time_and_no_more_when_it_turns(
    tmp_path: Path, start: Start
) -> None:
    wanted = config(tmp_path / "*.log", stalled_seconds=10.0)
    sidecar = start(wanted).sidecar
    now = sidecar.turned_at
    probes = Probes(sidecar, Vitals(print), lambda: wanted, lambda: now)
    assert probes.stall() is None
    now += 10.5
    assert probes.stall() is None
    now += 0.5
    assert probes.stall() == "the loop has not turned for 11 s"
    sidecar.turned_at = now
    assert probes.stall() is None


def test_each_pass_of_a_drain_is_a_turn_of_the_loop(tmp_path: Path, start: Start) -> None:
    """Else a tailer that catches up with gigabytes would be killed for it."""
    sidecar = start(config(tmp_path / "*.log")).sidecar
    write(tmp_path / "a.log", *[request()] * 15_000)
    clock = iter(range(1000, 2000))
    sidecar._monotonic = lambda: next(clock)
    sidecar._turn_bytes = 1 << 20
    turned = []

    def note() -> bool:
        turned.append(sidecar.turned_at)
        return False

    sidecar.drain(until=note)
    assert len(turned) > 2
    assert turned == sorted(set(turned))


def test_a_state_that_cannot_be_saved_is_missing_until_it_can(tmp_path: Path, start: Start) -> None:
    wanted = config(tmp_path / "*.log")
    sidecar = start(wanted).sidecar
    sidecar.drain()
    vitals = Vitals(lambda *_, **__: None)
    probes = Probes(sidecar, vitals, lambda: wanted, lambda: 0.0)
    vitals.unsaved("state file /state/a.db: cannot write: database or disk is full")
    assert probes.missing() == [
        "the state cannot be saved: state file /state/a.db: cannot write: database or disk is full"
    ]
    vitals.saved_again()
    assert probes.missing() == []


def test_no_file_is_missing_only_where_one_is_required(tmp_path: Path) -> None:
    pattern = str(tmp_path / "logs" / "*.log")
    assert list(missing_files(pattern, is_required=False)) == []
    assert list(missing_files(pattern, is_required=True)) == [f"{pattern}: no such file"]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "gone.log").symlink_to("nowhere")
    assert list(missing_files(pattern, is_required=True)) == [f"{pattern}: no such file"]
    write(tmp_path / "logs" / "a.log", request())
    assert list(missing_files(pattern, is_required=True)) == []


@pytest.mark.parametrize("is_required", [False, True])
def test_a_file_that_may_not_be_read_is_missing_and_so_is_a_directory(is_required: bool) -> None:  # noqa: FBT001
    with powerless() as directory:
        logs = directory / "logs"
        logs.mkdir()
        write(logs / "a.log", request())
        write(logs / "b.log", request())
        (logs / "b.log").chmod(0)
        pattern = str(logs / "*.log")
        assert list(missing_files(pattern, is_required=is_required)) == [f"{logs}/b.log: may not be read"]
        logs.chmod(0)
        assert list(missing_files(pattern, is_required=is_required)) == [f"{logs}: may not be listed"]
        logs.chmod(0o700)


def test_a_state_directory_that_is_gone_or_may_not_be_written_to_is_missing() -> None:
    with powerless() as directory:
        state = directory / "state"
        assert missing_state(state / "a.db") == [f"state directory {state}: No such file or directory"]
        state.mkdir()
        assert missing_state(state / "a.db") == []
        (state / "a.db").touch(0o400)
        assert missing_state(state / "a.db") == [f"state file {state}/a.db: {state}/a.db may not be written to"]
        (state / "a.db").chmod(0o600)
        for mode in (0o500, 0o600, 0):
            state.chmod(mode)
            assert missing_state(state / "a.db") == [f"state file {state}/a.db: {state} may not be written to"]
        state.chmod(0o700)
