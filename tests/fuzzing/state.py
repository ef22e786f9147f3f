"""Any bytes as a state file: taken whole, or refused with an error for people and left as it is.

With an even first byte the rest is the file; with an odd one it is put as a value into a row of a good file.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from logship.checkpoint import SqliteStore, salvage, show, verify
from logship.checkpoint.rows import all_series
from logship.checkpoint.store import Change
from logship.errors import StateError
from logship.measure import Series, Tally
from logship.model import Excerpt, FileKey, LabelSet, Position

_KINDS = ("TEXT", "INTEGER", "REAL", "BLOB")
_BUCKETS = (0.1, 1.0)
_AT = Position("combined.log", FileKey(1, 2), 300, 400, Excerpt(300, b"h" * 16), Excerpt(256, b"m" * 16))


def seeds() -> list[bytes]:
    """Return a good state file, and values that fit into none of its rows."""
    values = (b"", b"-1", b"1e999", b"[]", b'[["a", 1]]', b"\xff\xfe", b"9" * 30, b'{"a": [1, 2, 3]}', b"nan")
    return [b"\0" + _good(), *(bytes([2 * number + 1, number]) + value for number, value in enumerate(values))]


def check(text: bytes) -> None:
    """Use a state file in every way; raise when one ends in anything else than success or an error for people."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state.db"
        if text[0] % 2:
            path.write_bytes(_good())
            _put(path, text[0] // 2, text[1:])
        else:
            path.write_bytes(text[1:])
        before = path.read_bytes()
        for look in (verify, show, lambda name: salvage(name, f"{name}.saved")):
            _tried(look, path)
        assert path.read_bytes() == before, "a look has changed it"
        if not _tried(_go_on, path):
            assert path.read_bytes() == before, "it was refused, and is not what it was"


def _tried(use: Callable[[str], object], path: Path) -> bool:
    try:
        use(str(path))
    except StateError as error:
        said = str(error)
    else:
        return True
    assert str(path) in said, said
    return False


def _go_on(path: str) -> None:
    """Do what a tailer does with it: load, commit, load."""
    store = SqliteStore(path, buckets=_BUCKETS)
    store.open()
    try:
        saved = store.load()
        tally = saved.tally
        store.write(Change(tally, all_series(tally), saved.created, saved.positions, saved.ended))
        again = store.load()
        assert again.tally.lines == tally.lines
        assert again.positions == saved.positions
    finally:
        store.close()


@cache
def _good() -> bytes:
    """Return a small state file, all in one."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state.db"
        store = SqliteStore(str(path), buckets=_BUCKETS)
        store.open()
        series = {LabelSet("GET", route, "200"): Series(3, (1, 1, 1), 7, 5, {}) for route in ("/a", "/b")}
        tally = Tally(series=series, messages=Counter(info=2), not_request=2, read_bytes=400)
        changed = all_series(tally)
        store.write(Change(tally, changed, dict.fromkeys(changed, 5.0), {1: _AT}, {2: _AT}))
        store.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"):
                database.execute(statement)
        return path.read_bytes()


def _put(path: Path, number: int, value: bytes) -> None:
    """Put a value into all rows of some column; the first byte chooses its type, the rest is its text."""
    kind, text = _KINDS[(value[:1] or b"\0")[0] % len(_KINDS)], value[1:].decode("latin-1")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        columns = [
            (table, column)
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            for (_, column, *_) in database.execute(f"PRAGMA table_info({table})")
        ]
        table, column = columns[number % len(columns)]
        with suppress(sqlite3.IntegrityError):
            database.execute(f"UPDATE {table} SET {column} = CAST(? AS {kind})", [text])  # noqa: S608 - our own names
