"""Restarts: whatever was done to the files while they were followed or while nobody looked, each line counts once.

A restart is a new follower that begins with the positions and the ended generations of the last commit, as a ledger
keeps them (`Tailed`). What was written and rotated away *between two looks* without ever being in sight of the pattern
is nobody's: it is no line that was readable in a followed file.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from packers import PACKERS
from words import LINGER, Tailed, copytruncate, powerless, request, rotate, winston_log, write, write_half

Numbers = Iterator[int]
Line = Callable[[], str]
Start = Callable[..., Tailed]


def _distinct() -> Line:
    numbers = count()
    return lambda: f"line {next(numbers)} {'x' * 50}"


def _tiny() -> Line:
    numbers = count()
    return lambda: str(next(numbers))


def _alike_at_first() -> Line:
    """Return what gives lines of which the first 1,100 bytes, more than any head, are the same."""
    numbers = count()
    return lambda: "=" * 1100 + str(next(numbers))


def _identical() -> Line:
    return request


LINES = {"distinct": _distinct, "tiny": _tiny, "alike at first": _alike_at_first, "identical": _identical}

every_line = pytest.mark.parametrize("kind", LINES)
every_glob = pytest.mark.parametrize("glob", ["combined*", "combined.log"])
up_and_down = pytest.mark.parametrize("is_down", [False, True], ids=["while followed", "while down"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "combined.log"


@pytest.fixture
def tail() -> Iterator[Start]:
    started: list[Tailed] = []

    def start(*patterns: Path | str) -> Tailed:
        started.append(Tailed(*patterns))
        return started[-1]

    yield start
    for tailed in started:
        tailed.followed.close()


class Writer:
    """Writes lines and knows them all."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.written: list[str] = []

    def write(self, path: Path, number: int) -> None:
        for _ in range(number):
            self.written.append(self.line())
            write(path, self.written[-1])

    def assert_counted_once(self, tailed: Tailed) -> None:
        assert Counter(tailed.lines) == Counter(self.written)


def through(tailed: Tailed, writer: Writer, log: Path, change: Callable[[], None], *, is_down: bool) -> None:
    """Have lines read and unread, then let `change` happen; write on, and restart twice more; each line counts once."""
    writer.write(log, 3)
    tailed.poll()
    writer.write(log, 2)
    if is_down:
        tailed.kill()
    change()
    writer.write(log, 2)
    if is_down:
        tailed.start()
    tailed.poll()
    tailed.poll(after=1)
    writer.assert_counted_once(tailed)
    for _ in range(2):
        writer.write(log, 1)
        tailed.restart()
        tailed.poll()
        writer.assert_counted_once(tailed)
    tailed.poll_until_let_go()
    tailed.restart()
    tailed.poll_until_let_go()
    writer.assert_counted_once(tailed)


def pack_away(path: Path, kind: str) -> None:
    """Compress as logrotate does: `path` becomes `path.gz`."""
    path.with_name(f"{path.name}.{kind}").write_bytes(PACKERS[kind](path.read_bytes()))
    path.unlink()


@every_line
@every_glob
@up_and_down
def test_rename_and_create(log: Path, tail: Start, kind: str, glob: str, *, is_down: bool) -> None:
    through(tail(log.parent / glob), Writer(LINES[kind]()), log, lambda: rotate(log), is_down=is_down)


@every_line
@up_and_down
def test_several_renames_at_once(log: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    writer = Writer(LINES[kind]())

    def rotate_often() -> None:
        for _ in range(3):
            rotate(log)
            writer.write(log, 2)

    through(tail(f"{log}*"), writer, log, rotate_often, is_down=is_down)


@every_line
@every_glob
def test_a_rename_at_each_restart(log: Path, tail: Start, kind: str, glob: str) -> None:
    tailed, writer = tail(log.parent / glob), Writer(LINES[kind]())
    for number in range(6):
        writer.write(log, number + 1)
        tailed.poll()
        writer.write(log, 2)
        tailed.kill()
        rotate(log)
        tailed.start()
        tailed.poll()
        writer.assert_counted_once(tailed)


@every_line
@every_glob
@up_and_down
@pytest.mark.parametrize("packed", PACKERS)
def test_rename_and_compress(log: Path, tail: Start, kind: str, glob: str, packed: str, *, is_down: bool) -> None:
    def rotate_and_pack() -> None:
        rotate(log)
        pack_away(log.with_name("combined.log.1"), packed)

    through(tail(log.parent / glob), Writer(LINES[kind]()), log, rotate_and_pack, is_down=is_down)


@pytest.mark.parametrize("kind", ["distinct", "tiny", "alike at first"])
def test_several_generations_are_compressed_while_down_and_none_takes_the_place_of_another(
    log: Path, tail: Start, kind: str
) -> None:
    tailed, writer = tail(f"{log}*"), Writer(LINES[kind]())
    for size in (2, 5, 3):
        writer.write(log, size)
        tailed.poll()
        rotate(log)
    writer.write(log, 4)
    tailed.poll()
    writer.write(log, 1)
    tailed.kill()
    rotate(log)
    writer.write(log, 6)
    for number in (4, 3):
        pack_away(log.with_name(f"combined.log.{number}"), "gz")
    tailed.start()
    tailed.poll()
    tailed.restart()
    tailed.poll()
    writer.assert_counted_once(tailed)


COPIES = {
    "combined.log.1": "combined*",
    "combined-20261123.log": "combined*",
    "elsewhere": "combined*",
    "old": "combined.log",
}


@pytest.mark.parametrize("kind", ["distinct", "tiny", "alike at first"])
@pytest.mark.parametrize(("copy", "glob"), COPIES.items())
@pytest.mark.parametrize("is_looked_at", [False, True], ids=["at once", "copy seen before the truncation"])
@up_and_down
def test_copytruncate(
    log: Path, tail: Start, kind: str, copy: str, glob: str, *, is_looked_at: bool, is_down: bool
) -> None:
    tailed, target = tail(log.parent / glob), log.with_name(copy)

    def copy_and_truncate() -> None:
        if is_looked_at and not is_down:
            target.touch()
            tailed.poll()
            target.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
            tailed.poll()
            target.write_bytes(log.read_bytes())
            tailed.poll()
            os.truncate(log, 0)
        else:
            copytruncate(log, target)

    through(tailed, Writer(LINES[kind]()), log, copy_and_truncate, is_down=is_down)


@every_glob
@up_and_down
def test_a_copy_that_is_overwritten_in_place_each_time(log: Path, tail: Start, glob: str, *, is_down: bool) -> None:
    """As `cp log log.1 && : > log` does: the copy keeps its inode."""
    tailed, writer, copy = tail(log.parent / glob), Writer(_distinct()), log.with_name("combined.log.1")
    for _ in range(4):
        writer.write(log, 3)
        tailed.poll()
        writer.write(log, 1)
        if is_down:
            tailed.kill()
        copytruncate(log, copy)
        writer.write(log, 2)
        if is_down:
            tailed.start()
        tailed.poll()
        writer.assert_counted_once(tailed)


@pytest.mark.parametrize("packed", PACKERS)
@every_glob
@up_and_down
def test_copytruncate_and_compress(log: Path, tail: Start, glob: str, packed: str, *, is_down: bool) -> None:
    def copy_truncate_and_pack() -> None:
        copytruncate(log, log.with_name("combined.log.1"))
        pack_away(log.with_name("combined.log.1"), packed)

    through(tail(log.parent / glob), Writer(_distinct()), log, copy_truncate_and_pack, is_down=is_down)


def test_a_kill_between_finding_the_copy_and_the_next_commit_repeats_nothing(log: Path, tail: Start) -> None:
    tailed, writer = tail(f"{log}*"), Writer(_distinct())
    writer.write(log, 3)
    tailed.poll()
    writer.write(log, 2)
    copytruncate(log, log.with_name("combined.log.1"))
    tailed.poll()
    tailed.kill()
    tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)


def test_what_is_being_looked_for_keeps_its_position_over_a_restart(log: Path, tail: Start) -> None:
    """The copy is compressed, and not yet to its end, when the tailer is killed."""
    tailed, writer, archive = tail(log), Writer(_distinct()), log.with_name("combined.log.1.gz")
    writer.write(log, 3)
    tailed.poll()
    writer.write(log, 2)
    packed = gzip.compress(log.read_bytes())
    archive.write_bytes(packed[:20])
    os.truncate(log, 0)
    writer.write(log, 1)
    tailed.restart()
    archive.write_bytes(packed)
    tailed.poll()
    writer.assert_counted_once(tailed)


def incompressible(number: int) -> list[str]:
    return [hashlib.sha256(str(each).encode()).hexdigest() * 8 for each in range(number)]


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("is_killed_often", [False, True], ids=["at a stretch", "killed at each step"])
def test_an_archive_that_is_still_being_written_is_read_as_it_grows(
    log: Path, tail: Start, packed: str, *, is_killed_often: bool
) -> None:
    lines = incompressible(2000)
    tailed = tail(log)
    write(log, *lines[:100])
    tailed.poll()
    write(log, *lines[100:])
    tailed.kill()
    stored = PACKERS[packed](log.read_bytes())
    log.unlink()
    tailed.start()
    archive = log.with_name(f"combined.log.1.{packed}")
    for part in (10, len(stored) // 3, len(stored) // 2, len(stored) - 4, len(stored)):
        archive.write_bytes(stored[:part])
        tailed.poll(after=LINGER - 1)
        assert tailed.lines == lines[: len(tailed.lines)]
        if is_killed_often:
            tailed.kill()
            tailed.start()
    tailed.poll()
    assert tailed.lines == lines
    assert not [event for event in tailed.told.events if event[0] == "vanished"]


def test_two_generations_wait_for_archives_and_each_gets_its_own(log: Path, tail: Start) -> None:
    tailed, writer = tail(f"{log}*"), Writer(_distinct())
    writer.write(log, 50)
    rotate(log)
    writer.write(log, 50)
    tailed.poll()
    writer.write(log.with_name("combined.log.1"), 3)
    writer.write(log, 3)
    tailed.kill()
    rotate(log)
    archives = {}
    for number in (1, 2):
        plain = log.with_name(f"combined.log.{number}")
        archives[log.with_name(f"{plain.name}.gz")] = gzip.compress(plain.read_bytes())
        plain.unlink()
    for archive, stored in archives.items():
        archive.write_bytes(stored[: len(stored) // 2])
    tailed.start()
    tailed.poll()
    for archive, stored in archives.items():
        archive.write_bytes(stored)
        tailed.poll(after=1)
    writer.assert_counted_once(tailed)


def test_an_archive_that_never_gets_complete_is_told_once_as_lost(log: Path, tail: Start) -> None:
    lines = incompressible(500)
    tailed = tail(log)
    write(log, *lines[:10])
    tailed.poll()
    write(log, *lines[10:])
    tailed.followed.look()
    write(log, "seen with what was unread before")
    tailed.poll()
    size = log.stat().st_size
    tailed.kill()
    tailed.positions[1] = tailed.positions[1]._replace(size=size + 100)  # as a look saw it, say
    stored = gzip.compress(log.read_bytes() + b"x" * 99 + b"\n")
    log.unlink()
    log.with_name("combined.log.1.gz").write_bytes(stored[: len(stored) // 2])
    tailed.start()
    tailed.poll()
    tailed.poll(after=2 * LINGER)
    vanished = [event for event in tailed.told.events if event[0] == "vanished"]
    assert vanished == [("vanished", "combined.log", "100")]
    tailed.restart()
    tailed.poll(after=2 * LINGER)
    assert [event for event in tailed.told.events if event[0] == "vanished"] == []


def take_the_inode_of(path: Path) -> None:
    """Delete and create `path` with the same inode, or skip the test where the file system does not reuse inodes."""
    inode = path.stat().st_ino
    path.unlink()
    for number in range(200):
        path.touch()
        if path.stat().st_ino == inode:
            return
        path.rename(path.with_name(f".other{number}"))
    pytest.skip("inodes are not reused here")


@pytest.mark.parametrize("kind", ["distinct", "tiny", "alike at first"])
def test_an_inode_that_is_reused_while_down_is_a_new_file(log: Path, tail: Start, kind: str) -> None:
    tailed, writer = tail(log), Writer(LINES[kind]())
    writer.write(log, 3)
    tailed.stop()
    take_the_inode_of(log)
    writer.write(log, 9)
    tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)


def test_an_inode_of_a_file_that_was_seen_to_go_proves_nothing_even_for_identical_lines(log: Path, tail: Start) -> None:
    tailed, writer = tail(log), Writer(request)
    writer.write(log, 3)
    tailed.poll()
    log.unlink()
    tailed.poll_until_let_go()
    tailed.stop()
    writer.write(log, 5)
    tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)


@every_line
@up_and_down
def test_delete_and_recreate(log: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    tailed, writer = tail(log), Writer(LINES[kind]())
    writer.write(log, 5)
    tailed.poll()
    if is_down:
        tailed.kill()
    else:
        writer.write(log, 2)
    log.unlink()
    writer.write(log, 3)
    if is_down:
        tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)
    tailed.restart()
    tailed.poll_until_let_go()
    writer.assert_counted_once(tailed)


@pytest.mark.parametrize("directories", [("a", "a"), ("a", "b")], ids=["one directory", "two directories"])
@every_line
@up_and_down
def test_a_symlink_that_is_swapped(
    tmp_path: Path, tail: Start, kind: str, directories: tuple[str, str], *, is_down: bool
) -> None:
    current = tmp_path / "current.log"
    targets = [tmp_path / directory / f"{number}.log" for number, directory in enumerate(directories)]
    for target in targets:
        target.parent.mkdir(exist_ok=True)
        target.touch()
    current.symlink_to(targets[0])

    def swap() -> None:
        current.unlink()
        current.symlink_to(targets[1])

    through(tail(current), Writer(LINES[kind]()), current, swap, is_down=is_down)


@up_and_down
def test_rotation_behind_a_symlink(tmp_path: Path, tail: Start, *, is_down: bool) -> None:
    """As the kubelet does: the link stays, its target is renamed and then compressed beside the new one."""
    target = tmp_path / "pods" / "0.log"
    target.parent.mkdir()
    target.touch()
    link = tmp_path / "heroes-api.log"
    link.symlink_to(target)

    def rotate_the_target() -> None:
        old = target.rename(target.with_name("0.log.20261123-064158"))
        target.touch()
        pack_away(old, "gz")

    through(tail(link), Writer(_distinct()), link, rotate_the_target, is_down=is_down)


@every_line
@up_and_down
def test_timestamped_names(tmp_path: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    tailed, writer = tail(tmp_path / "app-*.log"), Writer(LINES[kind]())
    for day in range(1, 6):
        today, yesterday = (tmp_path / f"app-2026-01-{each:02}.log" for each in (day, day - 1))
        if is_down:
            tailed.kill()
        if yesterday.exists():
            writer.write(yesterday, 1)
        writer.write(today, 2)
        if is_down:
            tailed.start()
        tailed.poll()
        writer.write(today, 1)
    tailed.poll()
    writer.assert_counted_once(tailed)


@every_line
@up_and_down
def test_winstons_moving_number(tmp_path: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    tailed, writer = tail(tmp_path / "combined*.log"), Writer(LINES[kind]())
    for number in range(13):
        writer.write(winston_log(tmp_path, number), 2)
        tailed.poll()
        writer.write(winston_log(tmp_path, number), 1)
        if is_down:
            tailed.kill()
            tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)


@every_line
@up_and_down
def test_winstons_tailable_rename_chain(tmp_path: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    tailed, writer = tail(tmp_path / "combined*.log"), Writer(LINES[kind]())
    for number in range(6):
        if is_down:
            tailed.kill()
        for older in range(number, 0, -1):
            winston_log(tmp_path, older - 1).rename(winston_log(tmp_path, older))
        writer.write(winston_log(tmp_path, 0), 2)
        if is_down:
            tailed.start()
        tailed.poll(after=1)
        writer.write(winston_log(tmp_path, 0), 1)
    tailed.poll()
    writer.assert_counted_once(tailed)


@up_and_down
def test_a_file_that_may_not_be_read_for_a_while(*, is_down: bool) -> None:
    with powerless() as directory:
        log = directory / "combined.log"
        tailed, writer = Tailed(log), Writer(_distinct())
        writer.write(log, 3)
        tailed.poll()
        writer.write(log, 2)
        if is_down:
            tailed.kill()
        log.chmod(0)
        if is_down:
            tailed.start()
        for _ in range(3):
            tailed.poll(after=LINGER)
        told = [event[0] for event in tailed.told.events]
        assert "vanished" not in told
        assert told.count("unreadable") == is_down
        log.chmod(0o600)
        tailed.poll()
        writer.write(log, 1)
        tailed.restart()
        tailed.poll()
        writer.assert_counted_once(tailed)
        tailed.kill()


def test_a_rotated_file_that_may_not_be_read_for_a_while_is_waited_for() -> None:
    with powerless() as directory:
        log = directory / "combined.log"
        tailed, writer = Tailed(log), Writer(_distinct())
        writer.write(log, 3)
        tailed.poll()
        writer.write(log, 2)
        tailed.kill()
        rotate(log)
        log.with_name("combined.log.1").chmod(0)
        tailed.start()
        for _ in range(3):
            tailed.poll(after=LINGER)
        assert [event[0] for event in tailed.told.events].count("unreadable") == 1
        tailed.restart()
        log.with_name("combined.log.1").chmod(0o600)
        tailed.poll()
        writer.assert_counted_once(tailed)
        tailed.kill()


def test_files_beside_that_may_not_be_read_are_nobodys_business() -> None:
    with powerless() as directory:
        log, secret = directory / "combined.log", directory / "btmp"
        write(secret, "secret")
        secret.chmod(0)
        write(log, "one")
        tailed = Tailed(log)
        tailed.stop()
        log.unlink()
        tailed.start()
        tailed.poll()
        assert [event for event in tailed.told.events if event[0] == "unreadable"] == []
        tailed.kill()


@every_glob
@up_and_down
def test_a_directory_that_is_missing_for_a_while(tmp_path: Path, tail: Start, glob: str, *, is_down: bool) -> None:
    logs, away = tmp_path / "logs", tmp_path / "away"
    logs.mkdir()

    def miss_the_directory() -> None:
        logs.rename(away)
        if is_down:
            tailed.start()
        for _ in range(3):
            tailed.poll(after=LINGER)
        if is_down:
            tailed.kill()
        assert "vanished" not in [event[0] for event in tailed.told.events]
        away.rename(logs)

    tailed = tail(logs / glob)
    through(tailed, Writer(_distinct()), logs / "combined.log", miss_the_directory, is_down=is_down)


@every_line
@up_and_down
def test_a_file_that_is_moved_away_and_back(tmp_path: Path, tail: Start, kind: str, *, is_down: bool) -> None:
    log, away = tmp_path / "combined.log", tmp_path / "elsewhere" / "combined.log"
    away.parent.mkdir()

    def move_away_and_back() -> None:
        log.rename(away)
        if is_down:
            tailed.start()
        for _ in range(3):
            tailed.poll(after=LINGER)
        if is_down:
            tailed.kill()
        away.rename(log)

    tailed = tail(log)
    through(tailed, Writer(LINES[kind]()), log, move_away_and_back, is_down=is_down)


def test_a_file_that_moved_to_another_followed_directory_is_known_there(tmp_path: Path, tail: Start) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    tailed, writer = tail(tmp_path / "*" / "*.log"), Writer(_distinct())
    writer.write(tmp_path / "a" / "combined.log", 3)
    tailed.poll()
    writer.write(tmp_path / "a" / "combined.log", 2)
    tailed.kill()
    (tmp_path / "a" / "combined.log").rename(tmp_path / "b" / "old.log")
    tailed.start()
    tailed.poll()
    writer.assert_counted_once(tailed)
    assert [event[0] for event in tailed.told.events] == ["resumed"]


def test_lines_that_vanished_are_told_once_with_their_bytes(log: Path, tail: Start) -> None:
    tailed = tail(log)
    write(log, "counted")
    write_half(log, "seen but unfinished")
    tailed.poll()
    tailed.kill()
    log.unlink()
    write(log, "another file")
    tailed.start()
    assert tailed.poll() == ["another file"]
    assert ("vanished", "combined.log", str(len("seen but unfinished"))) in tailed.told.since()
    tailed.restart()
    tailed.poll_until_let_go()
    assert "vanished" not in [event[0] for event in tailed.told.events]


def test_a_file_of_which_nothing_was_counted_yet_vanishes_with_all_its_bytes(log: Path, tail: Start) -> None:
    other = log.with_name("other.log")
    tailed = tail(log.with_name("*.log"))
    write_half(log, "unfinished")
    write(other, "one")
    tailed.poll()
    tailed.kill()
    log.unlink()
    tailed.start()
    tailed.poll()
    assert ("vanished", "combined.log", "10") in tailed.told.since()
    tailed.restart()
    tailed.poll()
    assert "vanished" not in [event[0] for event in tailed.told.events]
    assert list(tailed.positions) == [2]


@up_and_down
def test_a_file_that_was_counted_to_its_end_goes_without_a_word(log: Path, tail: Start, *, is_down: bool) -> None:
    tailed = tail(log)
    write(log, "one")
    tailed.poll()
    if is_down:
        tailed.kill()
    log.unlink()
    if is_down:
        tailed.start()
    tailed.poll_until_let_go()
    assert "vanished" not in [event[0] for event in tailed.told.events]
    assert tailed.positions == {}


def test_the_first_line_may_be_half_written_when_the_tailer_is_killed(log: Path, tail: Start) -> None:
    other = log.with_name("other.log")
    tailed = tail(log, other)
    write_half(log, "be")
    write(other, "one")
    tailed.poll()
    tailed.kill()
    write(log, "gun", "unread")
    rotate(log)
    write(log, "new")
    tailed.start()
    assert sorted(tailed.poll()) == ["begun", "new", "unread"]


@every_glob
def test_half_a_line_is_completed_once_across_restart_and_rotation(log: Path, tail: Start, glob: str) -> None:
    tailed = tail(log.parent / glob)
    with log.open("ab", buffering=0) as writer:
        writer.write(b"one\ntw")
        tailed.restart()
        rotate(log)
        writer.write(b"o\nthr")
        tailed.poll()
        tailed.restart()
        writer.write(b"ee\n")
        tailed.poll()
    assert tailed.lines == ["one", "two", "three"]


def test_a_writer_that_takes_back_its_unfinished_line_repeats_no_other(log: Path, tail: Start) -> None:
    tailed = tail(log)
    write(log, "one", "two")
    write_half(log, "torn")
    tailed.poll()
    os.truncate(log, len("one\ntwo\n"))
    write(log, "three")
    tailed.poll()
    assert tailed.lines == ["one", "two", "three"]


def test_more_files_than_are_remembered_of_those_that_ended_go_on_after_a_restart(tmp_path: Path, tail: Start) -> None:
    tailed, writer = tail(tmp_path / "*.log"), Writer(_distinct())
    paths = [tmp_path / f"{number}.log" for number in range(1100)]
    for path in paths:
        writer.write(path, 1)
    for _ in range(8):
        tailed.poll()
    tailed.kill()
    for path in paths[::7]:
        writer.write(path, 1)
    tailed.start()
    for _ in range(8):
        tailed.poll()
    assert len(tailed.followed.follower.generations) <= 256
    writer.assert_counted_once(tailed)


def test_an_end_that_was_taken_back_is_an_end_no_more(tmp_path: Path, tail: Start) -> None:
    """The file is found nowhere at the first look, and told as lost; then it comes back."""
    log, away = tmp_path / "combined.log", tmp_path / "away" / "combined.log"
    away.parent.mkdir()
    tailed, writer = tail(log), Writer(_distinct())
    writer.write(log, 3)
    tailed.stop()
    log.rename(away)
    tailed.start()
    tailed.poll()
    assert list(tailed.ended) == [1]
    away.rename(log)
    writer.write(log, 1)
    tailed.poll()
    assert (list(tailed.positions), list(tailed.ended)) == ([1], [])
    tailed.restart()
    writer.write(log, 1)
    tailed.poll()
    writer.assert_counted_once(tailed)


def test_closing_gives_back_archives_that_were_not_read_yet(log: Path, tail: Start) -> None:
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    tailed = tail(log)
    write(log, *incompressible(500))
    tailed.stop()
    pack_away(log, "gz")
    tailed.start()
    tailed.followed.look()
    tailed.kill()
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
