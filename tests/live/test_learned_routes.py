"""A tailer that starts again learns on from the routes in its state file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from words import write

from logship.config import Config, Source
from logship.config.schema import StateOptions
from logship.expose import ServeOptions
from logship.live import build
from logship.measure import Tally

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LINE = '{"message":"HTTP Request","method":"GET","url":"/users/%s","status":200,"duration":1}'
USERS = [LINE % (one + two) for one in LETTERS[:6] for two in LETTERS]


def tailed(directory: Path, *lives: Sequence[str]) -> Tally:
    """Return what is committed after several lives of a tailer, before each of which lines were written."""
    directory.mkdir()
    config = Config(
        sources=(Source((str(directory / "app.log"),), labels={"app": "a"}),),
        serve=ServeOptions(listen="127.0.0.1:0"),
        state=StateOptions(file=str(directory / "state.db")),
    )
    for lines in lives:
        write(directory / "app.log", *lines)
        tailer = build(config, lambda _event, **_fields: None)
        tailer.sidecar.stop()
        tailer.run()
    return tailer.tally


def test_a_restart_changes_nothing_in_what_is_learned(tmp_path: Path) -> None:
    once = tailed(tmp_path / "once", USERS)
    again = tailed(tmp_path / "again", USERS[:90], USERS[90:110], USERS[110:])
    assert again.series == once.series
    assert [labels.route for labels in once.series if labels.route.endswith(":param")] == ["/users/:param"]
