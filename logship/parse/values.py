"""Read single values as the formats write them: forgiving in type, strict in meaning, and never a guess of a unit."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from logship.conditions import number_of
from logship.model import Reason
from logship.parse.mapping import NANOSECONDS, Clock, Levels, Telling, Unit
from logship.parse.records import NO_STATUS

UNKNOWN_METHOD = "unknown"
"""Method of a request that the server could not read, and so answered with an error."""

_NOTHING = ("", "-")
"""What stands for a value that is not there."""

_NAMED_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = r"(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
_NAMED = re.compile(f"(?:{_PART}){{1,6}}", re.ASCII)
_NAMED_PART = re.compile(r"([\d.]+)([a-z\u00b5\u03bc]+)", re.ASCII)
"""A duration as Go prints it: `1m1.5s`, `950ns`; protobuf's `0.012600s` is one, too."""

_CLF_TIME = re.compile(
    r"\[?(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d(?:\.\d+)?)(?: ([+-]\d\d)(\d\d))?\]?", re.ASCII
)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_TICKS = {Clock.S: 1, Clock.MS: 1_000, Clock.US: 1_000_000, Clock.NS: 1_000_000_000}

_YEARS = range(2, 9999)
"""At the ends of the calendar a change of zone leaves it; who writes these years means "never"."""

_LAST_SECOND = datetime(_YEARS.stop, 1, 1, tzinfo=UTC).timestamp()

_PINO = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_OTEL = ("trace", "debug", "info", "warn", "error", "fatal")

_FIRST_NAME = re.compile(r"[A-Za-z_$][\w$.]*", re.ASCII)
_LAST_NAME = re.compile(r"(?:^|\n)([A-Za-z_][\w.]*)(?::[^\n]*)?\s*\Z", re.ASCII)


class Refused(Exception):  # noqa: N818 - a verdict on a value, it never leaves this room
    """A value that cannot be what it must be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON can escape but UTF-8, and so the exposition, cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def text_or_refuse(value: Any, reason: Reason) -> str | None:
    """Return text as it is; refuse all else but None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(reason)
    return clean(value)


def number(value: Any, reason: Reason) -> float:
    """Return a finite number, also one that is written as text."""
    read = number_of(value)
    if read is None:
        raise Refused(reason)
    return read


def status(value: Any, unanswered: tuple[int | None, ...]) -> int | None:
    """Return a status; NO_STATUS for a value that is among `unanswered`, where None is what says nothing."""
    if value is None or value in _NOTHING:
        return NO_STATUS if None in unanswered else None
    read = number(value, Reason.INVALID_STATUS)
    if read in unanswered:
        return NO_STATUS
    if not read.is_integer() or read == NO_STATUS:
        raise Refused(Reason.INVALID_STATUS)
    return int(read)


def duration(value: Any, unit: Unit, into: Unit) -> float | None:
    """Return a duration in the unit `into`; None for what says that there is none."""
    if value is None or value in _NOTHING:
        return None
    if isinstance(value, str) and _NAMED.fullmatch(value):
        nanoseconds = sum(float(number) * _NAMED_NS[name] for number, name in _NAMED_PART.findall(value))
        return nanoseconds / NANOSECONDS[into]
    if unit is Unit.NAMED:
        raise Refused(Reason.INVALID_DURATION)
    read = number(value, Reason.INVALID_DURATION)
    return read if unit is into else read * NANOSECONDS[unit] / NANOSECONDS[into]


def level(value: Any, levels: Levels) -> str | None:
    """Return the name of a level."""
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if levels is Levels.OTEL:
        return _OTEL[(value - 1) // 4] if 1 <= value <= 4 * len(_OTEL) else None
    return _PINO.get(value) if levels is Levels.PINO else None


def exception_type(value: Any, telling: Telling) -> str | None:
    """Return the type of the exception that a value tells of; `unknown` for a stack that does not name it."""
    if not isinstance(value, str):
        return None
    if telling is Telling.NAME:
        return clean(value) or None
    found = _FIRST_NAME.match(value) if telling is Telling.FIRST else _LAST_NAME.search(value)
    return found[found.re.groups] if found else "unknown"


def seconds(value: Any, clock: Clock = Clock.TEXT) -> float | None:
    """Return the time that a value tells, in seconds since the epoch; None for what is no time.

    A time without a zone is taken as UTC.
    """
    if isinstance(value, str) and value[4:5] == "-":  # most times are ISO 8601: four times as fast as to try all
        at = _from_iso(value)
        if at is not None:
            return at
    ticks = number_of(value)
    if ticks is not None:
        return _from_number(ticks, clock)
    return _from_text(value) if isinstance(value, str) else None


def _from_number(ticks: float, clock: Clock) -> float | None:
    at = ticks / _TICKS[clock] if clock in _TICKS else -1.0
    return at if 0 <= at < _LAST_SECOND else None


def _from_text(text: str) -> float | None:
    clf = _CLF_TIME.fullmatch(text)
    if clf:
        day, month, year, hour, minute, second, *zone = clf.groups("00")
        offset = ":".join(zone) if clf[7] else "+00:00"
        text = f"{year}-{_MONTHS.get(month, '00')}-{day}T{hour}:{minute}:{second}{offset}"
    return _from_iso(text)


def _from_iso(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
        if at.year not in _YEARS:
            return None
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
