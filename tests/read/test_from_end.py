"""Started from the end, what is there is past, and everything that comes is counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from words import Followed, Tailed, rotate, write, write_half


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_lines_there_at_the_first_start_are_past(log: Path) -> None:
    write(log, "old")
    followed = Followed(log, from_end=True)
    assert followed.poll() == []
    write(log, "new")
    assert followed.poll() == ["new"]
    followed.close()


def test_a_line_that_is_being_written_at_the_first_start_is_counted_whole(log: Path) -> None:
    write(log, "old")
    write_half(log, "half and ")
    followed = Followed(log, from_end=True)
    assert followed.poll() == []
    write(log, "half")
    assert followed.poll() == ["half and half"]
    followed.close()


def test_a_file_without_a_line_end_in_reach_is_taken_from_its_end(log: Path) -> None:
    write_half(log, "x" * 5000)
    followed = Followed(log, from_end=True, max_line_bytes=1024)
    assert followed.poll() == []
    write(log, "rest", "new")
    assert followed.poll() == ["rest", "new"]
    followed.close()


@pytest.mark.parametrize("content", ["", "one\n"])
def test_files_that_come_later_are_read_from_their_beginning(tmp_path: Path, content: str) -> None:
    write_half(tmp_path / "app.log", content)
    followed = Followed(tmp_path / "*.log", from_end=True)
    assert followed.poll() == []
    write(tmp_path / "other.log", "two")
    rotate(tmp_path / "app.log")
    write(tmp_path / "app.log", "three")
    assert sorted(followed.poll()) == ["three", "two"]
    followed.close()


def test_files_that_came_while_down_are_read_from_their_beginning(log: Path) -> None:
    write(log, "old")
    tailed = Tailed(log.with_name("*.log"), from_end=True)
    write(log, "one")
    tailed.poll()
    write(log, "two")
    tailed.stop()
    write(log, "three")
    write(log.with_name("other.log"), "four")
    tailed.start()
    assert sorted(tailed.poll()) == ["four", "three"]


def test_more_files_than_may_be_open_are_all_taken_from_their_end(tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path / f"{number}.log", "old")
    followed = Followed(tmp_path / "*.log", from_end=True)
    assert [line for _ in range(3) for line in followed.poll()] == []
    write(tmp_path / "299.log", "new")
    assert [line for _ in range(3) for line in followed.poll()] == ["new"]
    followed.close()


def test_what_is_excluded_is_never_read_whatever_it_is_called(tmp_path: Path) -> None:
    write(tmp_path / "state.db", "not a log")
    write(tmp_path / "app.log", "one")
    (tmp_path / "link.db").symlink_to("state.db")
    followed = Followed(tmp_path / "*", excluded=[os.path.realpath(tmp_path / "state.db")])
    assert followed.poll() == ["one"]
    followed.close()
