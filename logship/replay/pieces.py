"""Count one piece of the inputs, a whole one or some megabytes of a plain file: it comes in, changes go out.

A piece in the middle of a file has the lines that end in its bytes. So the line across a border belongs to the piece
behind it, and is counted once, however long it is; and the blocks are those of who reads the file from its beginning.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from logship.config import Config, counted
from logship.errors import InputError
from logship.measure import Tally
from logship.model import Batch
from logship.pipeline import Pipeline
from logship.read import Archive, cutter_for
from logship.read.archive import BLOCK_BYTES
from logship.replay.batches import Advance, Stored, batches_of
from logship.replay.interrupt import Interrupt, Stopped

FOLD_BYTES = 16 << 20
"""Bytes between two folds: the more, the fewer lists to fold, and still only a few megabytes of durations.

They are counted from the beginning of a file, so that a piece that begins at a multiple of them is folded alike.
"""


class Piece(NamedTuple):
    """What is counted in one go.

    Attributes:
        number: That of the input in the plan.
        path: The input.
        source: Name of the source that it belongs to.
        line: Where its first line begins, which may be before its own bytes.
        start: Its first byte, a multiple of `fold_bytes`.
        end: The first byte behind it, such a multiple, too; None for the end of the input.
        format: Name of the format that the head of the input shows, None where it shows none, or is the piece's own.
        fold_bytes: Bytes between two folds.
    """

    number: int
    path: str
    source: str
    line: int = 0
    start: int = 0
    end: int | None = None
    format: str | None = None
    fold_bytes: int = FOLD_BYTES

    def goes_on(self, before: Piece | None) -> bool:
        """Return whether it begins where `before`, the piece before it, ends in the middle of an input."""
        return before is not None and before.number == self.number and self.start > 0


def changes(
    piece: Piece, pipeline: Pipeline, config: Config, advance: Advance, interrupt: Interrupt
) -> Iterator[Tally]:
    """Yield what some megabytes of a piece came to, again and again; also before InputError or Stopped is raised."""
    fold = piece.start // piece.fold_bytes
    try:
        for batch in batches_in(piece, config, advance, interrupt):
            if (batch.end - 1) // piece.fold_bytes != fold:
                yield pipeline.take()
                fold = (batch.end - 1) // piece.fold_bytes
            pipeline.feed(batch)
            if pipeline.is_crowded:
                yield pipeline.take()
    except (InputError, Stopped):
        yield pipeline.take()
        raise
    yield pipeline.take()


def batches_in(piece: Piece, config: Config, advance: Advance, interrupt: Interrupt) -> Iterator[Batch]:
    """Yield the lines of a piece; raise InputError, or Stopped when the user wants to stop."""
    source = counted(config.sources).get(piece.source)
    cutter = cutter_for(source.wrap if source is not None else None, config.follow.max_line_bytes)
    stored: Stored
    if piece.end is None and not piece.start:
        stored = archive = Archive(piece.path)
        blocks = archive.blocks()
    else:
        stored = part = _Part(piece)
        blocks = part.blocks()
    return batches_of(
        stored,
        iter(partial(interrupt.next_of, blocks), b""),
        cutter,
        number=piece.number,
        source=piece.source,
        advance=advance,
        start=piece.line,
        is_to_end=piece.end is None,
    )


class _Part:
    """Some bytes of a plain file."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._raw = _open(piece.path)
        self.stored_bytes_read = 0

    def blocks(self) -> Iterator[bytes]:
        """Yield the beginning of the first line, then the blocks; raise InputError."""
        line, start, end = self._piece.line, self._piece.start, self._piece.end
        try:
            self._raw.seek(line)
            if line < start:
                yield self._raw.read(start - line)
            while end is None or start + self.stored_bytes_read < end:
                block = self._raw.read(BLOCK_BYTES)
                if not block:
                    break
                self.stored_bytes_read += len(block)
                yield block
        except OSError as error:
            raise InputError(f"{self._piece.path} cannot be read: {error.strerror or error}") from error
        if end is not None and start + self.stored_bytes_read != end:
            raise InputError(f"{self._piece.path} was truncated while it was read; everything before that was counted")

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


def _open(path: str) -> io.FileIO:
    try:
        return Path(path).open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
