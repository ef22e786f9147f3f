"""Cut the blocks of one input into batches of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from logship.model import Batch
from logship.read import Archive, Cutter

Advance = Callable[[int], None]
"""Told how many more stored bytes have been read."""


def batches_of(
    archive: Archive, blocks: Iterable[bytes], cutter: Cutter, *, number: int, source: str, advance: Advance
) -> Iterator[Batch]:
    """Yield the lines in `blocks`, which are those of `archive`, and close it when they are over; raise InputError."""
    start = read = stored = 0
    with closing(archive):
        for block in blocks:
            read += len(block)
            lines = cutter.feed(block)
            if lines.data or lines.oversize:
                end = read - cutter.pending_bytes
                yield Batch(number, start, end, lines.data, lines.oversize, source)
                start = end
            advance(archive.stored_bytes_read - stored)
            stored = archive.stored_bytes_read
    last = cutter.flush()
    if last.data or last.oversize:
        yield Batch(number, start, read, last.data, last.oversize, source)
