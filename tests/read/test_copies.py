"""A file that holds nothing but what was counted is never read, whatever it is called and however it came to be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from words import Followed, Tailed, rotate, write

from logship.read.rotation import is_name_of_copy, names_of_originals

LINES = [f"line {number}" for number in range(200)]

either_glob = pytest.mark.parametrize("glob", ["app.log", "app.log*"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def assert_counted_once(lines: list[bytes] | list[str], expected: list[str]) -> None:
    assert sorted(line.decode() if isinstance(line, bytes) else line for line in lines) == sorted(expected)


@either_glob
@pytest.mark.parametrize("count", [3, 200], ids=["shorter than a head", "longer"])
def test_a_copy_that_ends_before_what_was_read(log: Path, glob: str, count: int) -> None:
    """logrotate takes its time between copy and truncation, and the application writes on."""
    followed = Followed(log.with_name(glob))
    write(log, *LINES[:count])
    followed.poll()
    shutil.copyfile(log, log.with_name("app.log.1"))
    followed.poll()
    write(log, "between")
    followed.poll()
    os.truncate(log, 0)
    followed.poll()
    write(log, "next")
    followed.poll()
    followed.poll_until_let_go()
    assert_counted_once(followed.lines, [*LINES[:count], "between", "next"])
    followed.close()


@either_glob
def test_a_copy_that_ends_before_what_was_read_and_a_kill(log: Path, glob: str) -> None:
    tailed = Tailed(log.with_name(glob))
    write(log, *LINES)
    tailed.poll()
    shutil.copyfile(log, log.with_name("app.log.1"))
    write(log, "between")
    tailed.stop()
    os.truncate(log, 0)
    write(log, "next")
    tailed.start()
    tailed.poll()
    tailed.poll_until_let_go()
    assert_counted_once(tailed.lines, [*LINES, "between", "next"])


@pytest.mark.parametrize("end", ["cut", "rotated"])
def test_a_copy_that_somebody_made_for_himself(log: Path, end: str) -> None:
    followed = Followed(f"{log}*")
    write(log, *LINES)
    followed.poll()
    shutil.copyfile(log, f"{log}.bak")
    followed.poll()
    write(log, "more")
    followed.poll()
    if end == "cut":
        os.truncate(log, 0)
    else:
        rotate(log)
    followed.poll()
    write(log, "next")
    followed.poll()
    followed.poll_until_let_go()
    assert_counted_once(followed.lines, [*LINES, "more", "next"])
    followed.close()


def test_copies_of_a_log_that_is_never_cut(log: Path) -> None:
    """logrotate's `copy`: each copy begins with the one before it."""
    followed = Followed(f"{log}*")
    days = [[f"day {day} line {number}" for number in range(200)] for day in range(3)]
    for day in days:
        write(log, *day)
        followed.poll()
        if (older := log.with_name("app.log.1")).exists():
            older.rename(log.with_name("app.log.2"))
        shutil.copyfile(log, log.with_name("app.log.1"))
        followed.poll()
    log.write_bytes(b"")
    write(log, "next")
    followed.poll()
    followed.poll_until_let_go()
    assert_counted_once(followed.lines, [line for day in days for line in day] + ["next"])
    followed.close()


@pytest.mark.parametrize("path", ["/a/app.log.1", "/a/app-20261123.log", "/a/app.2.log", "/a/x.app.log", "/a/plain"])
def test_names_of_originals_are_all_that_a_copy_can_be_named_after(path: str) -> None:
    names = set(names_of_originals(path))
    assert path not in names
    candidates = ["/a/app.log", "/a/app", "/a/app.log.1", "/a/x.app", "/a/x.log", "/a/pla", "/a/app.2", "/b/app.log"]
    for name in candidates:
        if is_name_of_copy(name, path):
            assert name in names
