"""Keep positions and numbers of one instant in a SQLite file, so that a restart goes on where the last commit stood.

Theory of operation. One transaction per commit holds the change of the numbers and the move of the positions, with
`synchronous=FULL` on a write-ahead log: after a crash at any instant the file shows either both or neither. A commit
is over before its numbers are published, so what a scrape has seen is never taken back. Only changed rows are
written. An advisory lock on a file beside it keeps others out; it is gone with its process, however that ends.
A file that is not ours, damaged, or newer than this program is never changed: opening it fails and says what to do.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from logship.checkpoint.lock import locked
from logship.errors import StateDamagedError, StateError
from logship.measure import Series, Tally
from logship.model import Excerpt, FileKey, LabelSet, Position, Reason

APPLICATION_ID = 0x4C4F4753
"""`LOGS`; marks the file as ours for us, and for file(1)."""

SCHEMA_VERSION = 1

MAX_ENDED = 1000
"""Generations that ended are remembered so that a compressed copy is not counted again; more would never come back."""

_SCHEMA = """
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


@dataclass(frozen=True, slots=True)
class Saved:
    """What a state file holds.

    Attributes:
        tally: The numbers.
        created: When each series was first counted, in seconds since the epoch.
        positions: Where each generation that was followed stands, by its number.
        ended: The same for generations that had ended.
    """

    tally: Tally = field(default_factory=Tally)
    created: Mapping[LabelSet, float] = field(default_factory=dict)
    positions: Mapping[int, Position] = field(default_factory=dict)
    ended: Mapping[int, Position] = field(default_factory=dict)


@dataclass(slots=True)
class Change:
    """What a commit has to write: the keys that changed, with the values that they have now.

    Attributes:
        tally: The numbers after the change.
        labels: Series that changed.
        created: Creation times of new series.
        positions: Generations that moved.
        ended: Generations that ended, with their last position.
    """

    tally: Tally
    labels: Iterable[LabelSet]
    created: Mapping[LabelSet, float]
    positions: Mapping[int, Position]
    ended: Mapping[int, Position]


class Store(Protocol):
    """Where a ledger makes its commits durable."""

    def load(self) -> Saved:
        """Return what was last written."""

    def write(self, change: Change) -> None:
        """Make `change` durable, whole or not at all; raise StateError when it cannot be."""

    def close(self) -> None:
        """Let the file go."""


class NoStore:
    """The store of a tailer without a state file."""

    def load(self) -> Saved:
        """Return nothing."""
        return Saved()

    def write(self, change: Change) -> None:
        """Keep nothing."""

    def close(self) -> None:
        """Hold nothing."""


class SqliteStore:
    """The store of a state file; opened, used and closed by one thread."""

    def __init__(self, path: str, *, buckets: Sequence[float]) -> None:
        self.path = path
        self._buckets = json.dumps(list(buckets))
        self._lock: IO[str] | None = None
        self._database: sqlite3.Connection | None = None
        self._written: Mapping[int, Position] = {}
        self._written_counts: set[tuple[str, str, int]] = set()
        self._written_facts: set[tuple[str, str]] = set()
        self._in_other_buckets: set[LabelSet] = set()

    def open(self) -> None:
        """Open or create the file and keep others out; raise StateError when that cannot be."""
        self._lock = locked(self.path)
        try:
            self._inspect()
            self._database = open_database(self.path)
        except BaseException:
            self.close()
            raise

    def load(self) -> Saved:
        """Return what was last written; durations are left out when they were counted into other buckets."""
        return self._load(self._connection())

    def _load(self, database: sqlite3.Connection) -> Saved:
        with _told(self.path, "read"):
            facts = dict(database.execute("SELECT name, value FROM facts"))
            same_buckets = facts.get("buckets") == self._buckets
            series, created = _load_series(database, len(json.loads(self._buckets)) + 1, same_buckets=same_buckets)
            tally = _load_counts(database, facts)
            tally.series = series
            self._in_other_buckets = set() if same_buckets else set(series)
            self._written = _load_positions(database, ended=0)
            return Saved(tally, created, self._written, _load_positions(database, ended=1))

    def _inspect(self) -> None:
        """Raise StateError when an existing file cannot be used, without changing a byte of it.

        Only a connection that may not write leaves the write-ahead log as it is when it is closed.
        """
        if not os.path.exists(self.path) or os.path.getsize(self.path) == 0:  # noqa: PTH110, PTH202
            return
        with _told(self.path, "open"), closing(open_read_only(self.path)) as database:
            _refuse_unknown(self.path, database)
            self._load(database)

    def write(self, change: Change) -> None:
        """Make `change` durable in one transaction."""
        database = self._connection()
        counts, facts = set(_count_rows(change.tally)), set(self._fact_rows(change.tally))
        with _told(self.path, "write"), database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_PUT_SERIES, _series_rows(change, self._in_other_buckets.union(change.labels)))
            database.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?, ?)", counts - self._written_counts)
            database.executemany(_PUT_GENERATION, _generation_rows(self._moved(change.positions), ended=0))
            if change.ended:
                database.executemany(_PUT_GENERATION, _generation_rows(change.ended, ended=1))
                database.execute(_FORGET_ENDED, (MAX_ENDED,))
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts - self._written_facts)
        self._written = dict(change.positions)
        self._written_counts, self._written_facts, self._in_other_buckets = counts, facts, set()

    def close(self) -> None:
        """Close the file and let others in."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _moved(self, positions: Mapping[int, Position]) -> dict[int, Position]:
        return {number: position for number, position in positions.items() if self._written.get(number) != position}

    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise StateError(f"state file {self.path} is not open")
        return self._database

    def _fact_rows(self, tally: Tally) -> Iterator[tuple[str, str]]:
        yield "buckets", self._buckets
        for name in ("first_event", "last_event"):
            at = getattr(tally, name)
            if at is not None:
                yield name, repr(at)


_PUT_SERIES = """
INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
requests = excluded.requests, buckets = excluded.buckets, sum_ns = excluded.sum_ns, max_ns = excluded.max_ns
"""
_PUT_GENERATION = "INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET_ENDED = """
DELETE FROM generations WHERE ended = 1 AND number NOT IN
(SELECT number FROM generations WHERE ended = 1 ORDER BY number DESC LIMIT ?)
"""
_SCALARS = ("not_request", "folded", "read_bytes", "lost_bytes")
_COUNTERS = ("messages", "exceptions", "rejected")


def _series_rows(change: Change, changed: Iterable[LabelSet]) -> Iterator[tuple[object, ...]]:
    for labels in changed:
        series = change.tally.series[labels]
        created = change.created.get(labels, 0.0)
        buckets = json.dumps(series.buckets)
        yield (*labels, series.requests, buckets, str(series.sum_ns), str(series.max_ns), created)


def _count_rows(tally: Tally) -> Iterator[tuple[str, str, int]]:
    for name in _SCALARS:
        yield name, "", getattr(tally, name)
    for name in _COUNTERS:
        for label, value in getattr(tally, name).items():
            yield name, label, value


def _generation_rows(positions: Mapping[int, Position], *, ended: int) -> Iterator[tuple[object, ...]]:
    for number, position in positions.items():
        key = (str(position.key.device), str(position.key.inode))  # text: both may take 64 bits without a sign
        yield (
            number,
            _storable(position.path),
            *key,
            position.offset,
            position.size,
            *position.head,
            *position.marker,
            ended,
        )


def _storable(path: str) -> str | bytes:
    """Return a path as text, or as bytes when its name is not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def _load_series(
    database: sqlite3.Connection, bucket_count: int, *, same_buckets: bool
) -> tuple[dict[LabelSet, Series], dict[LabelSet, float]]:
    series, created = {}, {}
    for method, route, status, requests, buckets, sum_ns, max_ns, at in database.execute("SELECT * FROM series"):
        labels = LabelSet(method, route, status)
        created[labels] = float(at)
        if same_buckets:
            counts = tuple(_natural(count) for count in json.loads(buckets))
            if len(counts) != bucket_count:
                raise ValueError(f"{len(counts)} buckets instead of {bucket_count}")
            series[labels] = Series(_natural(requests), counts, int(sum_ns), int(max_ns), {})
        else:
            series[labels] = Series(_natural(requests), (0,) * bucket_count, 0, 0, {})
    return series, created


def _load_counts(database: sqlite3.Connection, facts: Mapping[str, str]) -> Tally:
    tally = Tally()
    for name, label, value in database.execute("SELECT name, label, value FROM counts"):
        if name in _SCALARS:
            setattr(tally, name, _natural(value))
        elif name in _COUNTERS:
            getattr(tally, name)[Reason(label) if name == "rejected" else label] = _natural(value)
        else:
            raise ValueError(f"a count of {name!r}")
    tally.widen_span(float(facts[name]) for name in ("first_event", "last_event") if name in facts)
    return tally


def _load_positions(database: sqlite3.Connection, *, ended: int) -> dict[int, Position]:
    rows = database.execute("SELECT * FROM generations WHERE ended = ? ORDER BY number", (ended,))
    return {
        number: Position(
            os.fsdecode(path),
            FileKey(int(device), int(inode)),
            _natural(offset),
            _natural(size),
            _excerpt(head_bytes, head, offset),
            _excerpt(marker_bytes, marker, offset),
        )
        for number, path, device, inode, offset, size, head_bytes, head, marker_bytes, marker, _ in rows
    }


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} instead of a count")
    return value


def _excerpt(length: object, digest: object, offset: int) -> Excerpt:
    if _natural(length) > offset or not isinstance(digest, bytes):
        raise ValueError(f"an excerpt of {length!r} bytes up to {offset}")
    return Excerpt(_natural(length), digest)


def open_database(path: str) -> sqlite3.Connection:
    """Return the database at `path`, made if it is missing; raise StateError when it cannot be or is no state file."""
    with _told(path, "open"):
        database = sqlite3.connect(path, isolation_level=None)
    try:
        with _told(path, "open"):
            _refuse_unknown(path, database)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            _migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def open_read_only(path: str) -> sqlite3.Connection:
    """Return the database at `path`, which must exist, so that nothing of it can be changed."""
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _refuse_unknown(path: str, database: sqlite3.Connection) -> None:
    """Raise StateError for a database that is no state file of this version, before anything is written to it."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise StateError(f"{path} is a database, but no state file of logship; give another --state")
    if tables and (damage := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise StateDamagedError(f"state file {path} is damaged ({damage}); {REMEDY}")

    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StateError(
            f"state file {path} was written by a newer logship (schema {version}, this one knows {SCHEMA_VERSION}); "
            "run that version, or give another --state"
        )


def _migrate(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        database.executescript(
            f"BEGIN;{_SCHEMA}PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        )


REMEDY = "logship state salvage saves what can be read, --state-recovery reset starts anew"


@contextmanager
def _told(path: str, doing: str) -> Iterator[None]:
    """Turn what SQLite raises, and what unfit values lead to, into a StateError that names the file and the remedy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # none: text that is not UTF-8
        if doing == "write" or code != sqlite3.SQLITE_ERROR:
            raise StateError(f"state file {path}: cannot {doing}: {error}") from error
        raise StateDamagedError(f"state file {path} is damaged ({error}); {REMEDY}") from error
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        raise StateDamagedError(f"state file {path} is damaged or no state file ({error}); {REMEDY}") from error


def move_aside(path: str, stamp: str) -> str:
    """Rename a state file and what belongs to it, so that a new one can begin; return its new name."""
    if not Path(path).exists():
        raise StateError(f"there is no state file {path}")
    aside = f"{path}.{stamp}.bad"
    with locked(path):  # not under the hands of a tailer that runs
        for suffix in ("", "-wal", "-shm"):
            source = Path(path + suffix)
            if source.exists():
                source.rename(aside + suffix)
    return aside
