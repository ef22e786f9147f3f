"""Prove that some bytes are those of a generation that was read before: by its head and by the bytes at its offset.

Device and inode only say where to look first: a file system gives an inode to the next file at once. The name says even
less. The proof holds for the file itself, under any name, for a copy of it, and for what a compressed file holds.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from logship.model import Excerpt, Position

HEAD_BYTES = 1024
"""First bytes of a file that are compared: several records, each with a time of its own."""

MARKER_BYTES = 256
"""Bytes before the offset that are compared: more than one whole record's time stamp and ids."""

ReadAt = Callable[[int, int], bytes]
"""Returns so many bytes from an offset on, fewer at the end."""


def excerpt(data: bytes) -> Excerpt:
    """Return what `data` is recognised by; logs hold personal data, so the bytes themselves are not kept."""
    return Excerpt(len(data), blake2b(data, digest_size=16).digest())


def holds_the_same(one: ReadAt, other: ReadAt, length: int) -> bool:
    """Return whether two files begin alike, and end alike where the shorter one, of `length` bytes, ends."""
    spans = ((0, min(HEAD_BYTES, length)), (max(0, length - MARKER_BYTES), min(MARKER_BYTES, length)))
    return all(one(*span) == other(*span) for span in spans)


def proves(position: Position, read_at: ReadAt) -> bool:
    """Return whether what `read_at` reads is the generation at `position`, or a copy of it."""
    start = position.offset - position.marker.length
    return (
        excerpt(read_at(start, position.marker.length)) == position.marker
        and excerpt(read_at(0, position.head.length)) == position.head
    )
