"""Real files, a clock driven by hand: every line is handed out exactly once, with the offsets it stands at.

That a batch holds the very bytes between its offsets, and ends behind a newline, `Followed` asserts at each read.
"""

from __future__ import annotations

import gzip
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from words import LINGER, Followed, copytruncate, move_on, powerless, recreate, rotate, winston_log, write, write_half


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "combined.log"


@pytest.fixture
def follow() -> Iterator[Callable[..., Followed]]:
    started: list[Followed] = []

    def start(*patterns: Path | str, max_line_bytes: int = 1 << 20) -> Followed:
        started.append(Followed(*patterns, max_line_bytes=max_line_bytes))
        return started[-1]

    yield start
    for followed in started:
        followed.close()


Follow = Callable[..., Followed]


def test_lines_there_at_the_start_and_lines_that_come_later_are_handed_out(log: Path, follow: Follow) -> None:
    write(log, "one", "two")
    followed = follow(log)
    assert followed.poll() == ["one", "two"]
    assert followed.poll() == []
    write(log, "three")
    assert followed.poll() == ["three"]
    assert [(batch.start, batch.end) for batch in followed.batches] == [(0, 8), (8, 14)]
    assert followed.told.since() == [("opened", "combined.log")]


def test_what_is_written_after_the_look_waits_for_the_next_one(log: Path, follow: Follow) -> None:
    write(log, "one")
    followed = follow(log)
    followed.look()
    write(log, "two")
    assert followed.read() == ["one"]
    assert followed.poll() == ["two"]


def test_half_a_line_waits_and_is_completed_once(log: Path, follow: Follow) -> None:
    write(log, "one")
    write_half(log, "tw")
    followed = follow(log)
    assert followed.poll() == ["one"]
    assert followed.behind_bytes == 2
    assert followed.poll(after=10 * LINGER) == []
    write_half(log, "o")
    assert followed.poll() == []
    write_half(log, "\nthr")
    assert followed.poll() == ["two"]
    write(log, "ee")
    assert followed.poll() == ["three"]
    assert [(batch.start, batch.end) for batch in followed.batches] == [(0, 4), (4, 8), (8, 14)]
    assert followed.behind_bytes == 0


def test_half_a_line_at_the_end_of_a_file_that_was_let_go_is_taken_as_it_is(log: Path, follow: Follow) -> None:
    write(log, "one")
    write_half(log, "half")
    followed = follow(log)
    assert followed.poll() == ["one"]
    log.unlink()
    assert followed.poll() == []
    assert followed.poll_until_let_go() == ["half"]
    assert (followed.batches[-1].start, followed.batches[-1].end) == (4, 8)
    assert followed.told.since() == [
        ("opened", "combined.log"),
        ("removed", "combined.log"),
        ("closed", "combined.log"),
    ]
    assert followed.names == []


@pytest.mark.parametrize("is_followed", [True, False], ids=["glob with old files", "newest name alone"])
def test_rename_keeps_the_unread_tail(log: Path, follow: Follow, *, is_followed: bool) -> None:
    followed = follow(f"{log}*" if is_followed else log)
    write(log, "one")
    assert followed.poll() == ["one"]
    write(log, "two")
    rotate(log)
    write(log, "three")
    assert sorted(followed.poll()) == ["three", "two"]
    renamed = "combined.log.1" if is_followed else "combined.log"
    assert followed.told.since() == [
        ("opened", "combined.log"),
        ("renamed", "combined.log"),
        ("opened", "combined.log"),
    ]
    followed.poll_until_let_go()
    assert followed.told.since() == ([] if is_followed else [("closed", renamed)])
    assert followed.names == (["combined.log.1", "combined.log"] if is_followed else ["combined.log"])


def test_several_rotations_between_two_looks_lose_nothing_that_still_stands(log: Path, follow: Follow) -> None:
    followed = follow(f"{log}*")
    write(log, "one")
    assert followed.poll() == ["one"]
    write(log, "two")
    for line in ("three", "four", "five"):
        rotate(log)
        write(log, line)
    assert sorted(followed.poll()) == ["five", "four", "three", "two"]
    assert followed.poll_until_let_go() == []


def test_a_file_that_was_open_is_read_to_its_end_though_its_name_was_pruned(log: Path, follow: Follow) -> None:
    followed = follow(f"{log}*")
    write(log, "one")
    followed.poll()
    write(log, "two")
    for _ in range(3):
        rotate(log, keep=1)
    assert followed.poll() == ["two"]
    assert ("removed", "combined.log") in followed.told.since()


def test_a_writer_that_keeps_the_old_file_after_the_rename_is_heard(log: Path, follow: Follow) -> None:
    followed = follow(log)
    with log.open("ab", buffering=0) as writer:
        writer.write(b"one\n")
        assert followed.poll() == ["one"]
        rotate(log)
        write(log, "new one")
        assert followed.poll() == ["new one"]
        for number in range(5):
            writer.write(b"late %d\n" % number)
            assert followed.poll(after=LINGER - 1) == [f"late {number}"]
    assert followed.poll_until_let_go() == []
    assert followed.names == ["combined.log"]


def test_a_line_that_came_since_the_look_is_not_lost_to_letting_go(log: Path, follow: Follow) -> None:
    followed = follow(log)
    with log.open("ab", buffering=0) as writer:
        writer.write(b"one\n")
        followed.poll()
        rotate(log)
        followed.poll()
        followed.look(after=2 * LINGER)
        writer.write(b"late\n")
        assert followed.read() == []
        assert followed.poll() == ["late"]


def test_a_file_is_let_go_only_after_it_was_read(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    followed.look()
    log.unlink()
    followed.look(after=LINGER)
    followed.look(after=LINGER)
    assert list(followed.follower.let_go(followed.now)) == []
    assert followed.read() == ["one"]


@pytest.mark.parametrize("are_looked_at", [True, False], ids=["look at each step", "look at the end"])
def test_winstons_moving_number_is_followed(tmp_path: Path, follow: Follow, *, are_looked_at: bool) -> None:
    """It writes combined.log, then combined1.log and so on, and deletes the oldest."""
    followed = follow(tmp_path / "combined*.log")
    write(winston_log(tmp_path, 0), "0")
    got = followed.poll()
    for number in range(1, 13):
        write(move_on(tmp_path, number, keep=20 if not are_looked_at else 3), str(number))
        if are_looked_at:
            got += followed.poll(after=1)
    got += followed.poll()
    assert got == [str(number) for number in range(13)], "in the order they were written"
    assert followed.poll_until_let_go() == []
    kept = 3 if are_looked_at else 13
    assert followed.names == [winston_log(tmp_path, number).name for number in range(13 - kept, 13)]


def test_winstons_tailable_rename_chain_is_followed(tmp_path: Path, follow: Follow) -> None:
    """With `tailable` every file moves up by one and combined.log is always the newest."""
    followed = follow(tmp_path / "combined*.log")
    newest, got = tmp_path / "combined.log", []
    for number in range(8):
        for older in range(2, -1, -1):
            if (path := winston_log(tmp_path, older)).exists():
                path.rename(winston_log(tmp_path, older + 1))
        write(newest, f"{number}a")
        got += followed.poll(after=1)
        write(newest, f"{number}b")
    got += followed.poll()
    assert got == [f"{number}{half}" for number in range(8) for half in "ab"]


def test_timestamped_names_are_followed(tmp_path: Path, follow: Follow) -> None:
    followed = follow(tmp_path / "app-*.log")
    got = []
    for day in range(1, 5):
        write(tmp_path / f"app-2026-01-0{day}.log", f"day {day}")
        got += followed.poll(after=1)
        write(tmp_path / f"app-2026-01-0{day}.log", f"night {day}")
    got += followed.poll()
    assert got == [f"{half} {day}" for day in range(1, 5) for half in ("day", "night")]


def test_delete_and_recreate_keeps_the_unread_tail_and_starts_anew(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    assert followed.poll() == ["one"]
    write(log, "two")
    recreate(log)
    write(log, "three")
    assert followed.poll() == ["two", "three"]
    assert followed.told.since() == [
        ("opened", "combined.log"),
        ("removed", "combined.log"),
        ("opened", "combined.log"),
    ]


def test_an_inode_that_is_given_again_is_a_new_file(log: Path, follow: Follow) -> None:
    followed = follow(log)
    for number in range(5):
        write(log, f"line {number}", "more")
        assert followed.poll() == [f"line {number}", "more"]
        log.unlink()
        assert followed.poll_until_let_go() == []


def test_many_files_deleted_and_recreated_between_looks_never_repeat_a_line(tmp_path: Path, follow: Follow) -> None:
    followed = follow(tmp_path / "*.log")
    for turn in range(20):
        for name in "abc":
            path = tmp_path / f"{name}.log"
            path.unlink(missing_ok=True)
            write(path, f"{name}{turn}")
        followed.poll(after=LINGER * (turn % 2))
    assert sorted(followed.lines) == sorted(f"{name}{turn}".encode() for name in "abc" for turn in range(20))


@pytest.mark.parametrize("regrown", ["x", "exactly", "much longer than before"])
def test_copytruncate_begins_anew_however_much_was_written_since(log: Path, follow: Follow, regrown: str) -> None:
    followed = follow(log)
    write(log, "one two")
    assert followed.poll() == ["one two"]
    copytruncate(log, log.with_suffix(".copy"))
    write(log, regrown)
    assert followed.poll() == [regrown]
    write(log, "and on")
    assert followed.poll() == ["and on"]
    told = [("opened", "combined.log"), ("replaced", "combined.log"), ("resumed", "combined.copy", "8")]
    assert followed.told.since() == told
    assert [batch.start for batch in followed.batches][1] == 0
    assert len({batch.generation for batch in followed.batches}) == 2


def test_copytruncate_seen_while_empty_begins_anew(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    followed.poll()
    copytruncate(log, log.with_suffix(".copy"))
    assert followed.poll() == []
    write(log, "one")
    assert followed.poll() == ["one"]


def test_a_replacement_within_one_tick_of_the_clock_is_seen(log: Path, follow: Follow) -> None:
    """Same size, same time of change: only the bytes tell."""
    write(log, "one")
    followed = follow(log)
    followed.poll()
    status = log.stat()
    os.truncate(log, 0)
    write(log, "two")
    os.utime(log, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert followed.poll(after=0.25) == ["two"]


def test_half_a_line_is_gone_with_the_content_that_was_replaced(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    write_half(log, "half")
    followed.poll()
    copytruncate(log, log.with_suffix(".copy"))
    write(log, "two")
    assert followed.poll() == ["two"]


def test_a_writer_that_goes_on_at_its_old_offset_after_copytruncate_loses_no_later_line(
    log: Path, follow: Follow
) -> None:
    """Such a writer did not open for appending; the hole it leaves reads as NULs in front of its next line."""
    followed = follow(log)
    with log.open("wb", buffering=0) as writer:
        writer.write(b"one\n")
        followed.poll()
        copytruncate(log, log.with_suffix(".copy"))
        writer.write(b"two\nthree\n")
    assert followed.poll() == ["two", "three"]


def test_an_atomic_replacement_of_a_file_is_a_new_file(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    followed.poll()
    write(log.with_suffix(".new"), "two", "three")
    log.with_suffix(".new").rename(log)
    assert followed.poll() == ["two", "three"]


def test_a_symlink_that_is_swapped_keeps_the_unread_tail_of_its_old_target(tmp_path: Path, follow: Follow) -> None:
    old, new, current = tmp_path / "a", tmp_path / "b", tmp_path / "current.log"
    write(old, "one")
    current.symlink_to(old)
    followed = follow(current)
    assert followed.poll() == ["one"]
    write(old, "two")
    write(new, "three")
    current.unlink()
    current.symlink_to(new)
    assert followed.poll() == ["two", "three"]
    write(old, "late")
    assert followed.poll() == ["late"]
    followed.poll_until_let_go()
    assert followed.told.since() == [
        ("opened", "current.log"),
        ("renamed", "current.log"),
        ("opened", "current.log"),
        ("closed", "current.log"),
    ]


def test_a_link_and_its_target_are_one_file(tmp_path: Path, follow: Follow) -> None:
    write(tmp_path / "a.log", "one")
    (tmp_path / "b.log").symlink_to("a.log")
    os.link(tmp_path / "a.log", tmp_path / "c.log")
    followed = follow(tmp_path / "*.log")
    assert followed.poll() == ["one"]
    assert followed.names == ["a.log"]


def test_an_empty_file_is_followed_and_no_batch_comes_of_it(log: Path, follow: Follow) -> None:
    log.touch()
    followed = follow(log)
    assert followed.poll() == []
    assert followed.batches == []
    assert followed.names == ["combined.log"]
    log.unlink()
    assert followed.poll_until_let_go() == []
    assert followed.names == []


def test_empty_lines_are_lines(log: Path, follow: Follow) -> None:
    write(log, "", "one", "", "")
    assert follow(log).poll() == ["", "one", "", ""]


def test_files_that_appear_later_are_read_from_their_beginning(tmp_path: Path, follow: Follow) -> None:
    followed = follow(tmp_path / "combined*.log", tmp_path / "other.log")
    assert followed.poll() == []
    write(tmp_path / "combined.log", "one")
    write(tmp_path / "other.log", "two")
    write(tmp_path / "unrelated.txt", "never")
    assert followed.poll() == ["one", "two"]
    assert followed.told.since() == [("opened", "combined.log"), ("opened", "other.log")]


@pytest.mark.parametrize("pattern", ["logs/*.log", "logs", "*/combined.log", "**/*.log"])
def test_a_directory_that_appears_later_is_followed(
    tmp_path: Path, follow: Follow, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    followed = follow(pattern)
    assert followed.poll() == []
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs" / "combined.log", "one")
    assert followed.poll() == ["one"]


def test_a_file_that_may_not_be_read_is_told_once_and_read_when_it_may() -> None:
    with powerless() as directory:
        log = directory / "combined.log"
        write(log, "one")
        log.chmod(0)
        followed = Followed(log)
        assert followed.poll() == []
        assert followed.poll() == []
        assert followed.told.since() == [("unreadable", "combined.log", "Permission denied")]
        log.chmod(0o600)
        assert followed.poll() == ["one"]
        assert followed.told.since() == [("opened", "combined.log")]
        followed.close()


def test_permissions_taken_while_a_file_is_open_change_nothing() -> None:
    with powerless() as directory:
        log = directory / "combined.log"
        followed = Followed(log)
        with log.open("ab", buffering=0) as writer:
            writer.write(b"one\n")
            assert followed.poll() == ["one"]
            log.chmod(0)
            writer.write(b"two\n")
            assert followed.poll() == ["two"]
        followed.close()


def test_a_directory_out_of_sight_for_long_repeats_no_line() -> None:
    with powerless() as directory:
        write(directory / "combined.log", "one")
        write_half(directory / "combined.log", "ha")
        followed = Followed(directory / "*.log")
        assert followed.poll() == ["one"]
        directory.chmod(0)
        assert followed.poll_until_let_go() == ["ha"]
        directory.chmod(0o700)
        write(directory / "combined.log", "lf", "two")
        assert followed.poll() == ["lf", "two"]
        followed.close()


def test_a_file_moved_away_and_back_is_read_on_where_reading_ended(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one", "two")
    followed.poll()
    away = log.rename(log.with_suffix(".away"))
    followed.poll_until_let_go()
    write(away, "three")
    away.rename(log)
    assert followed.poll() == ["three"]
    assert (followed.batches[-1].start, followed.batches[-1].end) == (8, 14)


def test_a_file_moved_away_cut_and_moved_back_is_read_from_its_beginning(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one", "two")
    followed.poll()
    away = log.rename(log.with_suffix(".away"))
    followed.poll_until_let_go()
    os.truncate(away, 0)
    write(away, "three", "four")
    away.rename(log)
    assert followed.poll() == ["three", "four"]


def test_a_read_that_fails_is_told_once_and_resumed_where_it_ended(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    write_half(log, "tw")
    followed.poll()
    (generation,) = followed.follower.generations
    directory = os.open(log.parent, os.O_RDONLY)
    os.dup2(directory, generation.descriptor)
    os.close(directory)
    write(log, "o", "three")
    assert followed.poll() == ["two", "three"]
    assert followed.poll() == []
    assert ("unreadable", "combined.log", "Is a directory") in followed.told.since()


def test_a_long_line_is_counted_in_bounded_memory(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "before")
    with log.open("ab") as file:
        for _ in range(10):
            file.write(b"x" * (1 << 20))
    write(log, "", "after")
    tracemalloc.start()
    try:
        assert followed.poll() == ["before", "after"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert followed.oversize == 1
    assert followed.batches[-1].end == log.stat().st_size
    assert peak < 2 << 20


def test_a_long_line_without_an_end_is_let_go_as_one_oversize_line(log: Path, follow: Follow) -> None:
    followed = follow(log, max_line_bytes=1024)
    write_half(log, b"x" * 5000)
    assert followed.poll() == []
    assert followed.behind_bytes == 5000
    log.unlink()
    assert followed.poll_until_let_go() == []
    assert followed.oversize == 1
    assert (followed.batches[-1].start, followed.batches[-1].end) == (0, 5000)


def test_a_compressed_file_is_refused_and_told_once(tmp_path: Path, follow: Follow) -> None:
    write(tmp_path / "combined.log", "one")
    (tmp_path / "combined.log.1.gz").write_bytes(gzip.compress(b"old\n"))
    followed = follow(tmp_path / "combined*")
    assert followed.poll() == ["one"]
    assert followed.poll() == []
    told = ("unreadable", "combined.log.1.gz", "compressed; replay reads it")
    assert followed.told.since() == [("opened", "combined.log"), told]


def test_a_compressed_file_that_was_empty_when_it_was_seen_is_refused_all_the_same(
    tmp_path: Path, follow: Follow
) -> None:
    """As gzip makes them: created first, filled later, and the creation wakes us."""
    archive = tmp_path / "combined.log.1.gz"
    archive.touch()
    followed = follow(tmp_path / "combined*")
    assert followed.poll() == []
    archive.write_bytes(gzip.compress(b"old\n"))
    assert followed.poll() == []
    assert followed.poll() == []
    told = ("unreadable", "combined.log.1.gz", "compressed; replay reads it")
    assert followed.told.since() == [("opened", "combined.log.1.gz"), told]
    assert followed.names == []


def test_rotating_and_compressing_a_followed_file_counts_its_lines_once(log: Path, follow: Follow) -> None:
    followed = follow(f"{log}*")
    write(log, "one")
    followed.poll()
    write(log, "two")
    rotate(log)
    old = log.with_name("combined.log.1")
    old.with_name("combined.log.1.gz").write_bytes(gzip.compress(old.read_bytes()))
    old.unlink()
    write(log, "three")
    assert sorted(followed.poll()) == ["three", "two"]
    assert followed.poll_until_let_go() == []


def test_an_error_log_beside_a_combined_log_is_never_read_though_that_one_goes_for_a_moment(
    tmp_path: Path, follow: Follow
) -> None:
    followed = follow(tmp_path / "*.log")
    write(tmp_path / "combined.log", "fine", "bad")
    write(tmp_path / "error.log", "bad")
    assert followed.poll() == ["fine", "bad"]
    (tmp_path / "combined.log").rename(tmp_path / "combined.log.1")
    assert followed.poll() == []
    write(tmp_path / "combined.log", "worse")
    write(tmp_path / "error.log", "worse")
    assert followed.poll() == ["worse"]
    assert followed.names == ["combined.log", "combined.log"]


def test_an_error_log_that_was_there_first_is_dropped_when_the_combined_log_comes(
    tmp_path: Path, follow: Follow
) -> None:
    """An application creates one after the other, and the creation of the first wakes us."""
    followed = follow(tmp_path / "*.log")
    (tmp_path / "error.log").touch()
    assert followed.poll() == []
    write(tmp_path / "combined.log", "fine", "bad")
    write(tmp_path / "error.log", "bad")
    assert followed.poll() == ["fine", "bad"]
    assert followed.names == ["combined.log"]
    assert ("unreadable", "error.log", "repeats the lines of combined.log beside it") in followed.told.since()


def test_generations_that_ended_are_named_once(log: Path, follow: Follow) -> None:
    followed = follow(log)
    write(log, "one")
    followed.poll()
    os.truncate(log, 0)
    followed.poll()
    log.unlink()
    followed.poll_until_let_go()
    assert list(followed.follower.retired) == [1, 2]


def test_closing_gives_back_every_descriptor(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    followed = Followed(tmp_path / "*")
    for number in range(20):
        write(tmp_path / f"{number}.log", str(number))
    (tmp_path / "old.gz").write_bytes(gzip.compress(b"old\n"))
    followed.poll()
    rotate(tmp_path / "3.log")
    followed.poll()
    followed.close()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_hole_longer_than_the_longest_line_costs_no_line(tmp_path: Path, follow: Follow) -> None:
    log = tmp_path / "combined.log"
    followed = follow(log, max_line_bytes=1024)
    with log.open("wb", buffering=0) as writer:  # without O_APPEND
        for number in range(100):
            writer.write(b"before %d " % number + b"x" * 90 + b"\n")
        assert len(followed.poll()) == 100
        copytruncate(log, tmp_path / "combined.log.1")
        writer.write(b"behind the hole\n")
        assert followed.poll() == ["behind the hole"]
        assert followed.oversize == 0
