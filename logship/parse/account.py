"""Read what only our own writer puts into its records: their numbers, what it dropped, what it has in flight.

`seq` and `boot_id` stand at the end of each line, so that they are found without reading the rest of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from logship.parse.checks import HEALTH_MESSAGE
from logship.parse.times import time_of

DROPPED_MESSAGE = "log records dropped"
"""A record in which the writer owns up to records that it could not write."""

HEARTBEAT_MESSAGE = "heartbeat"
"""A record that a process writes while it has nothing else to say."""

OWN_MESSAGES = frozenset({DROPPED_MESSAGE, HEARTBEAT_MESSAGE, HEALTH_MESSAGE})

MAX_WEIGHT = 1_000_000_000
"""Requests that one record may stand for; a smaller rate is a mistake."""

_MAX_IN_FLIGHT = 1_000_000_000
_MAX_DROPPED = 1 << 48
_MAX_HEARTBEAT_SECONDS = 3600.0
"""What is over these is no count of ours: it would drown all others."""

_END_BYTES = 128
"""Enough for the number of a record with the name of its process."""

_NUMBER = re.compile(rb'"seq":(\d{1,18}),"boot_id":"([^"\\]+)"\}?\s*$')


class _Line(msgspec.Struct, gc=False):
    seq: int | None = None
    boot_id: str | None = None
    timestamp: str | None = None
    active: int | None = None
    dropped: int | None = None
    heartbeat_seconds: float | None = None


_decode = msgspec.json.Decoder(_Line).decode


class Said(NamedTuple):
    """What the writer says of itself in one record; None, or 0, where it says nothing that can be meant.

    Attributes:
        at: Time of the record in seconds since the epoch.
        in_flight: Requests in flight.
        dropped: Records that it dropped.
        heartbeat_seconds: Longest time to its next record.
    """

    at: float | None = None
    in_flight: int | None = None
    dropped: int = 0
    heartbeat_seconds: float | None = None


def number_in(line: bytes) -> tuple[str, int] | None:
    """Return process and number of a record from the end of its line, however the rest of it looks."""
    found = _NUMBER.search(line[-_END_BYTES:])
    if found is None:
        return None
    return found[2].decode("utf-8", "replace"), int(found[1])


def said(text: bytes) -> Said:
    """Return what the record in one line says."""
    line = _read(text)
    if line is None:
        return Said()
    pulse = line.heartbeat_seconds
    return Said(
        time_of(line.timestamp),
        line.active if is_in_flight(line.active) else None,
        line.dropped if line.dropped is not None and 0 < line.dropped <= _MAX_DROPPED else 0,
        pulse if pulse is not None and 0 < pulse <= _MAX_HEARTBEAT_SECONDS else None,
    )


def line_of(lines: bytes, boot_id: str, seq: int) -> bytes:
    """Return the line of the record with this number among `lines`, b"" when there is none."""
    at = lines.rfind(b'"seq":%d,"boot_id":"%b"}\n' % (seq, boot_id.encode()))
    if at >= 0:
        return lines[lines.rfind(b"\n", 0, at) + 1 : lines.find(b"\n", at)]
    for line in reversed(lines.split(b"\n")):  # someone wrote the JSON anew
        read = _read(line)
        if read is not None and (read.seq, read.boot_id) == (seq, boot_id):
            return line
    return b""


def is_in_flight(active: int | None) -> bool:
    """Return whether `active` can be a number of requests in flight."""
    return active is not None and 0 <= active <= _MAX_IN_FLIGHT


def weight_of(sample_rate: float) -> int | None:
    """Return how many requests a record stands for that was kept at this rate; None for what is no rate."""
    return round(1 / sample_rate) if 1 / MAX_WEIGHT <= sample_rate <= 1 else None


def _read(line: bytes) -> _Line | None:
    try:
        return _decode(line)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
