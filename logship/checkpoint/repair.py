"""Look into a state file, and save from a damaged one what can be read; the file itself is never written to."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from logship.checkpoint.reading import reading
from logship.checkpoint.schema import TABLES, version_of
from logship.checkpoint.store import open_database
from logship.errors import StateDamagedError, StateError
from logship.model import FileKey


class Place(NamedTuple):
    """Where a generation stands that is followed.

    Attributes:
        path: Where it was last seen.
        offset: Behind the last counted byte.
        key: Its identity while it was open.
    """

    path: str
    offset: int
    key: FileKey


@dataclass(frozen=True, slots=True)
class Contents:
    """What a state file holds.

    Attributes:
        schema: Version of its schema.
        series: Label sets of requests.
        requests: Their requests.
        own: Series of own metrics.
        ended: Generations that ended and are remembered.
        positions: Where each generation stands that is followed.
    """

    schema: int
    series: int
    requests: int
    own: int
    ended: int
    positions: tuple[Place, ...]


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
    with reading(path) as source, closing(open_database(target)) as saved:
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
        with reading(path) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def show(path: str) -> Contents:
    """Return what the state file at `path` holds; a tailer may be using it."""
    try:
        with reading(path) as database:
            (series, requests), *_ = database.execute("SELECT count(*), coalesce(sum(requests), 0) FROM series")
            has_own = "own" in _tables(database)
            own = database.execute("SELECT count(*) FROM own").fetchone()[0] if has_own else 0
            generations = database.execute(
                "SELECT path, offset, device, inode, ended FROM generations ORDER BY number"
            ).fetchall()
            schema = version_of(database)
        places = [
            Place(os.fsdecode(at), offset, FileKey(int(dev), int(ino)))  # bytes where the name is not UTF-8
            for at, offset, dev, ino, ended in generations
            if not ended
        ]
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        raise StateDamagedError(f"state file {path} cannot be read: {error}") from error
    return Contents(schema, series, requests, own, len(generations) - len(places), tuple(places))


def _tables(source: sqlite3.Connection) -> list[str]:
    """Return the tables that a file of this age should have."""
    try:
        version = version_of(source)
    except sqlite3.DatabaseError:
        version = len(TABLES)
    return sorted(TABLES[version - 1] if 0 < version <= len(TABLES) else TABLES[-1])
