"""Tell the copy that copytruncate makes of a log from a log of its own, while the original is still there.

Such a copy is not read: once the original is cut, the copy is known by its bytes as what the original was. A copy that
somebody made for himself is never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from logship.read.generation import Generation
from logship.read.identity import HEAD_BYTES, MARKER_BYTES, ReadAt, holds_the_same
from logship.read.known import Known
from logship.read.rotation import is_name_of_copy, names_of_originals


def is_copy(other: Generation, held: Iterable[Generation], parked: Mapping[str, Known]) -> bool:
    """Return whether a file of which nothing was counted is a copy of one that is followed, open or parked.

    `parked` are those by their path.
    """
    head = other.read_at(0, HEAD_BYTES)
    if any(_is_copy_of_open(other, head, original) for original in held):
        return True
    originals = (path for path in names_of_originals(other.real_path) if path in parked)
    return any(_is_copy_of_closed(other, path) for path in originals)


def _is_copy_of_open(other: Generation, head: bytes, original: Generation) -> bool:
    if other is original:
        return False
    if original.gone_at is None and is_name_of_copy(original.real_path, other.real_path):
        size = os.fstat(original.descriptor).st_size
        if size < original.size:
            return True  # cut since it was looked at: the next look tells what the other one is
        return _holds_what_it_holds(other, size, original.read_at) and not _is_monotonous(other)
    return (
        0 < other.size <= original.counted_offset
        and original.head.startswith(head)
        and _holds_what_it_holds(other, other.size, original.read_at)
        and has_different_lines(other)
    )


def _is_copy_of_closed(other: Generation, path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        size = os.fstat(descriptor).st_size
        is_same = _holds_what_it_holds(other, size, lambda offset, length: os.pread(descriptor, length, offset))
        return is_same and not _is_monotonous(other)
    finally:
        os.close(descriptor)


def _holds_what_it_holds(other: Generation, size: int, original: ReadAt) -> bool:
    return 0 < other.size <= size and holds_the_same(other.read_at, original, other.size)


def has_different_lines(generation: Generation) -> bool:
    """Return whether a file says more than one thing, so that another one that begins and ends alike is the same."""
    return len(set(_lines(generation))) > 1


def _is_monotonous(generation: Generation) -> bool:
    """Return whether all lines that were compared are alike, so that two files of a log may well be so, too."""
    lines = _lines(generation)
    return len(lines) > 1 and len(set(lines)) == 1


def _lines(generation: Generation) -> list[bytes]:
    """Return the complete lines among the bytes that are compared."""
    start = max(0, generation.size - MARKER_BYTES)
    head, tail = generation.read_at(0, HEAD_BYTES), generation.read_at(start, MARKER_BYTES)
    return [*head.split(b"\n")[:-1], *tail.split(b"\n")[1:-1]]
