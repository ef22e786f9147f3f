"""Say numbers as a person reads them: rates, shares, durations, sizes, ages."""

from __future__ import annotations

from datetime import UTC, datetime

NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB")
_AGE_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_THOUSAND = 1000
_HUNDRED = 100
_TEN = 10
_SHORTEST_SECONDS = 0.001
_SMALLEST_SHARE = 0.0001
_TENTH = 0.1


def count(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as `1 error`, `2 errors`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def rate(per_second: float) -> str:
    """Return a rate a second, to three digits."""
    if per_second >= _HUNDRED:
        return count(round(per_second))
    return f"{per_second:.1f}" if per_second >= _TEN else f"{per_second:.2f}"


def share(part: float | None) -> str:
    """Return a share from 0 to 1 in per cent."""
    if part is None:
        return NOTHING
    if 0 < part < _SMALLEST_SHARE:
        return "< 0.01%"
    digits = 0 if part in (0.0, 1.0) else 2 if part < _TENTH else 1
    return f"{part:.{digits}%}"


def duration(seconds: float | None) -> str:
    """Return a duration to three digits."""
    if seconds is None:
        return NOTHING
    if seconds < _SHORTEST_SECONDS:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else "1 s"  # noqa: PLR2004 - rounds to 1000 ms
    return f"{seconds:.3g} s" if seconds < _THOUSAND else f"{count(round(seconds))} s"


def size(number: int) -> str:
    """Return a number of bytes in a unit of thousands."""
    value = float(number)
    for unit in _BYTE_UNITS[:-1]:
        if value < 999.5:  # noqa: PLR2004 - rounds to 1000
            return f"{value:.3g} {unit}"
        value /= _THOUSAND
    return f"{value:.3g} {_BYTE_UNITS[-1]}" if value < _THOUSAND else f"{value:.0f} {_BYTE_UNITS[-1]}"


def age(seconds: float) -> str:
    """Return how long something takes or is ago, in its largest unit that fits twice."""
    for length, unit in _AGE_UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


def moment(at: float) -> str:
    """Return a time in seconds since the epoch as RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
