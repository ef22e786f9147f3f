"""Find the format of a log; a wrong guess would be wrong numbers, so the first request decides, not the style."""

from __future__ import annotations

import re
from typing import NamedTuple

from logship.model import Reason
from logship.parse.decoder import load_object
from logship.parse.formats import FORMATS, Format

_MARKERS = re.compile(b"|".join({re.escape(known.request_message.encode()) for known in FORMATS}))
"""What stands in every request line: only such lines are read here, however many others come before the first."""


class FirstRequest(NamedTuple):
    """Where the first request stands, as the offset of its line, and its format."""

    offset: int
    format: Format


def first_request(lines: bytes) -> FirstRequest | None:
    """Return the first of `lines` that a format recognises as its request; None while none is there."""
    start = 0
    while marker := _MARKERS.search(lines, start):
        offset = lines.rfind(b"\n", start, marker.start()) + 1 or start
        start = lines.find(b"\n", marker.end()) + 1 or len(lines)
        found = _format_of(lines[offset:start])
        if found is not None:
            return FirstRequest(offset, found)
    return None


def _format_of(line: bytes) -> Format | None:
    value = load_object(line.lstrip(b"\0"))
    if isinstance(value, Reason):
        return None
    for known in FORMATS:
        if value.get("message") == known.request_message and known.recognises(value):
            return known
    return None
