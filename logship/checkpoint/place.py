"""Mind the place of a state file: leave alone what is none, and notice when it is taken away under a running tailer.

SQLite goes on writing into a file that has lost its name, and nobody would find what it wrote. So each commit looks
first: when the name is free, everything is written anew there; when another file stands there, nothing is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from logship.checkpoint.lock import locked
from logship.checkpoint.rows import all_series
from logship.checkpoint.schema import APPLICATION_ID
from logship.checkpoint.store import Change, Saved, SqliteStore, open_read_only
from logship.errors import StateError

_MAGIC = b"SQLite format 3\0"
"""What each SQLite database begins with: https://www.sqlite.org/fileformat.html#the_database_header"""


class PlacedStore:
    """The store of the state file that stands at a path.

    Args:
        path: Of the state file.
        new_store: Makes the store that writes it.
        renewed: Is told when a file was gone and everything is written into a new one.
    """

    def __init__(self, path: str, new_store: Callable[[], SqliteStore], renewed: Callable[[str], None]) -> None:
        self._path = path
        self._new_store = new_store
        self._renewed = renewed
        self._store = new_store()
        self._buckets: Sequence[float] | None = None
        self._definitions: Mapping[str, str] | None = None
        self._place: tuple[int, int] | None = None  # not open, or not opened to the end
        self._is_whole = True

    def open(self) -> None:
        """Open or create the file and keep others out; raise StateError when that cannot be."""
        refuse_foreign(self._path)
        self._store.open()
        self._place = _place_of(self._path)

    def load(self) -> Saved:
        """Return what was last written."""
        return self._store.load()

    def write(self, change: Change) -> None:
        """Make `change` durable; into a new file, with everything else, when the old one is gone."""
        place = _place_of(self._path)
        if place is None or self._place is None:
            self._begin_anew()
        elif place != self._place:
            raise StateError(
                f"state file {self._path} was replaced by another while in use; move that one out of the way, "
                "and everything is written there anew"
            )
        if self._is_whole:
            self._store.write(change)
            return
        self._store.write(replace(change, series=all_series(change.tally), ended=change.all_ended))
        self._is_whole = True
        self._renewed(self._path)

    def use_buckets(self, buckets: Sequence[float]) -> None:
        """Take changes with durations in `buckets` from now on."""
        self._buckets = buckets
        self._store.use_buckets(buckets)

    def use_metrics(self, definitions: Mapping[str, str]) -> None:
        """Take changes with own metrics of these definitions from now on; what has another one is forgotten."""
        self._definitions = definitions
        self._store.use_metrics(definitions)

    def close(self) -> None:
        """Close the file and let others in."""
        self._store.close()

    def _begin_anew(self) -> None:
        self._place, self._is_whole = None, False  # until everything is written, should opening fail half way
        self._store.close()  # first: it deletes its write-ahead log by name, which must not be the new one's
        self._store = self._new_store()
        if self._buckets is not None:
            self._store.use_buckets(self._buckets)
        if self._definitions is not None:
            self._store.use_metrics(self._definitions)
        self._store.open()
        self._place = _place_of(self._path)


def files_of(path: str) -> frozenset[str]:
    """Return the files that belong to the state file at `path`, itself included, absolute and with links resolved."""
    return frozenset(os.path.realpath(path) + suffix for suffix in ("", "-wal", "-shm", ".lock"))


def refuse_foreign(path: str) -> None:
    """Raise StateError when what stands at `path` can never have been a state file: it is not to be touched."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError:  # missing, or to be told by whoever opens it
        return
    if head.strip(b"\0") and not _MAGIC.startswith(head):  # a power cut may leave zeros
        raise StateError(f"{path} is no state file, and stays as it is; name another one")


def move_aside(path: str, stamp: str) -> str:
    """Rename a state file and what belongs to it, so that a new one can begin; return its new name."""
    if not Path(path).exists():
        raise StateError(f"there is no state file {path}")
    refuse_foreign(path)
    _refuse_foreign_database(path)
    aside = f"{path}.{stamp}.bad"
    with locked(path):  # not under the hands of a tailer that runs
        for suffix in ("", "-wal", "-shm"):
            source = Path(path + suffix)
            if source.exists():
                source.rename(aside + suffix)
    return aside


def _refuse_foreign_database(path: str) -> None:
    """Raise StateError for a database of another program; one that cannot be read may be ours."""
    try:
        with closing(open_read_only(path)) as database:
            (application,) = database.execute("PRAGMA application_id").fetchone()
            (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return
    if tables and application != APPLICATION_ID:
        raise StateError(f"{path} is a database, but no state file of logship; it stays as it is")


def _place_of(path: str) -> tuple[int, int] | None:
    """Return what tells the file at `path` from others, None when there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - at each commit; a Path object costs more than the call
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"state file {path} cannot be reached: {error.strerror or error}") from error
    return status.st_dev, status.st_ino
