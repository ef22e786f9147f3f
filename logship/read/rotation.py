"""Decide what happened to a followed file: pure, from what we hold and what is seen now.

Theory of operation. While a file is open its device and inode cannot be given to another, so the pair is its identity;
a new pair is a new generation, whatever its name. What the pair cannot show is that the *content* was replaced, by
truncation (copytruncate) or by rewriting in place. That shows in two ways: the file is shorter than what was read, or
the bytes that end at our offset (the marker) are no longer those that we read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
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


def names_of_originals(path: str) -> Iterator[str]:
    """Yield the names of which `path` may be what a rotation calls a copy: all that `is_name_of_copy` could mean."""
    start = path.rfind("/") + 1
    _, dot, extension = path.rpartition(".")
    for end in range(start + 1, len(path)):
        yield path[:end]
        if path[end] in "-." and path[end + 1 :] != extension:
            yield path[:end] + dot + extension


def looks_rotated(path: str) -> bool:
    """Return whether a file is named like a copy, not like an original."""
    return _ROTATED.search(path) is not None


def names_like(live: str, rotated: str) -> re.Pattern[str] | None:
    """Return what the names of other rotated files look like if `live` was renamed to `rotated`; None if nothing shows.

    What the two names share is kept, numbers behind it may be others: `app.log` → `app.log.2.gz` makes `app.log.1` and
    `app.log.3.zst` likely, `app-20261123.log` any other date. Compressed or not, they are of one kind.
    """
    bare = _COMPRESSED_SUFFIX.sub("", rotated)
    shared = os.path.commonprefix([live, bare])  # noqa: RUF071 - characters are meant
    if shared and shared[-1].isdigit() and (live[len(shared) :][:1] + bare[len(shared) :][:1]).isdigit():
        shared = shared.rstrip("0123456789")
    parts = _DIGITS.split(bare[len(shared) :])
    if len(parts) == 1:
        return None
    numbers = [_any_number(each) for each in parts[1::2]]
    texts = [re.escape(each) for each in parts[::2]]
    pattern = "".join(text + number for text, number in zip(texts, [*numbers, ""], strict=True))
    return re.compile(f"{re.escape(shared)}{pattern}(?:{COMPRESSED_SUFFIXES})?")


def bare_name(path: str) -> str:
    """Return a path without the suffix of a compressed file."""
    return _COMPRESSED_SUFFIX.sub("", path)


def usual_names(live: str) -> re.Pattern[str]:
    """Return what the names of rotated files look like when none is known: the live one's, with a number or a time."""
    return re.compile(rf"{re.escape(live)}[.-]\d+(?:[-_.:T]?\d+)*(?:{COMPRESSED_SUFFIXES})?")


_DIGITS = re.compile(r"(\d+)", re.ASCII)
COMPRESSED_SUFFIXES = r"\.(?:gz|zst|bz2|xz)"
_COMPRESSED_SUFFIX = re.compile(f"{COMPRESSED_SUFFIXES}$")
_ROTATED = re.compile(r"[.-]\d[^/]*$", re.ASCII)
_LONGEST_COUNT = 3
"""Longer numbers are dates or times, and all of one length."""


def _any_number(number: str) -> str:
    return r"\d+" if len(number) <= _LONGEST_COUNT else rf"\d{{{len(number)}}}"


def can_let_go(*, gone_for: float, idle_for: float, linger: float) -> bool:
    """Return whether a file whose name went `gone_for` seconds ago, unchanged for `idle_for`, has had its last line.

    Writers keep the old descriptor for a while after a rename: until they are told to reopen, or notice.
    """
    return gone_for >= linger and idle_for >= linger
