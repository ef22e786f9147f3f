r"""Keep the parts of a line together that a container runtime wrote as several: blocks come in, whole runs go out.

Docker's json-file and CRI divide a line of the application after 16 KiB, and mix its two streams. A batch must not end
while a line is open in any stream, or a restart there would take its rest for a line of its own.
  - Docker: `{"log":"…","stream":"stdout","time":"…"}`; the part that ends a line has `\n` at the end of `log`.
  - CRI: `TIME stdout P …`; the part that ends a line has F in the place of P.
What is open for more bytes than a line may have is given up: its parts are dropped, and it counts as too long. Its rest
is then a line of its own. So what is held is bounded, and where a run ends depends on the bytes alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from logship.read.lines import DEFAULT_MAX_LINE_BYTES, NEWLINE, NOTHING, LineCutter, Lines

_CRI_START = re.compile(rb"[^\s\0]\S* (?P<stream>\S+) (?P<flag>[PF])(?: |\n)")
_CRI_WHOLE = re.compile(rb"^[^\s\0]\S* \S+ F(?: |\n)", re.MULTILINE)


class Part(NamedTuple):
    """What one line of a runtime is: of which stream, and whether the application's line ends with it."""

    stream: object
    is_last: bool


class Framing(NamedTuple):
    """How a runtime divides lines.

    Attributes:
        part: Reads one line; None for what the runtime has not written.
        is_whole: Whether no line of several is a part that another goes on with; may say no when it is not sure.
    """

    part: Callable[[bytes], Part | None]
    is_whole: Callable[[bytes], bool]


class _Docker(msgspec.Struct, gc=False):
    log: str
    stream: str | None = None


_decode_docker = msgspec.json.Decoder(_Docker).decode


def _docker_part(line: bytes) -> Part | None:
    try:
        record = _decode_docker(line.lstrip(b"\0"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return Part(record.stream, record.log.endswith("\n"))


def _docker_is_whole(lines: bytes) -> bool:
    ends = lines.count(b'\\n","stream"')  # a torn record that another is glued to must not stand in for a part
    return ends == lines.count(b'","stream"') == lines.count(NEWLINE) and b'\\\\n","stream"' not in lines


def _cri_part(line: bytes) -> Part | None:
    found = _CRI_START.match(line.lstrip(b"\0"))
    return Part(found["stream"], found["flag"] == b"F") if found else None


def _cri_is_whole(lines: bytes) -> bool:
    return len(_CRI_WHOLE.findall(lines)) == lines.count(NEWLINE)


FRAMINGS = {"docker": Framing(_docker_part, _docker_is_whole), "cri": Framing(_cri_part, _cri_is_whole)}
"""By the name of the wrapping."""


class RunCutter:
    """Do for wrapped lines what `LineCutter` does for others: hold what is unfinished at the end of a stream."""

    def __init__(self, framing: Framing, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> None:
        self._framing = framing
        self._limit = max_line_bytes
        self._lines = LineCutter(max_line_bytes)
        self._held: list[tuple[bytes, Part | None]] = []
        self._held_bytes = 0
        self._open: set[object] = set()
        self._oversize = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes taken in that stand behind the last line that no part of another is open at."""
        return self._held_bytes + self._lines.pending_bytes

    def anew(self) -> RunCutter:
        """Return a cutter of the same kind that has seen nothing."""
        return RunCutter(self._framing, self._limit)

    def feed(self, block: bytes) -> Lines:
        """Take a block, return the lines that it completes."""
        end = block.rfind(NEWLINE) + 1
        if not self._held and not self._lines.pending_bytes and self._framing.is_whole(block[:end]):
            return self._lines.feed(block)
        done: list[Lines] = []
        start = 0
        while start < end:
            stop = block.find(NEWLINE, start) + 1
            done.append(self._take(block[start:stop]))
            start = stop
        self._lines.feed(block[end:])
        return _together(done)

    def flush(self) -> Lines:
        """Return what is unfinished as it is: nothing more will come."""
        return _together([self._release(), self._lines.flush()])

    def _take(self, piece: bytes) -> Lines:
        """Take the end of a line; return the run that it ends."""
        self._held_bytes += self._lines.pending_bytes + len(piece)
        line, oversize = self._lines.feed(piece)
        self._oversize += oversize
        part = self._framing.part(line) if line else None
        if line:
            self._held.append((line, part))
        if part and part.is_last:
            self._open.discard(part.stream)
        elif part:
            self._open.add(part.stream)
        if self._open and self._held_bytes > self._limit:
            self._give_up()
        return NOTHING if self._open else self._release()

    def _give_up(self) -> None:
        """Drop the parts of the lines that are open: the last ones of their streams, back to the end of a line."""
        self._oversize += len(self._open)
        kept = []
        for line, part in reversed(self._held):
            if part and part.stream in self._open:
                if not part.is_last:
                    continue
                self._open.remove(part.stream)
            kept.append((line, part))
        self._held = kept[::-1]
        self._open.clear()

    def _release(self) -> Lines:
        lines = Lines(b"".join(line for line, _ in self._held), self._oversize)
        self._held, self._held_bytes, self._oversize = [], 0, 0
        self._open.clear()
        return lines


Cutter = LineCutter | RunCutter


def cutter_for(wrap: str | None, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> Cutter:
    """Return a cutter for the lines of a source that are wrapped so, None for not at all."""
    return LineCutter(max_line_bytes) if wrap is None else RunCutter(FRAMINGS[wrap], max_line_bytes)


def _together(pieces: list[Lines]) -> Lines:
    return Lines(b"".join(piece.data for piece in pieces), sum(piece.oversize for piece in pieces))
