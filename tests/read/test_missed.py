"""What was made and rotated away unseen is read; what stood there before anything was followed is not."""

from __future__ import annotations

import gzip
import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest
from words import Followed, Tailed, copytruncate, powerless, rotate, write

from logship.read import archive as archive_module
from logship.read.siblings import MAX_SIBLINGS, Neighbourhood, Siblings


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def compress(path: Path, *, keep_time: bool = True) -> Path:
    archive = path.with_name(path.name + ".gz")
    archive.write_bytes(gzip.compress(path.read_bytes()))
    if keep_time:
        os.utime(archive, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    path.unlink()
    return archive


either_glob = pytest.mark.parametrize("glob", ["app.log", "app.log*"])


@either_glob
@pytest.mark.parametrize("keep_time", [True, False], ids=["gzip", "a compressor that keeps no time"])
def test_generations_that_came_and_went_while_down_are_read_though_compressed(
    log: Path, glob: str, *, keep_time: bool
) -> None:
    tailed = Tailed(log.with_name(glob))
    write(log, "one")
    tailed.stop()
    write(log, "two")
    for line in ("three", "four", "five"):
        rotate(log)
        write(log, line)
    for number in (3, 2, 1):
        compress(log.with_name(f"app.log.{number}"), keep_time=keep_time)
    tailed.start()
    assert sorted(tailed.poll()) == ["five", "four", "three", "two"]
    tailed.restart()
    assert tailed.poll() == []


@either_glob
def test_a_generation_compressed_late_by_a_compressor_that_keeps_no_time_hides_no_younger_one(
    log: Path, glob: str
) -> None:
    """logrotate's delaycompress: the archive of the older one is younger than the last line of the one behind it."""
    tailed = Tailed(log.with_name(glob))
    write(log, "one")
    tailed.stop()
    rotate(log)
    write(log, "two")
    rotate(log)
    compress(log.with_name("app.log.2"), keep_time=False)
    tailed.start()
    assert tailed.poll() == ["two"]


@pytest.mark.parametrize("keep_time", [True, False])
def test_what_stood_there_before_is_nobodys_business_though_it_is_compressed_later(
    log: Path, *, keep_time: bool
) -> None:
    write(log, "ancient")
    rotate(log)
    write(log, "one")
    tailed = Tailed(log)
    assert tailed.poll() == ["one"]
    tailed.kill()
    rotate(log)
    compress(log.with_name("app.log.2"), keep_time=keep_time)
    write(log, "two")
    rotate(log)
    tailed.start()
    assert tailed.poll() == ["two"]


def test_what_stood_there_before_is_read_from_its_beginning_when_it_is_meant_later(log: Path) -> None:
    write(log, *(f"ancient {number}" for number in range(300)))
    rotate(log)
    write(log, "one")
    tailed = Tailed(log)
    tailed.stop()
    tailed._patterns = (f"{log}*",)
    tailed.start()
    assert tailed.poll() == [f"ancient {number}" for number in range(300)]


@either_glob
def test_a_directory_that_is_made_later_is_new_with_everything_in_it(tmp_path: Path, glob: str) -> None:
    followed = Followed(tmp_path / "*" / "logs" / glob, tmp_path / "late" / glob)
    assert followed.poll() == []
    for directory in (tmp_path / "pod" / "logs", tmp_path / "late"):
        directory.mkdir(parents=True)
        for number in range(3):
            write(directory / "app.log", f"{directory.name} {number}")
            rotate(directory / "app.log")
    assert sorted(followed.poll()) == [f"{name} {number}" for name in ("late", "logs") for number in range(3)]
    followed.close()


def test_what_a_later_mount_brings_is_the_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "app.log"
    followed = Followed(log)
    assert followed.poll() == []
    monkeypatch.setattr("logship.read.places._device", lambda _directory: 4711)
    write(log, "ancient")
    rotate(log)
    write(log, "one")
    assert followed.poll() == ["one"]
    followed.close()


def test_two_rotations_between_two_looks_with_one_name_followed(log: Path) -> None:
    followed = Followed(log)
    write(log, "one")
    followed.poll()
    rotate(log)
    write(log, "two")
    rotate(log)
    write(log, "three")
    assert sorted(followed.poll()) == ["three", "two"]
    followed.close()


def test_copies_of_what_came_and_went_between_two_looks_are_read(log: Path) -> None:
    followed = Followed(log)
    write(log, "one")
    followed.poll()
    write(log, "two")
    copytruncate(log, log.with_name("app.log-20261101"))
    write(log, "three")
    copytruncate(log, log.with_name("app.log-20261102"))
    write(log, "four")
    assert sorted(followed.poll()) == ["four", "three", "two"]
    assert followed.poll_until_let_go() == []
    followed.close()


def test_an_archive_that_is_still_being_written_is_waited_for(log: Path) -> None:
    tailed = Tailed(log)
    write(log, "one")
    tailed.stop()
    rotate(log)
    write(log, *(f"line {number}" for number in range(500)))
    rotate(log)
    archive = compress(log.with_name("app.log.1"))
    packed = archive.read_bytes()
    archive.write_bytes(packed[:12])
    tailed.start()
    assert tailed.poll() == []
    archive.write_bytes(packed)
    assert tailed.poll() == [f"line {number}" for number in range(500)]
    tailed.restart()
    assert tailed.poll() == []


def test_an_archive_that_is_renamed_before_it_was_read_is_read_once(log: Path) -> None:
    tailed = Tailed(log)
    write(log, "one")
    tailed.stop()
    for line in ("two", "three"):
        rotate(log)
        write(log, line)
    rotate(log)
    compress(log.with_name("app.log.1"))
    compress(log.with_name("app.log.2"))
    tailed.start()
    tailed.followed.look()
    tailed.followed.read_one_batch()
    log.with_name("app.log.2.gz").rename(log.with_name("app.log.3.gz"))
    log.with_name("app.log.1.gz").rename(log.with_name("app.log.2.gz"))
    write(log, "four")
    rotate(log)
    tailed.poll()
    assert sorted(tailed.lines) == ["four", "one", "three", "two"]


def test_another_log_in_the_directory_is_never_taken_for_a_generation(tmp_path: Path) -> None:
    log, other = tmp_path / "app1.log", tmp_path / "app2.log"
    followed = Followed(log)
    write(log, "one")
    followed.poll()
    write(other, "not ours")
    rotate(other)
    write(other, "nor this")
    shutil.copyfile(other, tmp_path / "app1.log.bak")
    rotate(log)
    write(log, "two")
    rotate(log)
    assert followed.poll() == ["two"]
    followed.close()


def test_among_more_files_than_can_be_noted_only_younger_ones_are_read(log: Path) -> None:
    for number in range(MAX_SIBLINGS + 1):
        other = log.with_name(f"app.log.{number + 10}")
        write(other, f"ancient {number}")
        os.utime(other, (1_000_000, 1_000_000))
    followed = Followed(log)
    write(log, "one")
    followed.poll()
    rotate(log)
    write(log, "two")
    rotate(log)
    assert followed.poll() == ["two"]
    followed.close()


@pytest.mark.parametrize("is_let_go", [False, True])
def test_a_file_under_a_new_identity_goes_on_where_the_old_one_stood(log: Path, *, is_let_go: bool) -> None:
    """As after a mount: everything is the same but device and inode."""
    followed = Followed(log)
    write(log, *(f"line {number}" for number in range(100)))
    followed.poll()
    elsewhere = log.with_name("elsewhere")
    shutil.copyfile(log, elsewhere)
    log.unlink()
    followed.poll()
    if is_let_go:
        followed.poll_until_let_go()
    elsewhere.rename(log)
    write(log, "new")
    assert followed.poll() == ["new"]
    followed.close()


@pytest.mark.parametrize("names", [("app.log", "app.log.1"), ("app.log", "app-20261123.log")])
def test_a_copy_in_the_making_is_not_read_though_it_came_along_with_its_original(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    log, copy = (tmp_path / name for name in names)
    write(log, *(f"line {number}" for number in range(100)))
    content = log.read_bytes()
    followed = Followed(tmp_path / "app*")
    for size in (10, 300, 600, len(content)):
        copy.write_bytes(content[:size])
        followed.poll()
    os.truncate(log, 0)
    write(log, "next")
    followed.poll()
    followed.poll_until_let_go()
    assert sorted(map(bytes.decode, followed.lines)) == sorted([*(f"line {number}" for number in range(100)), "next"])
    followed.close()


@pytest.mark.parametrize("is_down", [False, True])
def test_what_a_link_meant_for_a_moment_is_read(tmp_path: Path, *, is_down: bool) -> None:
    (tmp_path / "logs").mkdir()
    link = tmp_path / "current"
    write(tmp_path / "logs" / "app-20261120.log", "ancient")
    tailed = Tailed(link)
    for day in (21, 22, 23, 24):
        write(target := tmp_path / "logs" / f"app-202611{day}.log", f"day {day}")
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        if day == 21:
            tailed.poll()
            if is_down:
                tailed.kill()
    if is_down:
        tailed.start()
    tailed.poll()
    assert sorted(tailed.lines) == ["day 21", "day 22", "day 23", "day 24"]


def test_two_logs_whose_lines_are_all_alike_are_both_read(tmp_path: Path) -> None:
    write(tmp_path / "app.log", "same", "same", "same")
    write(tmp_path / "app.log.1", "same", "same")
    followed = Followed(tmp_path / "app.log*")
    assert followed.poll() == ["same"] * 5
    followed.close()


def rename_like(log: Path, kind: str, number: int) -> None:
    """Rotate as many things do that write times into names."""
    names = {
        "logrotate's dateext and extension": f"app-202611{10 + number}.log",
        "TimedRotatingFileHandler": f"app.log.2026-11-{10 + number}",
        "Kubernetes": f"app.log.202611{10 + number}-101010",
    }
    log.rename(log.with_name(names[kind]))
    previous = f"app.log.202611{9 + number}-101010"
    if kind == "Kubernetes" and log.with_name(previous).exists():
        compress(log.with_name(previous))


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("kind", ["logrotate's dateext and extension", "TimedRotatingFileHandler", "Kubernetes"])
def test_names_with_times_are_known(log: Path, kind: str, *, is_down: bool) -> None:
    tailed = Tailed(log)
    write(log, "0")
    tailed.poll()
    if is_down:
        tailed.kill()
    for number in range(1, 4):
        rename_like(log, kind, number)
        write(log, str(number))
    if is_down:
        tailed.start()
    tailed.poll()
    tailed.poll_until_let_go()
    assert sorted(tailed.lines) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("names", [["combined.log", "combined1.log", "combined2.log", "combined3.log"], None])
def test_what_winston_zips_while_down_is_read(tmp_path: Path, names: list[str] | None) -> None:
    """With `zippedArchive` the archive keeps the name of the log, and the next log has the next number, or date."""
    names = names or [f"combined-2026-11-{day}.log" for day in (20, 21, 22, 23)]
    write(tmp_path / "combined-2026-11-01.log", "ancient")
    compress(tmp_path / "combined-2026-11-01.log")
    write(tmp_path / "error-2026-11-21.log", "repeats a line")
    tailed = Tailed(tmp_path / "*.log")
    write(tmp_path / names[0], names[0])
    tailed.stop()
    for before, name in pairwise(names):
        write(tmp_path / name, name)
        compress(tmp_path / before)
    compress(tmp_path / "error-2026-11-21.log")
    tailed.start()
    tailed.poll()
    tailed.poll_until_let_go()
    assert sorted(tailed.lines) == sorted(names)


def test_a_missed_file_that_cannot_be_read_for_a_moment_is_read_later() -> None:
    with powerless() as directory:
        log = directory / "app.log"
        followed = Followed(log)
        write(log, "one")
        followed.poll()
        for line in ("two", "three"):
            rotate(log)
            write(log, line)
        log.with_name("app.log.1").chmod(0)
        followed.poll()
        log.with_name("app.log.1").chmod(0o644)
        followed.poll()
        assert sorted(followed.lines) == [b"one", b"three", b"two"]
        followed.close()


def test_more_rotations_while_down_than_anybody_would_expect(log: Path) -> None:
    tailed = Tailed(log)
    write(log, "0")
    tailed.stop()
    for number in range(1, 121):
        rotate(log, keep=365)
        write(log, str(number))
    tailed.start()
    tailed.poll()
    assert sorted(tailed.lines, key=int) == [str(number) for number in range(121)]


def test_a_late_writer_to_an_older_file_hides_no_younger_one(log: Path) -> None:
    tailed = Tailed(log)
    write(log, "one")
    tailed.stop()
    for line in ("two", "three"):
        rotate(log)
        write(log, line)
    write(log.with_name("app.log.2"), "late")
    os.utime(log.with_name("app.log.1"), (1_000_000_000, 1_000_000_000))
    tailed.start()
    tailed.poll()
    assert sorted(tailed.lines) == ["late", "one", "three", "two"]


def test_an_archive_that_is_renamed_as_it_is_opened_is_read_at_the_next_look(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tailed = Tailed(log)
    write(log, "one")
    tailed.stop()
    rotate(log)
    write(log, "two")
    rotate(log)
    compress(log.with_name("app.log.2"))
    compress(log.with_name("app.log.1"))
    real_open = archive_module._open

    def rename_and_open(path: str) -> IO[bytes]:
        monkeypatch.setattr(archive_module, "_open", real_open)
        opened = real_open(path)
        log.with_name("app.log.1.gz").rename(log.with_name("app.log.3.gz"))
        return opened

    monkeypatch.setattr(archive_module, "_open", rename_and_open)
    tailed.start()
    tailed.poll()
    tailed.poll()
    assert sorted(tailed.lines) == ["one", "two"]


def test_names_that_move_on_between_listing_and_opening_repeat_and_lose_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tailed = Tailed(log)
    write(log, "0")
    tailed.stop()
    for number in range(1, 5):
        rotate(log)
        write(log, str(number))
    for number in (4, 3, 2, 1):
        compress(log.with_name(f"app.log.{number}"))
    real_of = Neighbourhood.of

    def shift_behind_the_listing(self: Neighbourhood, directory: str) -> Siblings | None:
        found = real_of(self, directory)
        for number in range(8, 0, -1):
            if (archive := log.with_name(f"app.log.{number}.gz")).exists():
                archive.rename(log.with_name(f"app.log.{number + 1}.gz"))
        return found

    with monkeypatch.context() as shifting:
        shifting.setattr(Neighbourhood, "of", shift_behind_the_listing)
        tailed.start()
        tailed.poll()
    tailed.poll()
    tailed.poll()
    assert sorted(tailed.lines) == ["0", "1", "2", "3", "4"]
