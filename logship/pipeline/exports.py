"""Divide an OTLP export into exports of one log record each: a record is what counts as a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from logship.model import Reason
from logship.parse.json_lines import load_object

_LEVELS = ("resourceLogs", "scopeLogs", "logRecords")


def single_exports(line: bytes) -> list[bytes]:
    """Return an export for each log record of the one in `line`; the line as it is when there is none."""
    export = load_object(line.lstrip(b"\0"), replace=True)
    if isinstance(export, Reason):
        return [line]
    try:
        return [json.dumps(each).encode() + b"\n" for each in _divided(export)] or [line]
    except RecursionError:  # to write takes a little more depth than to read
        return [line]


def _divided(export: Any, levels: tuple[str, ...] = _LEVELS) -> Iterator[Any]:
    """Yield `export` once for each object in its lists, with that object alone."""
    if not levels:
        yield export
        return
    inside = export.get(levels[0])
    for each in inside if isinstance(inside, list) else ():
        if isinstance(each, dict):
            yield from ({**export, levels[0]: [one]} for one in _divided(each, levels[1:]))
