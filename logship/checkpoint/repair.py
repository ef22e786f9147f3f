"""Look into a state file, and save from a damaged one what can be read; the file itself is never written to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from logship.checkpoint.place import refuse_foreign
from logship.checkpoint.schema import TABLES, version_of
from logship.checkpoint.store import open_database
from logship.errors import StateDamagedError, StateError


@dataclass(frozen=True, slots=True)
class Contents:
    """What a state file holds: label sets, their requests, and path and offset of each generation that is followed."""

    series: int
    requests: int
    positions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved: rows by table, and the tables of which something could not be read."""

    rows: dict[str, int]
    damaged: tuple[str, ...]


def salvage(path: str, target: str) -> Salvage:
    """Copy every row that can be read of the state file at `path` into a new one at `target`."""
    if Path(target).exists():
        raise StateError(f"{target} exists; give --to a name that is free")
    rows: dict[str, int] = {}
    damaged = []
    with closing(_read_only(path)) as source, closing(open_database(target)) as saved:
        for table in _tables(source):
            rows[table] = 0
            try:
                found = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - one of TABLES
                columns = ", ".join(column for column, *_ in found.description)  # an older file has fewer
                for row in found:
                    marks = ", ".join("?" * len(row))
                    saved.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608
                    rows[table] += 1
            except sqlite3.DatabaseError:
                damaged.append(table)
    return Salvage(rows, tuple(damaged))


def verify(path: str) -> list[str]:
    """Return what is wrong with the state file at `path`; nothing when all is well."""
    try:
        with closing(_read_only(path)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def show(path: str) -> Contents:
    """Return what the state file at `path` holds; a tailer may be using it."""
    try:
        with closing(_read_only(path)) as database:
            (series, requests), *_ = database.execute("SELECT count(*), coalesce(sum(requests), 0) FROM series")
            generations = database.execute("SELECT path, offset, ended FROM generations ORDER BY number").fetchall()
    except sqlite3.DatabaseError as error:
        raise StateDamagedError(f"state file {path} cannot be read: {error}") from error
    return Contents(series, requests, tuple((path, offset) for path, offset, ended in generations if not ended))


def _read_only(path: str) -> sqlite3.Connection:
    if not Path(path).is_file():
        raise StateError(f"there is no state file {path}")
    refuse_foreign(path)
    try:
        return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise StateDamagedError(f"state file {path} cannot be read: {error}") from error


def _tables(source: sqlite3.Connection) -> list[str]:
    """Return the tables that a file of this age should have."""
    try:
        version = version_of(source)
    except sqlite3.DatabaseError:
        version = len(TABLES)
    return sorted(TABLES[version - 1] if 0 < version <= len(TABLES) else TABLES[-1])
