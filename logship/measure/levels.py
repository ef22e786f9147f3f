"""Keep the label `level` to the names that logging libraries use."""

from __future__ import annotations

import re

UNKNOWN = "unknown"
OTHER_LEVEL = "other"

_NAMES = (
    *("trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal"),
    *("silly", "verbose", "http"),  # npm's levels, winston's default
    *("emerg", "emergency", "alert", "crit"),  # syslog's, Google Cloud's
    *("panic", "dpanic", "success", "default"),  # zerolog's and zap's, loguru's, Google Cloud's
)
_BETWEEN = re.compile(r"[+-]\d{1,3}$", re.ASCII)
"""How Go's slog writes a level between two names: `WARN+1`."""

_BY_SPELLING = {spelling: name for name in _NAMES for spelling in (name, name.upper(), name.capitalize())}


def level_label(level: str | None) -> str:
    """Return the label for a record's level; the name is kept as the log has it, in lower case."""
    if level is None:
        return UNKNOWN
    known = _BY_SPELLING.get(level)
    return known if known is not None else _BY_SPELLING.get(_BETWEEN.sub("", level), OTHER_LEVEL)
