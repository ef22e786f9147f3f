"""One open generation of a file: blocks are read from it, batches of its lines and its position come out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from logship.model import Batch, FileKey, Position
from logship.read.framing import Cutter
from logship.read.identity import HEAD_BYTES, MARKER_BYTES, excerpt
from logship.read.known import Known
from logship.read.lines import Lines
from logship.read.siblings import Rest

BLOCK_BYTES = 1 << 16
"""Bytes per read and per batch; the fastest of the sizes from 32 KiB to 4 MiB that were measured."""

_NO_DESCRIPTOR = -1

NOWHERE = FileKey(0, 0)
"""The key of a generation whose file is gone: its inode is the next file's."""


@dataclass(slots=True)
class Generation:
    """One life of one file, from its first byte to the last before it is rotated away or its content replaced.

    Attributes:
        number: Its number, the same before and after a restart.
        real_path: Its name, links resolved: rotated files stand beside the target of a link.
        offset: Behind the last byte read; the bytes behind the last newline wait in the cutter.
        head: Its first bytes, up to `HEAD_BYTES`.
        marker: The bytes that end at the offset, up to `MARKER_BYTES`.
        counted_marker: The same for the end of the last batch.
        beginning: Its first bytes at the last look, up to `HEAD_BYTES`, while nothing is read.
        source: Name of the source that it belongs to.
    """

    number: int
    path: str
    key: FileKey
    descriptor: int
    cutter: Cutter
    offset: int = 0
    head: bytes = b""
    marker: bytes = b""
    counted_marker: bytes = b""
    beginning: bytes = b""
    modified_ns: int = 0
    size: int = 0
    changed_at: float = 0.0
    compared_at: float = 0.0
    gone_at: float | None = None
    source: str = ""
    real_path: str = field(init=False)

    def __post_init__(self) -> None:
        """Resolve the path."""
        self.move(self.path)

    @property
    def unread_bytes(self) -> int:
        """Bytes that were seen but not read yet."""
        return max(0, self.size - self.offset)

    @property
    def behind_bytes(self) -> int:
        """Bytes that were seen but are in no batch yet: unread, or of an unfinished line."""
        return self.unread_bytes + self.cutter.pending_bytes

    @property
    def counted_offset(self) -> int:
        """Offset behind the last line that was handed out."""
        return self.offset - self.cutter.pending_bytes

    def move(self, path: str) -> None:
        """Go by another name from now on."""
        self.path = path
        self.real_path = os.path.realpath(path)

    def position(self) -> Position:
        """Return where the last line that was handed out ends, and what proves it."""
        counted = self.counted_offset
        head, marker = excerpt(self.head[:counted]), excerpt(self.counted_marker)
        return Position(self.real_path, self.key, counted, self.size, head, marker, self.source)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return bytes of the file as it is now."""
        return os.pread(self.descriptor, length, offset)

    def how_gone(self) -> str:
        """Return whether the file was `removed` or `renamed`, given that its name went."""
        try:
            return "removed" if os.fstat(self.descriptor).st_nlink == 0 else "renamed"
        except OSError:  # a network file system says so of a file that was removed
            return "removed"

    def has_changed(self) -> bool:
        """Return whether something happened to the file since it was last read."""
        try:
            return os.fstat(self.descriptor).st_size != self.offset
        except OSError:  # nothing more will be read of it
            return False

    def note_beginning(self) -> None:
        """Note the first bytes seen, as long as none are read: they prove later that it is the same content."""
        if not self.offset:
            self.beginning = self.read_at(0, min(HEAD_BYTES, self.size))

    def is_as_seen(self, is_as_long: bool) -> bool:  # noqa: FBT001
        """Return whether the file has not been cut since the last look; ask after reading, as it may be at any time.

        `is_as_long` is whether all bytes were there that were seen; only else is it worth asking for the size.
        """
        if not is_as_long and os.fstat(self.descriptor).st_size < self.size:
            return False
        if not self.offset:
            return self.read_at(0, len(self.beginning)) == self.beginning
        return self.read_at(self.offset - len(self.marker), len(self.marker)) == self.marker

    def resume(self, number: int, position: Position) -> None:
        """Go on as the generation `number` at `position`, which the file has proved."""
        self._go_to(position.offset, position.marker.length)
        self.number = number

    def skip_to_end(self, max_line_bytes: int) -> None:
        """Begin behind the last line that is complete, as if all before it had been counted."""
        start = max(0, self.size - max_line_bytes)
        offset = start + self.read_at(start, self.size - start).rfind(b"\n") + 1
        self._go_to(offset if offset > start else self.size, min(MARKER_BYTES, offset))

    def _go_to(self, offset: int, marker_bytes: int) -> None:
        head, marker = self.read_at(0, min(HEAD_BYTES, offset)), self.read_at(offset - marker_bytes, marker_bytes)
        self.offset, self.head, self.marker, self.counted_marker = offset, head, marker, marker

    def start_over(self, number: int) -> None:
        """Be a new generation in the same open file; what was unfinished is gone with the old content."""
        self.number = number
        self.cutter = self.cutter.anew()
        self.offset = 0
        self.head = self.marker = self.counted_marker = b""

    def take(self, block: bytes) -> Iterator[Batch]:
        """Take the block that stands at the offset; yield the lines that it completes."""
        start = self.counted_offset
        lines = self.cutter.feed(block)
        self.offset += len(block)
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + block)[:HEAD_BYTES]
        tail = self.marker + block
        self.marker = tail[-MARKER_BYTES:]
        if lines.data or lines.oversize:
            end = len(tail) - self.cutter.pending_bytes
            self.counted_marker = tail[max(0, end - MARKER_BYTES) : end]
            yield self._batch(start, lines)

    def finish(self) -> Iterator[Batch]:
        """Yield the unfinished last line as it is: nothing more will come."""
        start = self.counted_offset
        lines = self.cutter.flush()
        if lines.data or lines.oversize:
            self.counted_marker = self.marker
            yield self._batch(start, lines)

    def _batch(self, start: int, lines: Lines) -> Batch:
        return Batch(self.number, start, self.counted_offset, lines.data, lines.oversize, self.source)


def unpacked(known: Known, path: str, rest: Rest, cutter: Cutter) -> Generation:
    """Return what is known of a generation as one that is read on in a compressed file."""
    position = known.position
    generation = Generation(known.number, path, position.key, _NO_DESCRIPTOR, cutter, size=position.size)
    generation.offset = position.offset
    generation.head, generation.marker, generation.counted_marker = rest.head, rest.marker, rest.marker
    return generation


def beginning(path: str) -> Position:
    """Return the position of a generation of which nothing is known but where it stands."""
    return Position(os.path.realpath(path), NOWHERE, 0, 0, excerpt(b""), excerpt(b""))
