"""Say numbers and positions as rows of the state file, and read them back; a value that is not ours is a ValueError."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from logship.measure import Run, Runs, Series, Tally, Word, Writer, runs_of
from logship.model import Excerpt, FileKey, LabelSet, Position, Reason

PUT_SERIES = """
INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
requests = excluded.requests, buckets = excluded.buckets, sum_ns = excluded.sum_ns, max_ns = excluded.max_ns
"""
PUT_GENERATION = "INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_WRITER = "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
FORGET_WRITER = "DELETE FROM writers WHERE boot_id = ?"
FORGET_ENDED = """
DELETE FROM generations WHERE ended = 1 AND number NOT IN
(SELECT number FROM generations WHERE ended = 1 ORDER BY number DESC LIMIT ?)
"""
_SCALARS = ("not_request", "folded", "read_bytes", "lost_bytes", "lost_lines", "dropped", "unlogged")
_COUNTERS = ("messages", "exceptions", "rejected")


def series_rows(
    tally: Tally, created: Mapping[LabelSet, float], changed: Iterable[LabelSet]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of label sets that changed."""
    for labels in changed:
        series = tally.series[labels]
        buckets = json.dumps(series.buckets)
        begun = created.get(labels, 0.0)
        yield (*labels, series.requests, buckets, str(series.sum_ns), str(series.max_ns), begun)


def count_rows(tally: Tally) -> Iterator[tuple[str, str, int]]:
    """Yield the rows of all counts beside the series."""
    for name in _SCALARS:
        yield name, "", getattr(tally, name)
    for name in _COUNTERS:
        for label, value in getattr(tally, name).items():
            yield name, label, value


def generation_rows(positions: Mapping[int, Position], *, ended: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of generations that have ended, or not."""
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


def writer_rows(writers: Iterable[tuple[str, Writer]]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of writing processes."""
    for boot_id, writer in writers:
        yield (
            boot_id,
            json.dumps(writer.runs),
            *(writer.span or (None, None)),
            *(writer.in_flight or (None, None)),
            *(writer.heard or (None, None)),
            writer.heartbeat_seconds,
        )


def _storable(path: str) -> str | bytes:
    """Return a path as text, or as bytes when its name is not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def load_series(
    database: sqlite3.Connection, bucket_count: int, *, same_buckets: bool
) -> tuple[dict[LabelSet, Series], dict[LabelSet, float]]:
    """Return the series, without durations when they were counted into other buckets, and when each began."""
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


def load_counts(database: sqlite3.Connection, facts: Mapping[str, str]) -> Tally:
    """Return the numbers beside the series."""
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


def load_positions(database: sqlite3.Connection, *, ended: int) -> dict[int, Position]:
    """Return where the generations stand that have ended, or not."""
    rows = database.execute("SELECT * FROM generations WHERE ended = ? ORDER BY number", (ended,))
    return {
        number: Position(
            os.fsdecode(path),
            FileKey(int(device), int(inode)),
            _natural(offset),
            _natural(size),
            _excerpt(head_bytes, head, max(offset, size)),
            _excerpt(marker_bytes, marker, offset),
        )
        for number, path, device, inode, offset, size, head_bytes, head, marker_bytes, marker, _ in rows
    }


def load_writers(database: sqlite3.Connection) -> dict[str, Writer]:
    """Return what is known of writing processes, the longest silent one first."""
    return {
        boot_id: Writer(_runs(runs), _span(first, last), _word(said_in, said), _word(heard_in, heard), _seconds(pulse))
        for boot_id, runs, first, last, said_in, said, heard_in, heard, pulse in database.execute(
            "SELECT * FROM writers ORDER BY heard"
        )
    }


def _runs(stored: str) -> Runs:
    pairs = [(_natural(first), _natural(last)) for first, last in json.loads(stored)]
    if not pairs or runs_of(pairs) != tuple(pairs) or any(first > last for first, last in pairs):
        raise ValueError(f"{stored!r} instead of runs of numbers")
    return tuple(pairs)


def _span(first: object, last: object) -> Run | None:
    return (_natural(first), _natural(last)) if first is not None else None


def _word(seq: object, value: object) -> Word | None:
    if seq is None:
        return None
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} instead of a number")
    return Word(_natural(seq), value)


def _seconds(value: object) -> float | None:
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{value!r} instead of seconds")
    return value


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} instead of a count")
    return value


def _excerpt(length: object, digest: object, offset: int) -> Excerpt:
    if _natural(length) > offset or not isinstance(digest, bytes):
        raise ValueError(f"an excerpt of {length!r} bytes up to {offset}")
    return Excerpt(_natural(length), digest)
