r"""Cut a stream of bytes into complete lines: bytes come in by blocks, whole lines go out together.

Only `\n` ends a line (JSON strings may hold U+0085 and U+2028). Memory is bounded: of a line longer than the limit
nothing is kept but its length. The same bytes give the same lines, however they are divided into blocks.

A writer that goes on at its old offset after a truncation leaves a hole, which reads as NUL bytes in front of its next
line. Such a hole may be longer than any line: NULs at the start of a line that is not whole yet are not kept.
"""

from __future__ import annotations

from typing import NamedTuple

NEWLINE = b"\n"
DEFAULT_MAX_LINE_BYTES = 1 << 20
"""Longest line that is decoded: 16 times what app_logging writes at most, and small beside any memory limit."""


class Lines(NamedTuple):
    """Whole lines cut from a stream: their bytes, and how many others were over the limit."""

    data: bytes
    oversize: int


NOTHING = Lines(b"", 0)


class LineCutter:
    """Hold the unfinished last line of a stream between blocks."""

    def __init__(self, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> None:
        self._limit = max_line_bytes
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self._skipping = False
        self.pending_bytes = 0
        """Bytes taken in that stand behind the last newline."""

    def anew(self) -> LineCutter:
        """Return a cutter of the same kind that has seen nothing."""
        return LineCutter(self._limit)

    def feed(self, block: bytes) -> Lines:
        """Take a block, return the lines that it completes."""
        if len(block) <= self._limit:
            return self._cut(block)
        pieces = [self._cut(block[at : at + self._limit]) for at in range(0, len(block), self._limit)]
        return Lines(b"".join(piece.data for piece in pieces), sum(piece.oversize for piece in pieces))

    def flush(self) -> Lines:
        """Return the unfinished line as it is, ended by a newline: nothing more will come."""
        rest = self._join(b"")
        if self._skipping:
            rest = Lines(b"", 1)
        elif rest.data:
            rest = Lines(rest.data + NEWLINE, 0)
        self._reset()
        return rest

    def _cut(self, block: bytes) -> Lines:
        end = block.rfind(NEWLINE) + 1
        if not end:
            self._hold(block)
            return NOTHING
        start = self._hole_in(block)
        first_end = block.find(NEWLINE) + 1
        if self._held_bytes + first_end - 1 - start > self._limit:
            lines = Lines(block[first_end:end], 1)
        else:
            lines = self._join(block[start:end])
        self._reset()
        if end < len(block):
            self._hold(block[end:])
        return lines

    def _hold(self, part: bytes) -> None:
        self.pending_bytes += len(part)
        part = part[self._hole_in(part) :]
        self._held_bytes += len(part)
        if self._held_bytes > self._limit:
            self._skipping = True
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _hole_in(self, block: bytes) -> int:
        """Return how many NULs at the start of `block` stand at the start of a line."""
        return 0 if self._held_bytes or block[:1] != b"\0" else len(block) - len(block.lstrip(b"\0"))

    def _join(self, block: bytes) -> Lines:
        return Lines(b"".join([*self._parts, block]) if self._parts else block, 0)

    def _reset(self) -> None:
        self._parts = []
        self._held_bytes = 0
        self._skipping = False
        self.pending_bytes = 0
