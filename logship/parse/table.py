"""The table of formats, and the look-up in it by name."""

from __future__ import annotations

import difflib

from logship.errors import UsageError
from logship.parse.formats import Format
from logship.parse.presets import NODE, OWN, PROXIES, PYTHON, RUNTIMES, SERVICES, TEXT

FORMATS: tuple[Format, ...] = (*OWN, *NODE, *PROXIES, *PYTHON, *RUNTIMES, *SERVICES, *TEXT)

FORMAT_NAMES: tuple[str, ...] = tuple(known.name for known in FORMATS)

_BY_NAME = {known.name: known for known in FORMATS}


def format_named(name: str) -> Format:
    """Return the format called `name`; raise KeyError when there is none."""
    return _BY_NAME[name]


def named(name: str) -> Format:
    """Return the format called `name`; raise UsageError, which names the nearest, when there is none."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(name, _BY_NAME, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "`logship formats` lists them"
    raise UsageError(f"there is no log format {name!r}; {remedy}")
