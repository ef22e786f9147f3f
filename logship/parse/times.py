"""Read the times of the first and the last line of a chunk, without reading those of all the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from logship.model import Reason
from logship.parse.mapping import Time
from logship.parse.paths import look
from logship.parse.values import seconds

RawLine = Callable[[bytes], Mapping[str, Any] | Reason]
"""Gives the fields of one line as they are written."""


class _Stamp(msgspec.Struct, gc=False):
    timestamp: str | None = None


_decode = msgspec.json.Decoder(_Stamp).decode


def event_times(lines: bytes, at: Callable[[bytes], float | None] | None = None) -> list[float]:
    r"""Return the times, in seconds since the epoch, of the first and last of `lines` as far as they have one.

    `at` gives the time of a line, where that is not its `timestamp`. A time without a zone is taken as UTC.
    """
    first = lines[: lines.find(b"\n")]
    last = lines[lines.rfind(b"\n", 0, len(lines) - 1) + 1 :]
    read = at or stamp_of
    return [time for time in (read(first), read(last)) if time is not None]


def time_of(timestamp: str | None) -> float | None:
    """Return the time that a record tells, in seconds since the epoch; None when that is no time."""
    return seconds(timestamp)


def stamp_of(line: bytes) -> float | None:
    """Return the time of a line that has it as the text `timestamp`."""
    try:
        return time_of(_decode(line).timestamp)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None


def clock_of(raw: RawLine, places: tuple[Time, ...]) -> Callable[[bytes], float | None]:
    """Return what gives the time of a line that has it at one of `places`."""

    def at(line: bytes) -> float | None:
        record = raw(line)
        if isinstance(record, Reason):
            return None
        times = (seconds(look(record, place.path), place.clock) for place in places)
        return next((time for time in times if time is not None), None)

    return at
