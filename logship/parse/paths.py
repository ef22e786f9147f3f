"""Dotted paths into a record: `http.request.method` finds nested objects, a literal dotted key, and any mix of both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MAX_SEGMENTS = 8
"""A path of n segments can be written in 2 ** (n - 1) ways; of a longer one the end is one literal key."""


@lru_cache(maxsize=4096)
def spellings(path: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways in which `path` can stand in a record, as keys from the outside in; longer keys first."""
    return tuple(_ways(path.split(".", MAX_SEGMENTS - 1)))


def _ways(segments: list[str]) -> list[tuple[str, ...]]:
    ways: list[tuple[str, ...]] = [(".".join(segments),)]
    for end in range(len(segments) - 1, 0, -1):
        ways += [(".".join(segments[:end]), *keys) for keys in _ways(segments[end:])]
    return ways


def look(record: Mapping[str, Any], path: str) -> Any:
    """Return what stands at `path`; None when nothing does, or null."""
    for keys in spellings(path):
        value: Any = record
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None
