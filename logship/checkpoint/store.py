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
from types import MappingProxyType
from typing import IO, Protocol

from logship.checkpoint.lock import locked
from logship.checkpoint.own_rows import (
    FORGET_DEFINITION,
    FORGET_OWN,
    PUT_OWN,
    definition_fact,
    load_own,
    own_rows,
)
from logship.checkpoint.rows import (
    FORGET_ENDED,
    FORGET_WRITER,
    NEW_SERIES,
    PUT_GENERATION,
    PUT_SERIES,
    PUT_WRITER,
    count_rows,
    fact_rows,
    generation_rows,
    load_counts,
    load_numbers,
    load_positions,
    load_series,
    load_writers,
    new_series_rows,
    series_rows,
    writer_rows,
)
from logship.checkpoint.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES, migrate, rows_by_source, version_of
from logship.errors import StateDamagedError, StateError
from logship.measure import Tally, Writer
from logship.model import LabelSet, Position, SeriesKey

MAX_ENDED = 10_000
"""Generations that ended are remembered so that a compressed copy is not counted again; more would never come back."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a state file holds.

    Attributes:
        tally: The numbers.
        created: When each series was first counted, in seconds since the epoch.
        positions: Where each generation that was followed stands, by its number.
        ended: The same for generations that had ended.
        durations_since: When durations began to be counted into these buckets; None when that is now.
        begun_anew: Own metrics that were left out, as they have another definition now.
    """

    tally: Tally = field(default_factory=Tally)
    created: Mapping[SeriesKey, float] = field(default_factory=dict)
    positions: Mapping[int, Position] = field(default_factory=dict)
    ended: Mapping[int, Position] = field(default_factory=dict)
    durations_since: float | None = 0.0
    begun_anew: tuple[str, ...] = ()


@dataclass(slots=True)
class Change:
    """What a commit has to write: the keys that changed, with the values that they have now.

    Attributes:
        tally: The numbers after the change.
        series: Series that changed.
        created: Creation times of new series.
        positions: Generations that moved.
        ended: Generations that ended, with their last position.
        all_ended: The same for all that are remembered, for whoever has to write everything.
        durations_since: When durations began to be counted into these buckets.
    """

    tally: Tally
    series: Iterable[SeriesKey]
    created: Mapping[SeriesKey, float]
    positions: Mapping[int, Position]
    ended: Mapping[int, Position]
    all_ended: Mapping[int, Position] = field(default_factory=dict)
    durations_since: float = 0.0


class Store(Protocol):
    """Where a ledger makes its commits durable."""

    def load(self) -> Saved:
        """Return what was last written."""

    def write(self, change: Change) -> None:
        """Make `change` durable, whole or not at all; raise StateError when it cannot be."""

    def use_buckets(self, buckets: Sequence[float]) -> None:
        """Take changes with durations in `buckets` from now on."""

    def use_metrics(self, definitions: Mapping[str, str]) -> None:
        """Take changes with own metrics of these definitions from now on; what has another one is forgotten."""

    def close(self) -> None:
        """Let the file go."""


class NoStore:
    """The store of a tailer without a state file."""

    def load(self) -> Saved:
        """Return nothing."""
        return Saved()

    def write(self, change: Change) -> None:
        """Keep nothing."""

    def use_buckets(self, buckets: Sequence[float]) -> None:
        """Keep none."""

    def use_metrics(self, definitions: Mapping[str, str]) -> None:
        """Keep none."""

    def close(self) -> None:
        """Hold nothing."""


class SqliteStore:
    """The store of a state file; opened, used and closed by one thread."""

    def __init__(
        self, path: str, *, buckets: Sequence[float], definitions: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.path = path
        self._definitions = definitions
        self._stale: frozenset[str] = frozenset()
        self._buckets = json.dumps(list(buckets))
        self._lock: IO[str] | None = None
        self._database: sqlite3.Connection | None = None
        self._numbers: dict[SeriesKey, int] = {}
        self._written: Mapping[int, Position] = {}
        self._written_counts: set[tuple[str, str, str, int]] = set()
        self._written_facts: set[tuple[str, str, str]] = set()
        self._written_writers: Mapping[str, Writer] = {}
        self._in_other_buckets: set[SeriesKey] = set()

    def open(self) -> None:
        """Open or create the file and keep others out; raise StateError when that cannot be."""
        self._lock = locked(self.path)
        try:
            self._inspect()
            self._database = open_database(self.path)
            with _told(self.path, "read"):
                self._numbers = load_numbers(self._database)
        except BaseException:
            self.close()
            raise

    def load(self) -> Saved:
        """Return what was last written; durations are left out when they were counted into other buckets."""
        return self._load(self._connection())

    def _load(self, database: sqlite3.Connection) -> Saved:
        with _told(self.path, "read"):
            facts = {name: value for constant, name, value in rows_by_source(database, "facts") if not constant}
            same_buckets = facts.get("buckets") == self._buckets
            series, created = load_series(database, len(json.loads(self._buckets)) + 1, same_buckets=same_buckets)
            tally = load_counts(database)
            for (constant, labels), each in series.items():
                tally.part(constant).series[labels] = each
            if "writers" in TABLES[version_of(database) - 1]:
                self._written_writers = tally.writers = load_writers(database)
            if "own" in TABLES[version_of(database) - 1]:
                own = load_own(database, facts, self._definitions)
                self._stale = own.stale
                created.update(own.created)
                for (constant, key), sample in own.samples.items():
                    tally.part(constant).own[key] = sample
            self._in_other_buckets = set() if same_buckets else set(series)
            self._written = load_positions(database, ended=0)
            since = float(facts.get("durations_since", 0.0)) if same_buckets or not series else None
            begun_anew = tuple(sorted(self._stale & self._definitions.keys()))
            return Saved(tally, created, self._written, load_positions(database, ended=1), since, begun_anew)

    def _inspect(self) -> None:
        """Raise StateError when an existing file cannot be used, without changing a byte of it.

        Only a connection that may not write leaves the write-ahead log as it is when it is closed.
        """
        if not os.path.exists(self.path) or os.path.getsize(self.path) == 0:  # noqa: PTH110, PTH202
            return
        with _told(self.path, "open"), closing(open_read_only(self.path)) as database:
            _refuse_unknown(self.path, database)
            if version_of(database):  # none yet: a kill in the very first start left a file without tables
                self._load(database)

    def write(self, change: Change) -> None:
        """Make `change` durable in one transaction."""
        database = self._connection()
        counts, facts = set(count_rows(change.tally)), set(self._fact_rows(change))
        with _told(self.path, "write"), database:
            database.execute("BEGIN IMMEDIATE")
            numbers = self._put_series(database, change)
            database.executemany(FORGET_OWN, [(name,) for name in self._stale])
            database.executemany(FORGET_DEFINITION, [(definition_fact(name),) for name in self._stale])
            database.executemany(PUT_OWN, own_rows(change.tally, change.created, change.series))
            database.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?)", counts - self._written_counts)
            database.executemany(PUT_GENERATION, generation_rows(self._moved(change.positions), ended=0))
            if change.ended:
                database.executemany(PUT_GENERATION, generation_rows(change.ended, ended=1))
                database.execute(FORGET_ENDED, (MAX_ENDED,))
            database.executemany(PUT_WRITER, writer_rows(self._changed_writers(change.tally.writers)))
            database.executemany(
                FORGET_WRITER, [(gone,) for gone in self._written_writers.keys() - change.tally.writers]
            )
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", facts - self._written_facts)
        self._numbers, self._stale = numbers, frozenset()
        self._written_writers = change.tally.writers
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

    def _put_series(self, database: sqlite3.Connection, change: Change) -> dict[SeriesKey, int]:
        """Write series that changed; return the numbers of all, which hold once the transaction is over."""
        numbers = self._numbers
        changed = {key for key in self._in_other_buckets.union(change.series) if isinstance(key[1], LabelSet)}
        if unknown := changed.difference(numbers):
            new = {key: number for number, key in enumerate(unknown, max(numbers.values(), default=0) + 1)}
            database.executemany(NEW_SERIES, new_series_rows(new, change.created))
            numbers = numbers | new
        done = database.executemany(PUT_SERIES, series_rows(change.tally, changed, numbers))
        if changed and done.rowcount != len(changed):
            raise StateError(
                f"state file {self.path} was changed by another program while in use; move it out of the way, "
                "and everything is written there anew"
            )
        return numbers

    def _changed_writers(self, writers: Mapping[str, Writer]) -> Iterator[tuple[str, Writer]]:
        """Yield those that changed; they are never changed in place."""
        return (each for each in writers.items() if self._written_writers.get(each[0]) is not each[1])

    def _moved(self, positions: Mapping[int, Position]) -> dict[int, Position]:
        return {number: position for number, position in positions.items() if self._written.get(number) != position}

    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise StateError(f"state file {self.path} is not open")
        return self._database

    def use_buckets(self, buckets: Sequence[float]) -> None:
        """Take changes with durations in `buckets` from now on; the next one must hold all series."""
        self._buckets = json.dumps(list(buckets))

    def use_metrics(self, definitions: Mapping[str, str]) -> None:
        """Take changes with own metrics of these definitions from now on; what has another one is forgotten."""
        self._stale |= {name for name, was in self._definitions.items() if definitions.get(name) != was}
        self._definitions = definitions

    def _fact_rows(self, change: Change) -> Iterator[tuple[str, str, str]]:
        yield "", "buckets", self._buckets
        yield "", "durations_since", repr(change.durations_since)
        for name, definition in self._definitions.items():
            yield "", definition_fact(name), definition
        yield from fact_rows(change.tally)


def open_database(path: str) -> sqlite3.Connection:
    """Return the database at `path`, made if it is missing; raise StateError when it cannot be or is no state file."""
    with _told(path, "open"):
        database = sqlite3.connect(path, isolation_level=None)
    try:
        with _told(path, "open"):
            _refuse_unknown(path, database)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            migrate(database)
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

    version = version_of(database)
    if version > SCHEMA_VERSION:
        raise StateError(
            f"state file {path} was written by a newer logship (schema {version}, this one knows {SCHEMA_VERSION}); "
            "run that version, or give another --state"
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
