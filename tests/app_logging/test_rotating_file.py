from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app_logging.files import Bounds, RotatingFile
from app_logging.rotation import lock_path
from app_logging.strict_file import StrictFile


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """`os.write` with a disk that can be full."""

    def __init__(self) -> None:
        self.free_bytes = 1 << 30
        self.error: int | None = None

    def write(self, descriptor: int, data: bytes) -> int:
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        if self.free_bytes == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(descriptor, data[: self.free_bytes])
        self.free_bytes -= written
        return written


class Bench:
    """One file with a clock, a disk and the complaints it makes."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.disk = Disk()
        self.complaints: list[str] = []
        self.path = directory / "logs" / "combined.log"
        self.opened: list[RotatingFile] = []

    def file(
        self,
        *,
        max_bytes: int = 0,
        backups: int = 5,
        total_bytes: int = 0,
        write: Callable[[int, bytes], int] | None = None,
        kind: type[RotatingFile] = RotatingFile,
    ) -> Any:
        file = kind(
            self.path,
            Bounds(max_bytes, backups, total_bytes),
            clock=self.clock,
            write=write or self.disk.write,
            report=self.complaints.append,
        )
        self.opened.append(file)
        return file

    def opened_file(self, **options: Any) -> RotatingFile:
        file: RotatingFile = self.file(**options)
        file.open()
        return file

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.path.parent.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    for file in bench.opened:
        file.close()


def test_a_line_is_in_the_file_when_write_returns(bench: Bench) -> None:
    file = bench.opened_file()
    assert file.write(b"one\n")
    assert bench.contents() == {"combined.log": b"one\n"}


def test_an_existing_file_is_continued(bench: Bench) -> None:
    bench.opened_file().write(b"one\n")
    bench.opened_file().write(b"two\n")
    assert bench.contents() == {"combined.log": b"one\ntwo\n"}


def test_the_file_is_readable_for_the_group_only(bench: Bench) -> None:
    umask = os.umask(0)
    try:
        bench.opened_file()
    finally:
        os.umask(umask)
    assert bench.path.stat().st_mode & 0o777 == 0o640
    assert bench.path.parent.stat().st_mode & 0o777 == 0o750


def test_rotation_keeps_so_many_backups_and_every_line_in_order(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=8, backups=2)
    for number in range(8):
        file.write(b"%03d\n" % number)
    assert bench.contents() == {
        "combined.log": b"006\n007\n",
        "combined.log.1": b"004\n005\n",
        "combined.log.2": b"002\n003\n",
    }


def test_rotation_renames_and_never_truncates(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4)
    file.write(b"one\n")
    inode = bench.path.stat().st_ino
    file.write(b"two\n")
    assert bench.path.with_name("combined.log.1").stat().st_ino == inode


def test_a_line_longer_than_the_limit_gets_a_file_of_its_own(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4)
    file.write(b"a long line\n")
    file.write(b"b\n")
    assert bench.contents() == {"combined.log": b"b\n", "combined.log.1": b"a long line\n"}


def test_a_file_that_is_full_already_rolls_at_the_first_line_after_a_restart(bench: Bench) -> None:
    bench.opened_file().write(b"12345678\n")
    bench.opened_file(max_bytes=10).write(b"new\n")
    assert bench.contents() == {"combined.log": b"new\n", "combined.log.1": b"12345678\n"}


def test_logrotates_rename_is_followed_after_100_ms(bench: Bench) -> None:
    file = bench.opened_file()
    file.write(b"one\n")
    bench.path.rename(bench.path.with_name("combined.log-old"))
    file.write(b"two\n")
    bench.clock.now += 0.1
    file.write(b"three\n")
    assert bench.contents() == {"combined.log-old": b"one\ntwo\n", "combined.log": b"three\n"}


def test_logrotates_rename_is_followed_after_64_kib(bench: Bench) -> None:
    file = bench.opened_file()
    bench.path.rename(bench.path.with_name("combined.log-old"))
    line = b"x" * 65_535 + b"\n"
    file.write(line)
    file.write(b"next\n")
    assert bench.contents() == {"combined.log-old": line, "combined.log": b"next\n"}


def test_another_process_rotation_is_followed_and_not_repeated(bench: Bench) -> None:
    ours, theirs = bench.opened_file(max_bytes=8), bench.opened_file(max_bytes=8)
    ours.write(b"ou1\n")
    theirs.write(b"th1\n")
    bench.clock.now += 0.1
    theirs.write(b"th2\n")
    ours.write(b"ou2\n")
    assert bench.contents() == {"combined.log": b"th2\nou2\n", "combined.log.1": b"ou1\nth1\n"}


def test_a_look_under_the_lock_prevents_a_second_rotation(bench: Bench) -> None:
    ours, theirs = bench.opened_file(max_bytes=8), bench.opened_file(max_bytes=8)
    for file in (ours, theirs):
        file.write(b"123\n")
    ours.write(b"123\n")  # thinks that 8 bytes are there, in truth 12: rolls at the next line
    ours.write(b"ou3\n")
    theirs.write(b"th2\n")
    theirs.write(b"th3\n")  # thinks that 12 bytes are there, and finds a new file
    assert bench.contents()["combined.log"] == b"ou3\nth3\n"
    assert set(bench.contents()) == {"combined.log", "combined.log.1"}


def test_a_lock_that_another_process_holds_does_not_hold_up_a_line(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4)
    file.write(b"one\n")
    with lock_path(bench.path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert file.write(b"two\n")
    assert bench.contents() == {"combined.log": b"one\ntwo\n"}
    bench.clock.now += 0.01
    file.write(b"three\n")
    assert bench.contents() == {"combined.log": b"three\n", "combined.log.1": b"one\ntwo\n"}
    assert bench.complaints == []


def test_a_rotation_that_fails_costs_no_line(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4)
    file.write(b"one\n")
    for number in range(1, 6):
        in_the_way = bench.path.with_name(f"combined.log.{number}") / "not empty"
        in_the_way.mkdir(parents=True)
    assert file.write(b"two\n")
    assert bench.path.read_bytes() == b"one\ntwo\n"
    assert len(bench.complaints) == 1


def test_a_rotation_that_cannot_make_the_new_file_does_not_eat_the_backups(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4, backups=2)
    for line in (b"one\n", b"two\n", b"thr\n"):
        file.write(line)
    bench.path.rename(bench.path.with_name("renamed"))
    bench.path.mkdir()  # whoever opens the name fails, as on a disk without a free inode
    for _ in range(10):
        bench.clock.now += 1
        assert file.write(b"four\n")
    bench.path.rmdir()
    assert bench.contents() == {
        "renamed": b"thr\n" + b"four\n" * 10,
        "combined.log.1": b"two\n",
        "combined.log.2": b"one\n",
    }


def test_a_symbolic_link_is_refused_and_its_target_stays_untouched(bench: Bench, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    bench.path.parent.mkdir()
    bench.path.symlink_to(victim)
    with pytest.raises(OSError, match=r"combined\.log") as caught:
        bench.file().open()
    assert caught.value.errno == errno.ELOOP
    assert victim.read_bytes() == b"precious"


def test_a_symbolic_link_put_in_place_later_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    file = bench.opened_file()
    bench.path.unlink()
    bench.path.symlink_to(victim)
    bench.clock.now += 0.1
    file.write(b"one\n")
    assert victim.read_bytes() == b"precious"
    assert len(bench.complaints) == 1


def test_a_fifo_is_refused_without_waiting_for_its_reader(bench: Bench) -> None:
    bench.path.parent.mkdir()
    os.mkfifo(bench.path)
    with pytest.raises(OSError, match=r"."):
        bench.file().open()


def test_a_full_disk_raises_nothing_and_complains_once_a_minute(bench: Bench) -> None:
    file = bench.opened_file()
    bench.disk.free_bytes = 0
    assert [file.write(b"lost\n") for _ in range(10)] == [False] * 10
    assert len(bench.complaints) == 1
    assert "No space left" in bench.complaints[0]
    bench.clock.now += 60
    file.write(b"lost\n")
    assert len(bench.complaints) == 2
    assert "11 log records missing" in bench.complaints[1]
    missing = file.take_missing()
    assert (missing.records, missing.error) == (11, "ENOSPC")
    assert file.missing == 0


def test_the_line_behind_a_torn_one_starts_on_a_line_of_its_own(bench: Bench) -> None:
    file = bench.opened_file()
    bench.disk.free_bytes = 4
    assert not file.write(b"torn line\n")
    assert not file.write(b"lost\n")
    bench.disk.free_bytes = 1 << 30
    assert file.write(b"good\n")
    assert bench.contents() == {"combined.log": b"torn\ngood\n"}
    assert file.missing == 2


def test_a_line_that_lacks_only_its_newline_is_not_missing(bench: Bench) -> None:
    file = bench.opened_file()
    bench.disk.free_bytes = 4
    assert file.write(b"good\n")
    bench.disk.free_bytes = 1 << 30
    assert file.write(b"next\n")
    assert bench.contents() == {"combined.log": b"good\nnext\n"}
    assert file.missing == 0


def test_a_torn_end_is_mended_byte_by_byte(bench: Bench) -> None:
    file = bench.opened_file()
    for free_bytes in (3, 1, 0):  # torn; then only the mending newline fits; then nothing
        bench.disk.free_bytes = free_bytes
        assert not file.write(b"lost line\n")
    bench.disk.free_bytes = 1 << 30
    file.write(b"good\n")
    assert bench.contents() == {"combined.log": b"los\ngood\n"}


def test_a_torn_end_left_by_a_dead_process_is_mended(bench: Bench) -> None:
    bench.path.parent.mkdir()
    bench.path.write_bytes(b'{"torn":')
    bench.opened_file().write(b"good\n")
    assert bench.contents() == {"combined.log": b'{"torn":\ngood\n'}


def test_a_torn_end_is_mended_by_one_of_several_processes(bench: Bench) -> None:
    bench.path.parent.mkdir()
    bench.path.write_bytes(b'{"torn":')
    one, two = bench.opened_file(), bench.opened_file()
    one.write(b"one\n")
    two.write(b"two\n")
    assert bench.contents() == {"combined.log": b'{"torn":\none\ntwo\n'}


def test_a_torn_end_is_mended_in_a_renamed_file_too(bench: Bench) -> None:
    file = bench.opened_file()
    bench.disk.free_bytes = 4
    file.write(b"torn line\n")
    bench.disk.free_bytes = 1 << 30
    bench.path.rename(bench.path.with_name("combined.log-old"))
    file.write(b"good\n")
    assert bench.contents() == {"combined.log-old": b"torn\ngood\n"}


def test_a_whole_file_that_is_rotated_while_it_is_opened_gets_no_empty_line(bench: Bench) -> None:
    bench.path.parent.mkdir()
    bench.path.write_bytes(b"whole\n")
    file = bench.file()

    def rotate() -> float:
        if bench.path.exists() and file.is_open:
            bench.path.rename(bench.path.with_name("combined.log.1"))
        return bench.clock()

    file._clock = rotate  # asked just after the file was opened: then another process rotates
    file.open()
    assert file.write(b"good\n")
    assert bench.contents() == {"combined.log.1": b"whole\ngood\n"}


def test_a_file_that_may_not_be_read_is_written_to(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by an access control list; root may read any file, so the refusal is injected."""
    open_file = os.open

    def refuse_reading(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse_reading)
    file = bench.opened_file()
    assert file.write(b"one\n")
    assert file.write(b"two\n")
    assert bench.contents()["combined.log"].split() == [b"one", b"two"]


def test_a_descriptor_closed_behind_our_back_is_opened_again(bench: Bench) -> None:
    file = bench.opened_file()
    bench.disk.error = errno.EBADF
    assert not file.write(b"lost\n")
    bench.disk.error = None
    assert not file.is_open
    assert file.write(b"good\n")
    assert bench.contents() == {"combined.log": b"good\n"}


def test_a_file_that_cannot_be_opened_is_tried_again_every_five_seconds(bench: Bench) -> None:
    bench.path.parent.write_bytes(b"a file where the directory should be")
    file = bench.file()
    with pytest.raises(OSError, match=r"."):
        file.open()
    assert not file.write(b"one\n")
    bench.path.parent.unlink()
    bench.clock.now += 4.9
    assert not file.write(b"two\n")
    bench.clock.now += 0.1
    assert file.write(b"three\n")
    assert bench.contents() == {"combined.log": b"three\n"}
    missing = file.take_missing()
    assert (missing.records, missing.error) == (2, "EEXIST")


def test_a_closed_file_opens_again_for_a_thread_that_still_has_it(bench: Bench) -> None:
    file = bench.opened_file()
    file.close()
    assert file.write(b"late\n")
    assert bench.contents() == {"combined.log": b"late\n"}


def test_a_number_that_means_another_file_by_now_is_not_written_to_for_long(bench: Bench, tmp_path: Path) -> None:
    file = bench.opened_file()
    file.write(b"one\n")
    other = os.open(tmp_path / "another's file", os.O_WRONLY | os.O_CREAT)
    os.dup2(other, file._fd)  # as when a daemon closes all descriptors and then opens its own
    bench.clock.now += 0.1
    file.write(b"two\n")
    assert bench.contents() == {"combined.log": b"one\ntwo\n"}
    assert (tmp_path / "another's file").read_bytes() == b""
    os.close(other)


def test_all_files_together_stay_within_the_total(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=8, backups=9, total_bytes=24)
    for number in range(12):
        file.write(b"%03d\n" % number)
    assert bench.contents() == {
        "combined.log": b"010\n011\n",
        "combined.log.1": b"008\n009\n",
        "combined.log.2": b"006\n007\n",
    }


def test_a_strict_file_never_writes_to_a_renamed_one(bench: Bench) -> None:
    file = bench.opened_file(kind=StrictFile)
    file.write(b"one\n")
    bench.path.rename(bench.path.with_name("combined.log-old"))
    file.write(b"two\n")
    assert bench.contents() == {"combined.log-old": b"one\n", "combined.log": b"two\n"}


def test_strict_files_of_two_writers_rotate_once(bench: Bench) -> None:
    ours, theirs = (bench.opened_file(max_bytes=8, kind=StrictFile) for _ in range(2))
    for line in (b"ou1\n", b"th1\n"):
        (ours if line.startswith(b"o") else theirs).write(line)
    ours.write(b"ou2\n")
    theirs.write(b"th2\n")
    theirs.write(b"th3\n")
    assert bench.contents() == {
        "combined.log": b"th3\n",
        "combined.log.1": b"ou2\nth2\n",
        "combined.log.2": b"ou1\nth1\n",
    }


def test_a_strict_file_holds_no_lock_between_records(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4, kind=StrictFile)
    for line in (b"one\n", b"two\n"):
        file.write(line)
        with lock_path(bench.path).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_strict_file_that_cannot_rotate_now_writes_on(bench: Bench) -> None:
    file = bench.opened_file(max_bytes=4, kind=StrictFile)
    file.write(b"one\n")
    with lock_path(bench.path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # another writer is in the middle of a record
        assert file.write(b"two\n")
    file.write(b"thr\n")
    assert bench.contents() == {"combined.log": b"thr\n", "combined.log.1": b"one\ntwo\n"}


def test_a_strict_file_looks_again_after_it_could_not_get_the_lock_alone(bench: Bench) -> None:
    """The attempt gives the shared lock up for a moment, in which another process may rotate."""
    file: Any = bench.opened_file(max_bytes=4, kind=StrictFile)
    file.write(b"one\n")

    def rotated_by_another_meanwhile() -> bool:
        bench.path.rename(bench.path.with_name("combined.log.1"))
        return False

    file._lock.try_alone = rotated_by_another_meanwhile
    assert file.write(b"two\n")
    assert bench.contents() == {"combined.log": b"two\n", "combined.log.1": b"one\n"}


def test_a_directory_that_was_removed_is_made_again(bench: Bench) -> None:
    file = bench.file()
    file.open()
    assert file.write(b"one\n")
    shutil.rmtree(bench.path.parent)
    bench.clock.now += 1
    assert file.write(b"two\n")
    assert bench.path.read_bytes() == b"two\n"


def test_a_record_for_a_deleted_file_that_cannot_be_made_again_is_missing(bench: Bench) -> None:
    file = bench.file()
    file.open()
    shutil.rmtree(bench.path.parent)
    bench.path.parent.touch()
    bench.clock.now += 1
    assert not file.write(b"lost\n")
    assert file.missing == 1
    bench.path.parent.unlink()
    bench.clock.now += 10
    assert file.write(b"again\n")
    assert bench.path.read_bytes() == b"again\n"


def test_a_daemons_other_file_under_our_number_gets_no_record(bench: Bench) -> None:
    file = bench.file()
    file.open()
    file.write(b"one\n")
    database = bench.path.with_name("database")
    child = os.fork()
    if child == 0:
        file.after_fork_in_child()
        number = file._fd
        other = os.open(database, os.O_WRONLY | os.O_CREAT)
        os.dup2(other, number)
        file.write(b"two\n")
        os._exit(0)
    os.waitpid(child, 0)
    assert (database.read_bytes(), bench.path.read_bytes()) == (b"", b"one\ntwo\n")
