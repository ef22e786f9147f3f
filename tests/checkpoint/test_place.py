"""What is no state file stays as it is; one that is taken away under a running tailer is noticed and written anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from logship.checkpoint import Ledger, PlacedStore, SqliteStore, files_of, move_aside
from logship.checkpoint.lock import locked
from logship.checkpoint.store import Saved
from logship.errors import StateDamagedError, StateError
from logship.measure import Admission, Series, Tally
from logship.model import Excerpt, FileKey, LabelSet, Position

BUCKETS = (0.1, 1.0)
TEXTS = {
    "a log": b'{"message":"HTTP Request"}\n',
    "one word": b"x",
    "an archive": b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
    "nearly a database": b"SQLite format 2\0" + bytes(4096),
}


def at(offset: int) -> Position:
    return Position("combined.log", FileKey(1, 2), offset, offset, Excerpt(0, b""), Excerpt(0, b""))


def requests(route: str, count: int = 1) -> Tally:
    return Tally(series={LabelSet("GET", route, "200"): Series(count, (count, 0, 0), 7, 7, {})}, not_request=1)


class Kept:
    """A ledger over a state file, and what it was told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.renewed: list[str] = []
        self.failed: list[str] = []
        self.recovered = 0
        self.new_store: Callable[[], SqliteStore] = lambda: SqliteStore(str(path), buckets=BUCKETS)
        self.store = PlacedStore(str(path), self._new_store, self.renewed.append)
        self.store.open()
        self.ledger = Ledger(
            Admission(), self.store, buckets=BUCKETS, now=lambda: 50.0, failed=self.failed.append, recovered=self._again
        )
        self.ledger.restore()

    def _new_store(self) -> SqliteStore:
        return self.new_store()

    def _again(self) -> None:
        self.recovered += 1

    def next_life(self) -> Saved:
        """Return what a tailer finds that starts after a stop of this one."""
        self.store.close()
        store = SqliteStore(str(self.path), buckets=self.ledger.published.buckets)
        store.open()
        try:
            return store.load()
        finally:
            store.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path / "state.db")
    kept.ledger.commit(requests("/a", 3), {1: at(10), 2: at(20)})
    kept.ledger.commit(requests("/b", 2), {1: at(30)}, {2: at(25)})
    yield kept
    kept.store.close()


def remove(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


@pytest.mark.parametrize("with_lock", [True, False], ids=["with all that belongs to it", "alone"])
def test_a_state_file_that_was_removed_is_written_anew_with_everything(kept: Kept, *, with_lock: bool) -> None:
    if with_lock:
        remove(kept.path)
    else:
        kept.path.unlink()
    kept.ledger.commit(requests("/a"), {1: at(40)})
    assert kept.renewed == [str(kept.path)]
    kept.ledger.commit(requests("/c"), {1: at(50)})
    assert kept.renewed == [str(kept.path)]
    assert kept.failed == []
    published = kept.ledger.published
    saved = kept.next_life()
    assert saved == Saved(published.tally, published.created, {1: at(50)}, {2: at(25)}, 0.0)
    assert saved.tally.requests == 7


def test_a_new_state_file_keeps_others_out_as_the_old_one_did(kept: Kept) -> None:
    remove(kept.path)
    kept.ledger.commit(requests("/a"), {1: at(40)})
    with pytest.raises(StateError, match=f"in use by process {os.getpid()}"):
        locked(str(kept.path))


def test_a_state_file_that_was_removed_is_written_in_the_buckets_of_now(kept: Kept) -> None:
    kept.ledger.begin_durations_anew((5.0,))
    kept.path.unlink()
    kept.ledger.commit(Tally(), {})
    kept.path.unlink()
    kept.ledger.commit(Tally(), {})
    saved = kept.next_life()
    assert {each.buckets for each in saved.tally.series.values()} == {(0, 0)}
    assert saved.durations_since == 50.0


def test_whatever_goes_wrong_on_the_way_everything_is_written_in_the_end(kept: Kept, tmp_path: Path) -> None:
    class Full(SqliteStore):
        def write(self, _change: object) -> None:
            raise StateError("disk is full")

    kept.path.unlink()
    away = tmp_path.rename(tmp_path.with_name("away"))
    kept.ledger.commit(requests("/c"), {1: at(40)})
    away.rename(tmp_path)
    kept.new_store = lambda: Full(str(kept.path), buckets=BUCKETS)
    kept.ledger.commit(requests("/c"), {1: at(50)})
    assert len(kept.failed) == 2
    assert kept.failed[1] == "disk is full"
    assert (kept.renewed, kept.recovered) == ([], 0)
    kept.store._store.close()
    kept.path.unlink()
    kept.new_store = lambda: SqliteStore(str(kept.path), buckets=BUCKETS)
    kept.ledger.commit(requests("/c"), {1: at(60)})
    assert (kept.renewed, kept.recovered) == ([str(kept.path)], 1)
    assert kept.next_life().tally == kept.ledger.published.tally


def test_another_file_in_the_place_of_the_state_file_is_never_written_to(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shutil.copyfile(kept.path, other)
    other.rename(kept.path)
    before = kept.path.read_bytes()
    kept.ledger.commit(requests("/a"), {1: at(40)})
    kept.ledger.commit(requests("/a"), {1: at(50)})
    assert kept.path.read_bytes() == before
    (why,) = set(kept.failed)
    assert why.startswith(f"state file {kept.path} was replaced by another while in use; move that one out of the way")
    kept.path.unlink()
    kept.ledger.commit(Tally(), {})
    assert kept.recovered == 1
    assert kept.next_life().tally.requests == 7


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_what_is_no_state_file_is_refused_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    message = rf"{path} is no state file, and stays as it is; name another one"
    with pytest.raises(StateError, match=message) as refused:
        Kept(path)
    assert not isinstance(refused.value, StateDamagedError), "a damaged one may be moved aside"
    with pytest.raises(StateError, match=message):
        move_aside(str(path), "20261123T064158")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"notes.txt": content}


def test_a_database_of_another_program_is_not_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE heroes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StateError, match="no state file of logship; it stays as it is"):
        move_aside(str(path), "20261123T064158")
    assert [each.name for each in tmp_path.iterdir()] == ["app.db"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"SQLite for", bytes(4096), b"SQLite format 3\0" + b"x" * 5000])
def test_an_empty_file_begins_anew_and_a_damaged_one_may_be_moved_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(StateDamagedError):
            Kept(path)
        move_aside(str(path), "20261123T064158")
    kept = Kept(path)
    kept.ledger.commit(requests("/a"), {1: at(10)})
    assert kept.next_life().tally.requests == 1


def test_the_files_of_a_state_file_are_all_that_sqlite_and_the_lock_make(kept: Kept, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(kept.path)
    assert {str(each) for each in tmp_path.iterdir() if each != link} == files_of(str(link)) == files_of(str(kept.path))
