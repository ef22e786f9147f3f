"""Say numbers and positions as rows of the state file, and read them back; a value that is not ours is a ValueError."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from logship.checkpoint.schema import rows_by_source
from logship.measure import Run, Runs, Series, Tally, Verdict, Word, Writer, runs_of
from logship.model import Constant, Excerpt, FileKey, LabelSet, Position, Reason, SeriesKey

NEW_SERIES = """
INSERT INTO series (number, constant, method, route, status, created, requests, buckets, sum_ns, max_ns)
VALUES (?, ?, ?, ?, ?, ?, 0, '', '', '')
"""
PUT_SERIES = "UPDATE series SET requests = ?, buckets = ?, sum_ns = ?, max_ns = ? WHERE number = ?"
PUT_GENERATION = "INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_WRITER = "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
FORGET_WRITER = "DELETE FROM writers WHERE boot_id = ?"
FORGET_ENDED = """
DELETE FROM generations WHERE ended = 1 AND number <=
(SELECT number FROM generations WHERE ended = 1 ORDER BY number DESC LIMIT 1 OFFSET ?)
"""
_SCALARS = ("not_request", "ruled_out", "folded", "read_bytes", "lost_bytes", "lost_lines", "dropped", "unlogged")
_COUNTERS = ("messages", "exceptions", "rejected", "own_unfit")
_TIMES = ("first_event", "last_event")
_CHECKS = "checks"


def all_series(tally: Tally) -> set[SeriesKey]:
    """Return the series of all sources."""
    requests = {(constant, labels) for constant, part in tally.by_labels() for labels in part.series}
    return requests | {(constant, key) for constant, part in tally.by_labels() for key in part.own}


def new_series_rows(
    numbers: Mapping[SeriesKey, int], created: Mapping[SeriesKey, float]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of series that get a number; what they count is put there next."""
    for key, number in numbers.items():
        constant, labels = key
        yield (number, constant_text(constant), *labels, created.get(key, 0.0))


def series_rows(
    tally: Tally, changed: Iterable[SeriesKey], numbers: Mapping[SeriesKey, int]
) -> Iterator[tuple[object, ...]]:
    """Yield what series count that changed."""
    series_of: Mapping[Constant, Mapping[Any, Series]] = {at: part.series for at, part in tally.by_labels()}
    for key in changed:
        constant, labels = key
        requests, buckets, sum_ns, max_ns, _ = series_of[constant][labels]
        yield requests, str([*buckets]), str(sum_ns), str(max_ns), numbers[key]


def count_rows(tally: Tally) -> Iterator[tuple[str, str, str, int]]:
    """Yield the rows of all counts beside the series."""
    for constant, part in tally.by_labels():
        text = constant_text(constant)
        for name in _SCALARS:
            yield text, name, "", getattr(part, name)
        for name in _COUNTERS:
            for label, value in getattr(part, name).items():
                yield text, name, label, value


def fact_rows(tally: Tally) -> Iterator[tuple[str, str, str]]:
    """Yield the facts that are no counts: the span of events, what health checks found."""
    for constant, part in tally.by_labels():
        text = constant_text(constant)
        for name, value in _facts(part):
            yield text, name, value


def _facts(tally: Tally) -> Iterator[tuple[str, str]]:
    for name in _TIMES:
        at = getattr(tally, name)
        if at is not None:
            yield name, repr(at)
    if tally.checks:
        found = {name: (verdict.at, int(verdict.is_healthy)) for name, verdict in tally.checks.items()}
        yield _CHECKS, json.dumps(found)


def generation_rows(positions: Mapping[int, Position], *, ended: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of generations that have ended, or not."""
    for number, position in positions.items():
        key = (str(position.key.device), str(position.key.inode))  # text: both may take 64 bits without a sign
        yield (
            position.source,
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
) -> tuple[dict[tuple[Constant, LabelSet], Series], dict[SeriesKey, float]]:
    """Return the series, without durations when they were counted into other buckets, and when each began."""
    series: dict[tuple[Constant, LabelSet], Series] = {}
    created: dict[SeriesKey, float] = {}
    for text, method, route, status, requests, buckets, sum_ns, max_ns, at, *_ in rows_by_source(database, "series"):
        labels = constant_of(text), LabelSet(method, route, status)
        created[labels] = float(at)
        if same_buckets:
            counts = tuple(_natural(count) for count in json.loads(buckets))
            if len(counts) != bucket_count:
                raise ValueError(f"{len(counts)} buckets instead of {bucket_count}")
            series[labels] = Series(_natural(requests), counts, int(sum_ns), int(max_ns), {})
        else:
            series[labels] = Series(_natural(requests), (0,) * bucket_count, 0, 0, {})
    return series, created


def load_numbers(database: sqlite3.Connection) -> dict[SeriesKey, int]:
    """Return the number of each series."""
    rows = database.execute("SELECT constant, method, route, status, number FROM series")
    return {(constant_of(text), LabelSet(*labels)): number for text, *labels, number in rows}


def load_counts(database: sqlite3.Connection) -> Tally:
    """Return the numbers beside the series."""
    tally = Tally()
    for text, name, label, value in rows_by_source(database, "counts"):
        part = tally.part(constant_of(text))
        if name in _SCALARS:
            setattr(part, name, _natural(value))
        elif name in _COUNTERS:
            getattr(part, name)[Reason(label) if name == "rejected" else label] = _natural(value)
        else:
            raise ValueError(f"a count of {name!r}")
    for text, name, value in rows_by_source(database, "facts"):
        part = tally.part(constant_of(text))
        if name in _TIMES:
            part.widen_span([float(value)])
        elif name == _CHECKS:
            part.add_checks(_checks(value))
    return tally


def load_positions(database: sqlite3.Connection, *, ended: int) -> dict[int, Position]:
    """Return where the generations stand that have ended, or not."""
    rows = [row for row in rows_by_source(database, "generations") if row[-1] == ended]
    return {
        number: Position(
            os.fsdecode(path),
            FileKey(int(device), int(inode)),
            _natural(offset),
            _natural(size),
            _excerpt(head_bytes, head, max(offset, size)),
            _excerpt(marker_bytes, marker, offset),
            str(source),
        )
        for source, number, path, device, inode, offset, size, head_bytes, head, marker_bytes, marker, _ in sorted(
            rows, key=lambda row: row[1]
        )
    }


def load_writers(database: sqlite3.Connection) -> dict[str, Writer]:
    """Return what is known of writing processes, the longest silent one first."""
    return {
        boot_id: Writer(_runs(runs), _span(first, last), _word(said_in, said), _word(heard_in, heard), _seconds(pulse))
        for boot_id, runs, first, last, said_in, said, heard_in, heard, pulse in database.execute(
            "SELECT * FROM writers ORDER BY heard"
        )
    }


def constant_text(constant: Constant) -> str:
    """Return the labels of a source as they are stored."""
    return json.dumps(constant) if constant else ""


def constant_of(text: str) -> Constant:
    """Return the labels of a source from what is stored."""
    return tuple((str(name), str(value)) for name, value in json.loads(text)) if text else ()


def _checks(stored: str) -> dict[str, Verdict]:
    return {
        name: Verdict(float(at), bool(_natural(healthy))) for name, (at, healthy) in dict(json.loads(stored)).items()
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
