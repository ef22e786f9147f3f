"""Say the samples of own metrics as rows of the state file, and read back those whose definition is still the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from logship.checkpoint.rows import constant_of, constant_text
from logship.measure import Dated, Sample, Tally
from logship.model import Constant, OwnKey, SeriesKey

PUT_OWN = """
INSERT INTO own VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
records = excluded.records, total = excluded.total, buckets = excluded.buckets, at = excluded.at, value = excluded.value
"""
FORGET_OWN = "DELETE FROM own WHERE metric = ?"
FORGET_DEFINITION = "DELETE FROM facts WHERE name = ?"

_DEFINITION = "metric:"
"""Begins the name of the fact that holds the definition of a metric."""


class LoadedOwn(NamedTuple):
    """What a state file holds of own metrics.

    Attributes:
        samples: The samples of those whose definition is the same.
        created: When each series began, in seconds since the epoch.
        stale: Names of the others.
    """

    samples: Mapping[tuple[Constant, OwnKey], Sample]
    created: Mapping[SeriesKey, float]
    stale: frozenset[str]


def definition_fact(metric: str) -> str:
    """Return the name of the fact that holds the definition of a metric."""
    return _DEFINITION + metric


def own_rows(
    tally: Tally, created: Mapping[SeriesKey, float], changed: Iterable[SeriesKey]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of series of own metrics that changed."""
    for constant, key in changed:
        if isinstance(key, OwnKey):
            sample = tally.part(constant).own[key]
            numbers = (sample.records, str(sample.total), json.dumps(sample.buckets), *(sample.latest or (None, None)))
            begun = created.get((constant, key), 0.0)
            yield (constant_text(constant), key.metric, json.dumps(key.values), *numbers, begun)


def load_own(database: sqlite3.Connection, facts: Mapping[str, str], definitions: Mapping[str, str]) -> LoadedOwn:
    """Return the samples of metrics whose definition in `facts` is the one in `definitions`."""
    stored = {name.removeprefix(_DEFINITION): value for name, value in facts.items() if name.startswith(_DEFINITION)}
    kept = {name for name, definition in stored.items() if definitions.get(name) == definition}
    samples: dict[tuple[Constant, OwnKey], Sample] = {}
    created: dict[SeriesKey, float] = {}
    for text, metric, labels, records, total, buckets, at, value, begun in database.execute("SELECT * FROM own"):
        if metric in kept:
            key = constant_of(text), OwnKey(metric, tuple(map(str, json.loads(labels))))
            latest = None if at is None else Dated(float(at), float(value))
            samples[key] = Sample(int(records), int(total), tuple(map(int, json.loads(buckets))), latest)
            created[key] = float(begun)
    return LoadedOwn(samples, created, frozenset(stored.keys() - kept))
