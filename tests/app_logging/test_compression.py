from __future__ import annotations

import gzip
import os
import threading
import time
from pathlib import Path

import pytest

from app_logging.compression import Compressor
from app_logging.file_lock import FileLock
from app_logging.files import Bounds
from app_logging.rotation import names_lock_path
from app_logging.strict_file import StrictFile


class Bench:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "combined.log"
        self.complaints: list[str] = []
        self.compressor = Compressor(self.path, self.complaints.append)

    def write(self, name: str, content: bytes) -> Path:
        path = self.path.with_name(name)
        path.write_bytes(content)
        return path

    def compress(self) -> None:
        self.compressor.wake()
        thread = self.compressor._thread
        if thread is not None:
            thread.join()

    def contents(self) -> dict[str, bytes]:
        """Return what each visible file holds, compressed ones as they were."""
        return {
            path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for path in self.path.parent.iterdir()
            if not path.name.startswith(".")
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_rotated_files_are_compressed_and_the_live_one_is_not(bench: Bench) -> None:
    bench.write("combined.log", b"live\n")
    old = bench.write("combined.log.1", b"one\n" * 100_000)
    os.utime(old, (1, 2))
    bench.write("combined.log.2", b"two\n")
    bench.write("combined.log.old", b"another's\n")
    bench.compress()
    assert bench.contents() == {
        "combined.log": b"live\n",
        "combined.log.1.gz": b"one\n" * 100_000,
        "combined.log.2.gz": b"two\n",
        "combined.log.old": b"another's\n",
    }
    compressed = bench.path.with_name("combined.log.1.gz").stat()
    assert (compressed.st_mtime, compressed.st_mode & 0o777) == (2, 0o640)
    assert bench.complaints == []


def test_a_file_that_moves_meanwhile_is_compressed_under_its_new_name(bench: Bench) -> None:
    moved = bench.write("combined.log.1", b"one\n")
    rotating = FileLock(names_lock_path(bench.path))
    assert rotating.try_alone()  # a rotation is under way
    bench.compressor.wake()
    deadline = time.monotonic() + 20
    while not bench.path.with_name(".combined.log.gz").exists():
        assert time.monotonic() < deadline
    moved.rename(moved.with_name("combined.log.2"))
    bench.write("combined.log.1", b"newer\n")
    rotating.release()
    rotating.close()
    bench.compress()
    bench.compress()
    assert bench.contents() == {"combined.log.1.gz": b"newer\n", "combined.log.2.gz": b"one\n"}


def test_both_forms_left_by_a_kill_become_one(bench: Bench) -> None:
    bench.write("combined.log.1", b"one\n")
    bench.write("combined.log.1.gz", gzip.compress(b"one\n"))
    bench.compress()
    assert bench.contents() == {"combined.log.1.gz": b"one\n"}


def test_another_compressed_file_is_not_overwritten(bench: Bench) -> None:
    bench.write("combined.log.1", b"one\n")
    bench.write("combined.log.1.gz", gzip.compress(b"another\n"))
    bench.compress()
    assert bench.contents() == {"combined.log.1": b"one\n", "combined.log.1.gz": b"another\n"}


def test_a_link_is_neither_followed_nor_removed(bench: Bench, tmp_path: Path) -> None:
    victim = bench.write("victim", b"precious")
    (tmp_path / "combined.log.1").symlink_to(victim)
    bench.compress()
    assert bench.contents() == {"victim": b"precious", "combined.log.1": b"precious"}


def test_what_cannot_be_written_is_said_and_costs_nothing(bench: Bench) -> None:
    bench.write("combined.log.1", b"one\n")
    bench.path.with_name(".combined.log.gz").mkdir()
    bench.compress()
    assert bench.contents() == {"combined.log.1": b"one\n"}
    assert len(bench.complaints) == 1
    assert "cannot compress" in bench.complaints[0]


def test_a_forked_child_holds_no_lock_of_its_parents_compressor(bench: Bench) -> None:
    assert bench.compressor._compressing.try_alone()
    bench.compressor.after_fork_in_child()
    other = FileLock(bench.compressor._compressing._path)
    assert other.try_alone()
    other.close()


def test_rotation_wakes_it_and_no_line_is_lost(bench: Bench) -> None:
    file = StrictFile(bench.path, Bounds(max_bytes=100, backups=1000), after_roll=bench.compressor.wake)
    file.open()
    for number in range(500):
        assert file.write(b"line %04d\n" % number)
    bench.compress()
    file.close()
    bench.compressor.close()
    contents = bench.contents()
    assert set(contents) == {"combined.log", *(f"combined.log.{number}.gz" for number in range(1, len(contents)))}
    lines = b"".join(sorted(contents.values())).split(b"\n")[:-1]
    assert lines == [b"line %04d" % number for number in range(500)]


def test_a_thread_that_cannot_start_is_a_complaint_and_the_next_rotation_tries_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("combined.log.1", b"old\n")

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as faulty:
        faulty.setattr(threading.Thread, "start", refuse)
        bench.compress()
    assert "can't start new thread" in bench.complaints[0]
    bench.compress()
    assert bench.contents() == {"combined.log.1.gz": b"old\n"}
