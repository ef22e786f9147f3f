"""Any Python value comes in, a bounded tree that JSON can hold goes out. Never raises an Exception.

This is the safety net under the fast path: it runs only for records that orjson refuses or that are too long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CUT = "…"
"""Stands for what was left out: a cycle, something too deep, the rest of a long text."""

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
"""The integers that orjson writes; others become text, so that no digit is lost."""


CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Mapping, lambda value: {str(key): item for key, item in value.items()}),
    (set | frozenset, lambda value: sorted(value, key=repr)),
    (bytes | bytearray | memoryview, lambda value: bytes(value).decode("utf-8", "backslashreplace")),
    (BaseException, repr),
    (dt.date | dt.time, lambda value: value.isoformat()),
    (float, float),  # a subclass, such as numpy's
)
"""What becomes of objects that are not plain; all others become `str(value)`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a value is kept: characters of a text, items of a container, levels of nesting."""

    characters: int
    items: int
    depth: int


def to_plain(value: object) -> Any:
    """Turn one object that JSON does not know into something that it knows; the `default=` of orjson."""
    try:
        for kind, convert in CONVERSIONS:
            if isinstance(value, kind):
                return convert(value)
    except Exception:  # noqa: BLE001 - foreign code: whatever it raises, the record must be written
        return unprintable(value)
    return to_text(value)


def to_text(value: object) -> str:
    """Return `str(value)`; if the class fails at that, its name."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - as above
        return unprintable(value)


def unprintable(value: object) -> str:
    """Return what stands in the record for an object that cannot be looked at."""
    return f"<unprintable {type(value).__name__}>"


def clean(value: object, limits: Limits, seen: tuple[int, ...] = ()) -> Any:
    """Return a copy of the value made of plain dicts, lists, texts and numbers, within the limits."""
    if value is None or type(value) is bool or type(value) is float:
        return value
    if isinstance(value, int):
        return int(value) if MIN_INTEGER <= value <= MAX_INTEGER else clean_text(_digits(value), limits)
    if type(value) is str:
        return clean_text(value, limits)
    if len(seen) >= limits.depth or id(value) in seen:
        return CUT
    try:
        return _clean_container(value, limits, (*seen, id(value)))
    except Exception:  # noqa: BLE001 - a container may change under our hands or be a hostile subclass
        return unprintable(value)


def clean_text(text: str, limits: Limits) -> str:
    """Cut the text to the limit and replace surrogates that stand alone, which UTF-8 cannot express."""
    if len(text) > limits.characters:
        text = text[: limits.characters] + CUT
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _clean_container(value: object, limits: Limits, seen: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        pairs = list(value.items())[: limits.items]
        return {clean_text(key_text(key), limits): clean(item, limits, seen) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [clean(item, limits, seen) for item in value[: limits.items]]
    return clean(to_plain(value), limits, seen)


def key_text(key: object) -> str:
    """Return the key of a mapping as text."""
    return key if type(key) is str else f"{to_plain(key)}"


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # more digits than sys.get_int_max_str_digits() allows
        return hex(number)
