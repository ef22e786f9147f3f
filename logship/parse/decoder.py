"""Decode complete lines into records: a chunk of lines comes in, records and reasons for refusals go out.

A chunk that its reader refuses is halved until the pieces are small, then taken line by line by the very same check;
only a line that fails alone is read for itself, to accept it after all or to name the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logship.model import Reason
from logship.parse.account import number_in
from logship.parse.extras import Extras
from logship.parse.formats import Format
from logship.parse.readers import Rows, reader_of
from logship.parse.records import Record
from logship.parse.times import clock_of, event_times, stamp_of

_SMALL_CHUNK_BYTES = 2048
"""Below this, halving costs more than going line by line."""


@dataclass(slots=True)
class Decoded:
    """What the lines of a chunk became; each line is in exactly one of the first three.

    Attributes:
        records: Each record in a tuple of one, as decoding made it.
        rejected: How many lines were refused, by reason.
        blank: How many lines held nothing but white space.
        numbers: Process and number of each line that was refused, where our own writer put them.
        extras: What the records have at the extra paths.
    """

    records: list[tuple[Record]] = field(default_factory=list)
    rejected: Counter[Reason] = field(default_factory=Counter)
    blank: int = 0
    numbers: list[tuple[str, int]] = field(default_factory=list)
    extras: Extras = field(default_factory=lambda: Extras({}), compare=False)

    def add(self, rows: Rows) -> None:
        """Add the rows that came next."""
        self.records += rows.records
        self.extras.add(len(rows.records), rows.pick)


class Decoder:
    """Decode lines of one format; `extra` are dotted paths to read besides, they cost nothing when there are none."""

    def __init__(self, fmt: Format, extra: Sequence[str] = ()) -> None:
        self.format = fmt
        self._ways = {path: (path, *(f"{under}.{path}" for under in fmt.fields_under)) for path in extra}
        self._reader = reader_of(fmt, [way for ways in self._ways.values() for way in ways])
        self._clock = clock_of(self._raw, fmt.mapping.time) if fmt.is_mapped else stamp_of

    def decode(self, lines: bytes) -> Decoded:
        r"""Decode `lines`, each ended by `\n`."""
        decoded = Decoded(extras=Extras(self._ways))
        if self.format.expand is not None:
            lines, decoded.rejected = self.format.expand(lines)
        work = [lines] if lines else []
        while work:
            chunk = work.pop()
            rows = self._reader.chunk(chunk)
            if rows is not None:
                decoded.add(rows)
            elif chunk.find(b"\n") == len(chunk) - 1:
                self._salvage(chunk, decoded)
            else:
                work += reversed(_divide(chunk))
        return decoded

    def times(self, lines: bytes) -> list[float]:
        """Return the times of the first and the last of `lines` in seconds since the epoch, as far as they have one."""
        return event_times(lines, self._clock)

    def _raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        if self.format.expand is not None:
            line = self.format.expand(line.rstrip(b"\n") + b"\n").lines.partition(b"\n")[0]
        return self._reader.raw(line)

    def _salvage(self, line: bytes, decoded: Decoded) -> None:
        line = line.lstrip(b"\0")  # the hole that a stale writer offset leaves behind
        if line.isspace():
            decoded.blank += 1
            return
        found = self._reader.line(line)
        if isinstance(found, Rows):
            decoded.add(found)
            return
        decoded.rejected[found] += 1
        number = number_in(line) if self.format.is_numbered else None
        if number is not None:
            decoded.numbers.append(number)


def _divide(chunk: bytes) -> list[bytes]:
    """Divide a chunk of several lines: in two while it is large, else into its lines."""
    if len(chunk) > _SMALL_CHUNK_BYTES:
        middle = chunk.find(b"\n", len(chunk) // 2, len(chunk) - 1) + 1 or chunk.rfind(b"\n", 0, len(chunk) // 2) + 1
        return [chunk[:middle], chunk[middle:]]
    return [line + b"\n" for line in chunk[:-1].split(b"\n")]
