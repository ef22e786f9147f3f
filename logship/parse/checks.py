"""Read what a run of the application's health checks found, from the record that our own writer makes of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from logship.parse.times import time_of

HEALTH_MESSAGE = "health check"
"""A record of one run of all health checks of a process."""

MAX_CHECKS_IN_RECORD = 100
"""The writer takes fewer; what stands behind them is not its own."""

MAX_NAME_CHARACTERS = 64
"""The writer takes no longer names."""

_HEALTHY = {"healthy": True, "unhealthy": False}


class _Check(msgspec.Struct, gc=False):
    name: str
    status: str


class _Line(msgspec.Struct, gc=False):
    timestamp: str
    checks: list[_Check]


_decode = msgspec.json.Decoder(_Line).decode


class Checked(NamedTuple):
    """What one run found.

    Attributes:
        at: Time of the record in seconds since the epoch.
        healthy: Whether each check passed, by its name.
    """

    at: float
    healthy: dict[str, bool]


def checked(line: bytes) -> Checked | None:
    """Return what the record in one line says of health checks; None when it says nothing that can be read."""
    try:
        read = _decode(line)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    at = time_of(read.timestamp)
    if at is None:
        return None
    known = [check for check in read.checks[:MAX_CHECKS_IN_RECORD] if _is_ours(check)]
    return Checked(at, {check.name: _HEALTHY[check.status] for check in known})


def _is_ours(check: _Check) -> bool:
    return check.status in _HEALTHY and 0 < len(check.name) <= MAX_NAME_CHARACTERS and check.name.isprintable()
