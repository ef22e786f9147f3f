"""A tailer as it is built from a configuration, driven by its drains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from words import powerless, request, write

from logship.checkpoint import show, verify
from logship.config import Config, Source
from logship.config.schema import StateOptions
from logship.errors import StateError
from logship.expose import ServeOptions
from logship.live import Tailer, build
from logship.read import FollowOptions

Said = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def start(built: Callable[[Config], Tailer]) -> Callable[..., Tailer]:
    """Return a function that builds a tailer of the files of a pattern."""

    def begin(pattern: Path | str, state: Path | None = None, **more: Any) -> Tailer:
        return built(
            Config(
                sources=(Source((str(pattern),)),),
                serve=ServeOptions(listen="127.0.0.1:0"),
                state=StateOptions(file=None if state is None else str(state)),
                **more,
            )
        )

    return begin


Start = Callable[..., Tailer]


def test_a_tailer_never_follows_the_files_of_its_own_state(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "a.log", request())
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "state.db")
    tailer = start(tmp_path / "*", state=link)
    for number in range(3):
        tailer.sidecar.drain()
        assert tailer.sidecar.view.standing.followed_files == 1
        assert tailer.tally.lines == 1 + number
        write(tmp_path / "a.log", request())


def test_from_end_takes_what_is_there_from_its_end_and_what_comes_from_its_beginning(
    tmp_path: Path, start: Start
) -> None:
    write(tmp_path / "a.log", *[request()] * 5)
    tailer = start(tmp_path / "*.log", follow=FollowOptions(from_end=True))
    tailer.sidecar.drain()
    assert tailer.tally.requests == 0
    write(tmp_path / "a.log", request())
    write(tmp_path / "b.log", *[request()] * 2)
    tailer.sidecar.drain()
    assert tailer.tally.requests == 3


def test_a_state_file_that_was_removed_is_written_anew_and_that_is_said(
    tmp_path: Path, start: Start, said: Said
) -> None:
    log, state = tmp_path / "a.log", tmp_path / "state.db"
    write(log, *[request()] * 3)
    tailer = start(log, state=state)
    tailer.sidecar.drain()
    for each in tmp_path.glob("state.db*"):
        each.unlink()
    write(log, request())
    tailer.sidecar.drain()
    gone = "the state file was removed: everything is written into a new one"
    assert said[-1:] == [(gone, {"path": str(state)})]
    contents = show(str(state))
    (place,) = contents.positions
    assert (contents.requests, place.path, place.offset) == (4, str(log), log.stat().st_size)
    assert verify(str(state)) == []


def test_a_disk_that_is_really_full_is_told_counted_and_caught_up_with(
    tmp_path: Path, mounted: Callable[[str], Path], start: Start, said: Said
) -> None:
    log, disk = tmp_path / "a.log", mounted("256k")
    state, ballast = disk / "state.db", disk / "ballast"
    write(log, request())
    tailer = start(log, state=state)
    tailer.sidecar.drain()
    said.clear()
    for outage in range(1, 3):
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(512)):
                    pass
            except OSError:
                pass
        for number in range(40):
            write(log, request(f"/{outage}/{number}/{'x' * 200}"))
            tailer.sidecar.drain()
        standing = tailer.sidecar.view.standing
        assert standing.checkpoint_errors
        assert tailer.tally.requests == 1 + 40 * outage, "counting and serving go on"
        ballast.unlink()
        tailer.sidecar.drain()
        after = tailer.sidecar.view.standing
        assert standing.saved_at is not None
        assert after.saved_at is not None
        assert after.saved_at > standing.saved_at
        assert after.checkpoint_errors == standing.checkpoint_errors
        assert show(str(state)).requests == 1 + 40 * outage
        assert [event for event, _ in said] == [
            "cannot save the state, counting goes on",
            "the state is saved again",
        ]
        said.clear()


def test_a_directory_that_may_not_be_written_is_refused_at_the_start() -> None:
    with powerless() as directory:
        directory.chmod(0o500)
        config = Config(state=StateOptions(file=str(directory / "state.db")))
        with pytest.raises(StateError, match=r"state\.db.*Permission denied"):
            build(config, lambda *_, **__: None)
        directory.chmod(0o700)
