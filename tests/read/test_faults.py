"""What cannot be read now is looked for later, and what belongs to the tailer itself is never opened."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from words import Followed, Tailed, copytruncate, rotate, write

from logship.checkpoint import SqliteStore
from logship.checkpoint.place import files_of
from logship.checkpoint.store import Change
from logship.measure import DEFAULT_BUCKETS, Tally
from logship.read.siblings import Neighbourhood


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_a_read_that_fails_before_a_rotation_loses_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    followed = Followed(log)
    write(log, "one")
    followed.poll()
    write(log, "two")
    followed.look()

    def fail(*_: object) -> bytes:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as failing:
        failing.setattr(os, "pread", fail)
        followed.read()
    rotate(log)
    write(log, "three")
    followed.poll()
    followed.poll_until_let_go()
    assert sorted(followed.lines) == [b"one", b"three", b"two"]
    followed.close()


@pytest.mark.parametrize("from_end", [False, True])
def test_a_log_that_was_silent_so_far_is_known_after_a_kill(log: Path, *, from_end: bool) -> None:
    if from_end:
        write(log, "past")
    else:
        log.touch()
    tailed = Tailed(log, from_end=from_end)
    tailed.poll()
    tailed.kill()
    write(log, "one")
    rotate(log)
    write(log, "two")
    tailed.start()
    tailed.poll()
    assert sorted(tailed.lines) == ["one", "two"]


def test_looking_around_leaves_the_locks_of_the_state_file_alone(tmp_path: Path) -> None:
    """Closing any descriptor of a file drops all locks of the process on it (POSIX): others would delete the log."""
    path = tmp_path / "state.db"
    store = SqliteStore(str(path), buckets=DEFAULT_BUCKETS)
    store.open()
    store.load()
    store.write(Change(Tally(not_request=1), (), {}, {}, {}))
    assert Neighbourhood(files_of(str(path))).of(str(tmp_path)) is not None
    somebody = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM counts'); c.close()"
    subprocess.run([sys.executable, "-c", somebody, path], check=True, timeout=30)
    store.write(Change(Tally(not_request=2), (), {}, {}, {}))
    assert (tmp_path / "state.db-wal").exists()
    store.close()


@pytest.mark.parametrize("is_longer", [False, True], ids=["shorter than what was seen", "longer"])
@pytest.mark.parametrize("is_begun", [False, True], ids=["nothing was read", "some was read"])
def test_what_is_cut_between_the_look_and_the_read_is_read_in_its_copy(
    log: Path, *, is_longer: bool, is_begun: bool
) -> None:
    followed = Followed(log)
    write(log, "past")
    followed.poll()
    rotate(log)
    followed.poll_until_let_go()
    if is_begun:
        write(log, "begun")
        followed.poll()
    old = [f"unread {number}" for number in range(50)]
    new = [f"new {number}" for number in range(500 if is_longer else 5)]
    write(log, *old)
    followed.look()
    log.with_name("app.log.1").rename(log.with_name("app.log.2"))
    copytruncate(log, log.with_name("app.log.1"))
    write(log, *new)
    followed.read()
    followed.poll()
    followed.poll_until_let_go()
    assert sorted(followed.lines) == sorted(line.encode() for line in ["past", *["begun"] * is_begun, *old, *new])
    followed.close()
