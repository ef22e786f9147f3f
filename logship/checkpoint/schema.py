"""The tables of the state file, and how an older file gets those that it lacks: in one transaction, or not at all."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x4C4F4753
"""`LOGS`; marks the file as ours for us, and for file(1)."""

_VERSION_1 = """
CREATE TABLE series (
    method TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL,
    requests INTEGER NOT NULL, buckets TEXT NOT NULL, sum_ns TEXT NOT NULL, max_ns TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (method, route, status)
) WITHOUT ROWID;
CREATE TABLE counts (
    name TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (name, label)
) WITHOUT ROWID;
CREATE TABLE generations (
    number INTEGER PRIMARY KEY,
    path TEXT NOT NULL, device TEXT NOT NULL, inode TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL,
    head_bytes INTEGER NOT NULL, head BLOB NOT NULL, marker_bytes INTEGER NOT NULL, marker BLOB NOT NULL,
    ended INTEGER NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_VERSION_2 = """
CREATE TABLE writers (
    boot_id TEXT NOT NULL PRIMARY KEY,
    runs TEXT NOT NULL, first INTEGER, last INTEGER,
    in_flight_seq INTEGER, in_flight INTEGER, heard_seq INTEGER, heard REAL, heartbeat_seconds REAL
) WITHOUT ROWID;
"""

_VERSION_3 = """
CREATE TABLE series_by_source (
    constant TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL,
    requests INTEGER NOT NULL, buckets TEXT NOT NULL, sum_ns TEXT NOT NULL, max_ns TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (constant, method, route, status)
) WITHOUT ROWID;
INSERT INTO series_by_source SELECT '', * FROM series;
DROP TABLE series;
ALTER TABLE series_by_source RENAME TO series;
CREATE TABLE counts_by_source (
    constant TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (constant, name, label)
) WITHOUT ROWID;
INSERT INTO counts_by_source SELECT '', * FROM counts;
DROP TABLE counts;
ALTER TABLE counts_by_source RENAME TO counts;
CREATE TABLE facts_by_source (
    constant TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (constant, name)
) WITHOUT ROWID;
INSERT INTO facts_by_source SELECT '', * FROM facts;
DROP TABLE facts;
ALTER TABLE facts_by_source RENAME TO facts;
CREATE TABLE generations_by_source (
    source TEXT NOT NULL DEFAULT '', number INTEGER PRIMARY KEY,
    path TEXT NOT NULL, device TEXT NOT NULL, inode TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL,
    head_bytes INTEGER NOT NULL, head BLOB NOT NULL, marker_bytes INTEGER NOT NULL, marker BLOB NOT NULL,
    ended INTEGER NOT NULL
);
INSERT INTO generations_by_source SELECT '', * FROM generations;
DROP TABLE generations;
ALTER TABLE generations_by_source RENAME TO generations;
"""
"""`constant` holds the labels of a source as JSON, nothing where it has none; `source` names the source of a file."""

_VERSION_4 = """
CREATE TABLE own (
    constant TEXT NOT NULL, metric TEXT NOT NULL, labels TEXT NOT NULL,
    records INTEGER NOT NULL, total TEXT NOT NULL, buckets TEXT NOT NULL, at REAL, value REAL, created REAL NOT NULL,
    PRIMARY KEY (constant, metric, labels)
) WITHOUT ROWID;
"""

_VERSION_5 = """
CREATE TABLE series_by_number (
    constant TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL,
    requests INTEGER NOT NULL, buckets TEXT NOT NULL, sum_ns TEXT NOT NULL, max_ns TEXT NOT NULL, created REAL NOT NULL,
    number INTEGER PRIMARY KEY
);
INSERT INTO series_by_number SELECT *, NULL FROM series;
DROP TABLE series;
ALTER TABLE series_by_number RENAME TO series;
"""
"""A series has a number: to find a row by that takes half the time of finding it by labels, and no index of these."""

VERSIONS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
"""What each version adds to the one before."""

SCHEMA_VERSION = len(VERSIONS)

_FIRST_TABLES = frozenset({"series", "counts", "generations", "facts"})
_WITH_WRITERS = _FIRST_TABLES | {"writers"}
_WITH_OWN = _WITH_WRITERS | {"own"}
TABLES = (_FIRST_TABLES, _WITH_WRITERS, _WITH_WRITERS, _WITH_OWN, _WITH_OWN)
"""The tables of each version, the first one first."""

_BY_SOURCE = 3
"""The version since which numbers and files belong to a source."""


def version_of(database: sqlite3.Connection) -> int:
    """Return the version of the schema of `database`; 0 when it is empty."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def rows_by_source(database: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    """Return the rows of a table with the source of each as their first value."""
    columns = "*" if version_of(database) >= _BY_SOURCE else "'', *"
    return database.execute(f"SELECT {columns} FROM {table}")  # noqa: S608 - names above


def migrate(database: sqlite3.Connection) -> None:
    """Give `database` the tables of this version."""
    version = version_of(database)
    if version < SCHEMA_VERSION:
        statements = "".join(VERSIONS[version:])
        database.executescript(
            f"BEGIN IMMEDIATE;{statements}"
            f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        )
