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

_VERSIONS = (_VERSION_1, _VERSION_2)

SCHEMA_VERSION = len(_VERSIONS)

TABLES = ({"series", "counts", "generations", "facts"}, {"series", "counts", "generations", "facts", "writers"})
"""The tables of each version, the first one first."""


def version_of(database: sqlite3.Connection) -> int:
    """Return the version of the schema of `database`; 0 when it is empty."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(database: sqlite3.Connection) -> None:
    """Give `database` the tables of this version."""
    version = version_of(database)
    if version < SCHEMA_VERSION:
        statements = "".join(_VERSIONS[version:])
        database.executescript(
            f"BEGIN IMMEDIATE;{statements}"
            f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        )
