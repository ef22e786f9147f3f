"""Read a state file without leaving a trace, whoever reads and whether a tailer runs or not.

A connection to a file with a write-ahead log makes the files beside it, even one that may only read: made by another
user they would keep the tailer from its own state, and in a directory that is closed to writing it fails. They are
there as long as a tailer runs; when they are not, a copy is read.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from logship.checkpoint.place import refuse_foreign
from logship.errors import StateDamagedError, StateError


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """Yield a connection that can only read the state file at `path`; raise StateError when that cannot be."""
    if not Path(path).is_file():
        raise StateError(f"there is no state file {path}")
    refuse_foreign(path)
    with tempfile.TemporaryDirectory(prefix="logship-") as directory:
        place = Path(path) if Path(f"{path}-shm").exists() else _copy(path, directory)
        try:
            database = sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise StateDamagedError(f"state file {path} cannot be read: {error}") from error
        with closing(database):
            yield database


def _copy(path: str, directory: str) -> Path:
    copy = Path(directory, "state.db")
    try:
        shutil.copyfile(path, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    except OSError as error:
        raise StateError(f"state file {path} cannot be read: {error.strerror or error}") from error
    return copy
