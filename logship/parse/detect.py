"""Find the format of a log from its first lines: its first request decides, as a guess could be wrong numbers."""

from __future__ import annotations

from logship.model import Reason
from logship.parse.decoder import load_object
from logship.parse.formats import FORMATS, Format

_MAX_LINES = 100
"""As far as one look goes; a log that starts with more lines of other kinds is looked at again at its next chunk."""


def detect(lines: bytes) -> Format | None:
    """Return the format of the first request among the first of `lines`; None while none is there."""
    for line in lines.split(b"\n", _MAX_LINES)[:_MAX_LINES]:
        value = load_object(line)
        if isinstance(value, Reason):
            continue
        for fmt in FORMATS:
            if value.get("message") == fmt.request_message and fmt.recognises(value):
                return fmt
    return None
