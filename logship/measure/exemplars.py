"""Recent requests as examples of their series and bucket: the trace id of one leads to all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from logship.model import Constant, LabelSet

_TRACE_ID = re.compile(r"(?!0+$)[\w.:/+=-]{1,64}", re.ASCII)
"""OpenMetrics allows 128 characters for the labels of an exemplar, and `trace_id` is one; an id of zeros is none."""


_WITHIN = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*|projects/[^/]+/traces/(.+)", re.ASCII)
"""https://www.w3.org/TR/trace-context/, and https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry."""


class Exemplar(NamedTuple):
    """A request: its time in seconds since the epoch, 0 when it has none, its trace id, its duration in seconds."""

    at: float
    trace_id: str
    value: float


ExemplarKey = tuple[Constant, LabelSet, int]
"""A series among those of all sources, and the number of a bucket."""

Exemplars = Mapping[ExemplarKey, Exemplar]


def trace_id_of(text: str) -> str | None:
    """Return the trace id in `text`, also that of a `traceparent` or of Google Cloud; None when it can be none."""
    found = _WITHIN.fullmatch(text)
    trace_id = text if found is None else found[1] or found[2]
    return trace_id if _TRACE_ID.fullmatch(trace_id) else None


def latest_exemplars(held: Exemplars, found: Exemplars, shown: Iterable[tuple[Constant, LabelSet]]) -> Exemplars:
    """Return the later of both for each series and bucket, of those series that are shown."""
    later = {**held, **{key: max(each, held.get(key, each)) for key, each in found.items()}}
    series = set(shown)
    return {key: each for key, each in later.items() if key[:2] in series}
