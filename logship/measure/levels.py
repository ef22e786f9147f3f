"""Keep the label `level` to the names that logging libraries use."""

from __future__ import annotations

UNKNOWN = "unknown"
OTHER_LEVEL = "other"

_NAMES = (
    *("trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal"),
    *("silly", "verbose", "http"),  # npm's levels, winston's default
    *("emerg", "alert", "crit"),  # syslog's
)
_BY_SPELLING = {spelling: name for name in _NAMES for spelling in (name, name.upper(), name.capitalize())}


def level_label(level: str | None) -> str:
    """Return the label for a record's level; the name is kept as the log has it, in lower case."""
    return UNKNOWN if level is None else _BY_SPELLING.get(level, OTHER_LEVEL)
