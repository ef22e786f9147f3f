"""Say values for people: counts, rates, shares, durations, times; and nothing that could drive a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from logship.replay.summary import RouteSummary

Say = Callable[[Any], str]

_UNITS = ((1, "s"), (60, "min"), (3600, "h"), (86400, "d"))
_FEW = 0.1
"""A rate below is said by a longer unit of time."""


def count(value: int) -> str:
    """Return a whole number with marks between the thousands."""
    return f"{value:,}"


def rate(value: float | None) -> str:
    """Return a number per second, or per longer time where there are few, with three digits or so."""
    if value is None:
        return "-"
    seconds, unit = next((each for each in _UNITS if value * each[0] >= _FEW), _UNITS[-1])
    number = value * seconds
    return f"{number:,.0f}/{unit}" if number >= 100 else f"{number:.3g}/{unit}"  # noqa: PLR2004


def share(value: float) -> str:
    """Return a share as a percentage."""
    return f"{value:.2%}"


def duration(seconds: float | None) -> str:
    """Return a duration in the unit that shows three digits or so."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"  # noqa: PLR2004
    return f"{seconds:,.2f} s"


def time(seconds: float) -> str:
    """Return a time as RFC 3339 writes it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """Return a length of time in its two greatest units."""
    days, rest = divmod(round(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if value]
    return " ".join(parts[:2]) or "0 s"


def printable(text: str) -> str:
    """Return `text` with everything escaped that could drive a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


SAID: Mapping[str, Say] = {
    "method": printable,
    "route": printable,
    "requests": count,
    "rate": rate,
    "errors": count,
    "error_share": share,
    **dict.fromkeys(("p50", "p90", "p95", "p99", "max", "sum"), duration),
}
"""How each column of a summary is said."""


def cell(row: RouteSummary, column: str) -> str:
    """Return what stands in a column of a row."""
    return SAID[column](getattr(row, column))
