"""More files than descriptors: those that rest are closed, and nothing of them is lost or counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from words import Told, copytruncate, rotate, write

from logship.read import Follower, FollowOptions, Sources

MAX_OPEN = 8


class Crowd:
    """A follower of many files that may hold few of them open."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.told = Told()
        self.now = 1000.0
        options = FollowOptions(max_open_files=MAX_OPEN)
        self.follower = Follower(Sources.single([str(directory / "*.log")]), options, self.told)
        self.most_open = 0

    def path(self, number: int) -> Path:
        return self.directory / f"{number:04}.log"

    def poll(self) -> list[str]:
        """Look and read until no file waits; return the lines."""
        lines: list[bytes] = []
        for _ in range(1000):
            self.now += 1
            self.follower.look(self.now)
            self.most_open = max(self.most_open, len(self.follower.generations))
            for batch in self.follower.batches():
                lines += batch.lines.split(b"\n")[:-1]
            if not self.follower.has_waiting:
                return [line.decode() for line in lines]
        raise AssertionError("a file waits for ever")


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(tmp_path)


def test_a_thousand_files_are_read_through_a_few_descriptors(crowd: Crowd) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(1000):
        write(crowd.path(number), f"first of {number}")
    assert sorted(crowd.poll()) == sorted(f"first of {number}" for number in range(1000))
    assert crowd.most_open <= MAX_OPEN
    assert crowd.follower.followed_files == 1000
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + MAX_OPEN
    for number in range(0, 1000, 7):
        write(crowd.path(number), f"second of {number}")
    assert sorted(crowd.poll()) == sorted(f"second of {number}" for number in range(0, 1000, 7))
    assert crowd.poll() == []
    crowd.follower.close()


def test_a_half_line_in_a_parked_file_is_completed(crowd: Crowd) -> None:
    crowd.path(0).write_bytes(b"whole\nha")
    for number in range(1, 3 * MAX_OPEN):
        write(crowd.path(number), str(number))
    assert "whole" in crowd.poll()
    write(crowd.path(0), "lf")
    assert crowd.poll() == ["half"]
    crowd.follower.close()


def test_a_parked_file_that_was_empty_is_read_from_its_start(crowd: Crowd) -> None:
    for number in range(3 * MAX_OPEN):
        crowd.path(number).touch()
    assert crowd.poll() == []
    for number in range(3 * MAX_OPEN):
        write(crowd.path(number), str(number))
    assert sorted(crowd.poll(), key=int) == [str(number) for number in range(3 * MAX_OPEN)]
    assert ("0000.log", "replaced") not in crowd.told.events
    crowd.follower.close()


def test_a_parked_file_that_is_renamed_out_of_the_glob_keeps_its_unread_tail(crowd: Crowd) -> None:
    for number in range(3 * MAX_OPEN):
        write(crowd.path(number), f"first of {number}")
    crowd.poll()
    write(crowd.path(0), "unread")
    rotate(crowd.path(0))
    write(crowd.path(0), "anew")
    assert sorted(crowd.poll()) == ["anew", "unread"]
    crowd.follower.close()


def test_a_parked_file_that_is_truncated_after_a_copy_keeps_what_only_the_copy_holds(crowd: Crowd) -> None:
    for number in range(3 * MAX_OPEN):
        write(crowd.path(number), f"first of {number}")
    crowd.poll()
    write(crowd.path(0), "only in the copy")
    copytruncate(crowd.path(0), crowd.path(0).with_suffix(".copy"))
    write(crowd.path(0), "anew")
    assert sorted(crowd.poll() + crowd.poll()) == ["anew", "only in the copy"]
    crowd.follower.close()
