"""The state file as it is found: nothing of it is changed, its lock is not touched, nothing is left beside it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from words import powerless, request, write

from logship.checkpoint import SqliteStore
from logship.checkpoint.store import Change
from logship.config import Config, Source
from logship.doctor.access import Identity
from logship.doctor.files import survey
from logship.doctor.finding import Finding, Severity
from logship.doctor.processes import Processes
from logship.doctor.state import examine_state, mount
from logship.measure import Tally
from logship.model import Excerpt, FileKey, Position

BUCKETS = (0.1, 1.0)


def findings(file: Path | None, *logs: Path, tailer: Identity | None = None) -> dict[str, Finding]:
    found = survey(Config(sources=(Source(paths=tuple(map(str, logs)) or ("none",)),)))
    asked = str(file) if file is not None else None
    return {each.check: each for each in examine_state(asked, found, Processes(), tailer)}


def saved(file: Path, log: Path, offset: int) -> SqliteStore:
    """Return a store, open, that has one log counted up to an offset."""
    store = SqliteStore(str(file), buckets=BUCKETS)
    store.open()
    store.load()
    nothing = Excerpt(0, b"")
    position = Position(str(log), FileKey(1, 2), offset, offset, nothing, nothing)
    store.write(Change(Tally(), (), {}, {1: position}, {}))
    return store


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "a.log"
    path.parent.mkdir()
    write(path, request())
    return path


def test_without_a_state_file_a_restart_forgets() -> None:
    found = findings(None)["state.file"]
    assert (found.severity, found.promises) == (Severity.WARNING, ("P1", "P2"))


def test_a_directory_that_is_not_there_is_critical(tmp_path: Path) -> None:
    found = findings(tmp_path / "none" / "state.db")["state.place"]
    assert (found.severity, found.remedy) == (Severity.CRITICAL, f"mkdir -p {tmp_path}/none")


def test_a_state_file_that_is_not_there_yet_is_good_to_know(tmp_path: Path) -> None:
    found = findings(tmp_path / "state.db")
    assert found["state.whole"].severity is Severity.NOTE
    assert {each.severity for each in found.values()} == {Severity.OK, Severity.NOTE}
    assert list(tmp_path.iterdir()) == []


def test_who_holds_it_and_how_far_the_files_are_beyond_it(tmp_path: Path, log: Path) -> None:
    store = saved(tmp_path / "state.db", log, 10)
    found = findings(tmp_path / "state.db", log)
    store.close()
    assert f"held by process {os.getpid()}" in found["state.lock"].says
    assert found["state.behind"].says.startswith(f"the files hold {log.stat().st_size - 10} bytes")
    assert found["state.whole"].severity is Severity.OK


def test_looking_at_it_changes_nothing_and_leaves_nothing(tmp_path: Path, log: Path) -> None:
    saved(tmp_path / "state.db", log, 10).close()
    before = {each.name: each.read_bytes() for each in tmp_path.glob("state*")}
    found = findings(tmp_path / "state.db", log)
    assert found["state.whole"].severity is Severity.OK
    assert {each.name: each.read_bytes() for each in tmp_path.glob("state*")} == before
    assert found["state.lock"].says == "no tailer holds it now"


def test_a_state_of_other_logs_is_told(tmp_path: Path, log: Path) -> None:
    saved(tmp_path / "state.db", tmp_path / "other.log", 10).close()
    found = findings(tmp_path / "state.db", log)["state.files"]
    assert found.severity is Severity.WARNING
    assert "other logs" in found.says


@pytest.mark.parametrize("content", [b"hello\n", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_none_or_damaged_is_critical(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(content)
    found = findings(file)["state.whole"]
    assert (found.severity, found.promises) == (Severity.CRITICAL, ("P1", "P2"))
    assert file.read_bytes() == content


def test_a_directory_that_is_closed_to_writing_is_critical_with_a_command() -> None:
    with powerless() as directory:
        directory.chmod(0o500)
        found = findings(directory / "state.db")["state.writable"]
        directory.chmod(0o700)
        assert found.severity is Severity.CRITICAL
        assert found.remedy == f"setfacl -m u:{os.geteuid()}:rwx {directory}"


def test_what_counts_is_whether_the_tailer_may_write(tmp_path: Path) -> None:
    found = findings(tmp_path / "state.db", tailer=Identity(4711, frozenset()))["state.writable"]
    assert found.severity is Severity.CRITICAL
    assert "user 4711" in found.says


@pytest.fixture
def small_volume(mounted: Callable[[str], Path]) -> Path:
    return mounted("8m")


def test_a_volume_that_is_full_is_critical_and_one_with_little_room_a_warning(small_volume: Path) -> None:
    assert findings(small_volume / "state.db")["state.room"].severity is Severity.WARNING
    (small_volume / "ballast").write_bytes(bytes(7 << 20))
    found = findings(small_volume / "state.db")["state.room"]
    assert (found.severity, found.promises) == (Severity.CRITICAL, ("P1", "P2"))


def test_a_volume_that_is_read_only_is_critical_with_the_command(small_volume: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_volume)], check=True)
    found = findings(small_volume / "state.db")["state.room"]
    assert found.severity is Severity.CRITICAL
    assert found.remedy == f"mount -o remount,rw {small_volume}"


def test_the_file_system_of_a_path_is_the_innermost_mount(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text("/dev/sda / ext4 rw 0 0\nhost:/x /mnt/a\\040b nfs4 rw 0 0\nnone /mnt/abc tmpfs rw 0 0\n")
    assert mount("/mnt/a b/state", table) == ("/mnt/a b", "nfs4")
    assert mount("/mnt/abcd", table) == ("/", "ext4")
    assert mount("/mnt/abc", table) == ("/mnt/abc", "tmpfs")
