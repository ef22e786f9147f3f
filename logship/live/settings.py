"""Say a configuration as keys and values, as a person would look for them in its file; without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from logship.read import masked

MASK = "***"

_SECRET = re.compile("password|secret|token|credential|private", re.IGNORECASE)


def settings(config: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key of each option, as a path in the file, and its value."""
    if not is_dataclass(config):
        yield prefix, _said(config)
        return
    for each in fields(config):
        key, value = f"{prefix}.{each.name}".removeprefix("."), getattr(config, each.name)
        if _SECRET.search(each.name):
            yield key, MASK
        elif isinstance(value, tuple) and any(map(is_dataclass, value)):
            for number, part in enumerate(value):
                yield from settings(part, f"{key}.{number}")
        else:
            yield from settings(value, key)


def _said(value: object) -> str:
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {MASK if _SECRET.search(str(key)) else _said(each)}" for key, each in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    return masked(value) if isinstance(value, str) else str(value)
