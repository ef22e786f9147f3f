"""`logship state` at 3 a.m.: age, holder, lag; looking leaves nothing behind; reset asks, and refuses while in use."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crash.tailing import command
from words import powerless, request, rotate, write

from logship.checkpoint import SqliteStore
from logship.checkpoint.store import Change
from logship.cli.main import main
from logship.measure import Tally
from logship.model import Excerpt, FileKey, Position


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    write(path, request())
    return path


@pytest.fixture
def store(tmp_path: Path, log: Path) -> Iterator[SqliteStore]:
    """Return an open store that has 10 bytes of a log counted."""
    store = SqliteStore(str(tmp_path / "state.db"), buckets=(1.0,))
    store.open()
    store.load()
    status, nothing = log.stat(), Excerpt(0, b"")
    key = FileKey(status.st_dev, status.st_ino)
    position = Position(str(log), key, 10, status.st_size, nothing, nothing)
    store.write(Change(Tally(), (), {}, {1: position}, {}))
    yield store
    store.close()


def shown(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["state", "show", "--json", str(file)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_logs_whose_names_are_no_unicode_are_shown_apart(
    tmp_path: Path, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = [tmp_path / os.fsdecode(name) for name in (b"caf\xe8.log", b"caf\xe9.log")]
    for log in logs:
        write(log, request())
    keys = [FileKey(log.stat().st_dev, log.stat().st_ino) for log in logs]
    nothing = Excerpt(0, b"")
    positions = {number: Position(str(logs[number]), keys[number], 7, 9, nothing, nothing) for number in range(2)}
    store.write(Change(Tally(), (), {}, positions, {}))
    file = tmp_path / "state.db"
    behind = logs[0].stat().st_size - 7
    found = {Path(each["path"]).name: each["behind_bytes"] for each in shown(file, capsys)["positions"]}
    assert found.items() >= {"caf\\udce8.log": behind, "caf\\udce9.log": behind}.items()
    assert main(["state", "show", str(file)]) == 0
    assert "caf\\udce9.log" in capsys.readouterr().out
    assert main(["doctor", "--json", str(tmp_path / "caf*.log"), "--state", str(file)]) in (0, 1)
    checks = {each["check"]: each for each in json.loads(capsys.readouterr().out)["findings"]}
    assert f"{2 * behind} bytes beyond" in checks["state.behind"]["says"]
    assert "state.files" not in checks


def test_show_tells_who_holds_it_and_how_far_each_log_has_grown(
    tmp_path: Path, log: Path, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "state.db"
    while_held = shown(file, capsys)
    assert while_held["held_by"] == os.getpid()
    assert while_held["positions"] == [{"path": str(log), "offset": 10, "behind_bytes": log.stat().st_size - 10}]
    store.close()
    assert shown(file, capsys)["held_by"] is None
    assert main(["state", "show", str(file)]) == 0
    text = capsys.readouterr().out
    assert "held by no tailer, schema " in text
    assert f"{log.stat().st_size - 10:>12}  {10:>14}  {log}" in text


def test_a_log_that_was_rotated_away_has_no_lag_of_its_own(
    tmp_path: Path, log: Path, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert store.path
    rotate(log)
    (position,) = shown(tmp_path / "state.db", capsys)["positions"]
    assert position["behind_bytes"] is None


@pytest.mark.parametrize("ask", ["show", "verify"])
def test_looking_leaves_nothing_beside_a_state_that_rests(tmp_path: Path, store: SqliteStore, ask: str) -> None:
    store.close()
    before = sorted(tmp_path.iterdir())
    assert main(["state", ask, str(tmp_path / "state.db")]) == 0
    assert sorted(tmp_path.iterdir()) == before


def test_a_state_can_be_looked_at_in_a_directory_that_is_closed_to_writing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with powerless() as directory:
        store = SqliteStore(str(directory / "state.db"), buckets=(1.0,))
        store.open()
        store.close()
        directory.chmod(0o500)
        code = main(["state", "show", str(directory / "state.db")])
        directory.chmod(0o700)
    assert (code, capsys.readouterr().err) == (0, "")


def test_reset_refuses_while_a_tailer_holds_it_and_names_the_process(
    tmp_path: Path, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert store.path
    assert main(["state", "reset", "--yes", str(tmp_path / "state.db")]) == 1
    assert f"in use by process {os.getpid()}" in capsys.readouterr().err
    assert (tmp_path / "state.db").exists()


@pytest.mark.parametrize(("answer", "is_there"), [(b"n\n", True), (b"\n", True), (b"y\n", False)])
def test_reset_asks_on_a_terminal(tmp_path: Path, store: SqliteStore, answer: bytes, is_there: bool) -> None:  # noqa: FBT001
    store.close()
    controlling, terminal = pty.openpty()
    with os.fdopen(controlling, "r+b", buffering=0) as typing, os.fdopen(terminal, "rb") as stdin:
        typing.write(answer)
        asked = [*command(), "state", "reset", str(tmp_path / "state.db")]
        done = subprocess.run(asked, stdin=stdin, capture_output=True, text=True, check=False)
    assert "[y/N]" in done.stderr
    assert done.returncode == is_there
    assert (tmp_path / "state.db").exists() is is_there


def test_reset_does_not_ask_where_nobody_could_answer(tmp_path: Path, store: SqliteStore) -> None:
    store.close()
    asked = [*command(), "state", "reset", str(tmp_path / "state.db")]
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert ".bad" in done.stdout
