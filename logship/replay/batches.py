"""Cut the blocks of one input into batches of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Protocol

from logship.model import Batch
from logship.read import Cutter
from logship.read.lines import NOTHING

Advance = Callable[[int], None]
"""Told how many more stored bytes have been read."""


class Stored(Protocol):
    """What blocks are read from."""

    @property
    def stored_bytes_read(self) -> int:
        """How many of the stored bytes have been read."""

    def close(self) -> None:
        """Let go of it."""


def batches_of(
    archive: Stored,
    blocks: Iterable[bytes],
    cutter: Cutter,
    *,
    number: int,
    source: str,
    advance: Advance,
    start: int = 0,
    is_to_end: bool = True,
) -> Iterator[Batch]:
    """Yield the lines in `blocks`, which are those of `archive`, and close it when they are over; raise InputError.

    They begin at `start` in the stream; unless they are read to its end, another has the line that goes on behind them.
    """
    read = start
    stored = 0
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
    last = cutter.flush() if is_to_end else NOTHING
    if last.data or last.oversize:
        yield Batch(number, start, read, last.data, last.oversize, source)
