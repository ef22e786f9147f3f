"""Read the times of the first and the last line of a chunk, without reading those of all the others."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class _Stamp(msgspec.Struct, gc=False):
    timestamp: str | None = None


_decode = msgspec.json.Decoder(_Stamp).decode

_YEARS = range(2, 9999)
"""At the ends of the calendar a change of zone leaves it; who writes these years means "never"."""


def event_times(lines: bytes) -> list[float]:
    r"""Return the times, in seconds since the epoch, of the first and last of `lines` as far as they have one.

    A time without a zone is taken as UTC.
    """
    first = lines[: lines.find(b"\n")]
    last = lines[lines.rfind(b"\n", 0, len(lines) - 1) + 1 :]
    return [at for at in (_event_time(first), _event_time(last)) if at is not None]


def time_of(timestamp: str | None) -> float | None:
    """Return the time that a record tells, in seconds since the epoch; None when that is no time."""
    try:
        at = datetime.fromisoformat(timestamp) if timestamp is not None else None
        if at is None or at.year not in _YEARS:
            return None
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _event_time(line: bytes) -> float | None:
    try:
        return time_of(_decode(line).timestamp)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
