"""Decide what happened to a followed file: pure, from what we hold and what is seen now.

Theory of operation. While a file is open its device and inode cannot be given to another, so the pair is its identity;
a new pair is a new generation, whatever its name. What the pair cannot show is that the *content* was replaced, by
truncation (copytruncate) or by rewriting in place. That shows in two ways: the file is shorter than what was read, or
the bytes that end at our offset (the marker) are no longer those that we read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Content(Enum):
    """What a followed file holds, measured against what was read of it."""

    UNCHANGED = "unchanged"
    GROWN = "grown"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Held:
    """What was read of an open file: up to which offset, the bytes that end there, its change time at the last look."""

    offset: int
    marker: bytes
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What an open file looks like now; `marker` holds its bytes where the held marker stood."""

    size: int
    marker: bytes
    modified_ns: int


def classify(held: Held, seen: Seen) -> Content:
    """Return what happened to the content of an open file."""
    if seen.size < held.offset or seen.marker != held.marker:
        return Content.REPLACED
    return Content.GROWN if seen.size > held.offset else Content.UNCHANGED


def is_name_of_copy(path: str, other: str) -> bool:
    """Return whether `other` is what a rotation calls a copy of `path`.

    `combined.log.1`, `combined.log-20261123`, or with logrotate's `extension`: `combined-20261123.log`.
    """
    stem, dot, extension = path.rpartition(".")
    has_extension = other.startswith((f"{stem}-", f"{stem}.")) and other.endswith(dot + extension)
    is_longer = len(other) > len(path) and (other.startswith(path) or (bool(stem) and has_extension))
    return is_longer and "/" not in other[len(stem) :]


def can_let_go(*, gone_for: float, idle_for: float, linger: float) -> bool:
    """Return whether a file whose name went `gone_for` seconds ago, unchanged for `idle_for`, has had its last line.

    Writers keep the old descriptor for a while after a rename: until they are told to reopen, or notice.
    """
    return gone_for >= linger and idle_for >= linger
