"""Read the times that people type: RFC 3339, dates, and how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from logship.errors import UsageError

_AGO = re.compile(r"-(\d{1,9})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)


def moment(text: str, option: str, now: float) -> float:
    """Return what `text` means, in seconds since the epoch; what has no zone is UTC.

    `2026-11-23T07:00:00Z`, `2026-11-23 07:00`, `2026-11-23` (its first moment), or `-90s`, `-15m`, `-2h`, `-7d`, `-1w`
    before `now`. Raise UsageError, which names `option`, for all else.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}).total_seconds()
        if _WRITTEN.fullmatch(text.strip()):
            at = datetime.fromisoformat(text.strip().upper())
            return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{option} {text!r} is no time: 2026-11-23T07:00:00Z, 2026-11-23 or -2h are (s, m, h, d, w)")
