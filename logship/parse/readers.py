"""Read lines of each kind, a chunk at once or one alone: typed JSON, mapped JSON, text by an expression, logfmt.

A reader takes a chunk whole or not at all; of a line alone it says why it cannot be read. Both give the same records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from logship.model import Reason
from logship.parse.coerce import coerce
from logship.parse.columns import columns_of
from logship.parse.extras import Pick, picking
from logship.parse.formats import Format
from logship.parse.json_lines import chunk_decoder, load_object
from logship.parse.logfmt import pairs_of
from logship.parse.mapped import Projection
from logship.parse.records import Record
from logship.parse.shapes import Shape
from logship.parse.values import Refused


class Rows(NamedTuple):
    """Records, each in a tuple of one, and how to get at what they have at the extra paths."""

    records: Sequence[tuple[Record]]
    pick: Pick


class Reader(Protocol):
    """Reads lines of one format."""

    def chunk(self, lines: bytes) -> Rows | None:
        r"""Return the records of `lines`, each ended by `\n`; None when they must be read one by one."""

    def line(self, line: bytes) -> Rows | Reason:
        """Return the record of one line, or the reason why there is none."""

    def raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        """Return the fields of one line as they are written, or the reason why there are none."""


def reader_of(fmt: Format, extra: Iterable[str]) -> Reader:
    """Return the reader for a format; `extra` are paths that are read besides."""
    if not fmt.is_mapped:
        return _TypedReader(fmt, extra)
    projection = _Projected(Projection(fmt.mapping), extra)
    if fmt.line is not None:
        return _TextReader(fmt.line, projection)
    return _LogfmtReader(projection) if fmt.is_logfmt else _JsonReader(projection)


class _TypedReader:
    """Records of a type of their own, which decoding gives as they are."""

    def __init__(self, fmt: Format, extra: Iterable[str]) -> None:
        self._format = fmt
        self._shape = Shape(extra, fmt.record)
        self._decode = chunk_decoder(self._shape.type)

    def chunk(self, lines: bytes) -> Rows | None:
        records: Any = self._decode(lines)
        if records is None:
            return None
        return Rows(records, self._shape.picking(records))

    def raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        return load_object(line)

    def line(self, line: bytes) -> Rows | Reason:
        value = self.raw(line)
        if isinstance(value, Reason):
            return value
        record = coerce(value, self._format)
        if isinstance(record, Reason):
            return record
        return Rows([(record,)], picking(columns_of(value)))


class _Projected:
    """What the mapped readers share: columns become rows."""

    def __init__(self, projection: Projection, extra: Iterable[str]) -> None:
        self.paths = (*projection.paths, *extra)
        self._records = projection.records

    def rows(self, pick: Pick, count: int) -> Rows:
        """Return the rows; raise Refused when one of them cannot be read."""
        return Rows(list(zip(self._records(pick(None), count), strict=True)), pick)

    def some(self, pick: Pick, count: int) -> Rows | None:
        """Return the rows of a chunk, None when one of them cannot be read."""
        try:
            return self.rows(pick, count)
        except Refused:
            return None

    def one(self, record: Mapping[str, Any] | Reason) -> Rows | Reason:
        """Return the row of one record, or why it cannot be read."""
        if isinstance(record, Reason):
            return record
        try:
            return self.rows(picking(columns_of(record)), 1)
        except Refused as refusal:
            return refusal.reason


class _JsonReader:
    def __init__(self, projected: _Projected) -> None:
        self._projected = projected
        self._shape = Shape(projected.paths)
        self._decode = chunk_decoder(self._shape.type)

    def chunk(self, lines: bytes) -> Rows | None:
        records = self._decode(lines)
        if records is None:
            return None
        return self._projected.some(self._shape.picking(records), len(records))

    def raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        return load_object(line, replace=True)

    def line(self, line: bytes) -> Rows | Reason:
        return self._projected.one(self.raw(line))


class _TextReader:
    """Lines that one expression takes apart; its named groups are the fields."""

    def __init__(self, pattern: re.Pattern[str], projected: _Projected) -> None:
        read = _without_groups(pattern, set(pattern.groupindex).difference(projected.paths))
        self._lines = _whole_lines(read)
        self._line = _whole_lines(pattern)
        self._projected = projected
        self._groups = read.groupindex
        self._count = read.groups

    def chunk(self, lines: bytes) -> Rows | None:
        text = _text(lines)
        found = self._lines.findall(text)
        if len(found) != len(lines) - len(lines.replace(b"\n", b"")):  # four times as fast as to count
            return None
        columns = list(zip(*found, strict=True)) or [()] * self._count
        empty: list[Any] = [None] * len(found)

        def column(path: str) -> list[Any]:
            return list(columns[self._groups[path] - 1]) if path in self._groups else empty

        return self._projected.some(picking(column), len(found))

    def raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        match = self._line.fullmatch(_text(line).removesuffix("\n"))
        return Reason.INVALID_LINE if match is None else match.groupdict("")

    def line(self, line: bytes) -> Rows | Reason:
        return self._projected.one(self.raw(line))


def _whole_lines(pattern: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(f"^(?:{pattern.pattern})$", pattern.flags | re.MULTILINE)


def _without_groups(pattern: re.Pattern[str], names: Iterable[str]) -> re.Pattern[str]:
    """Return `pattern` without some of its named groups: a fourth of its time is to make texts of them."""
    expression = pattern.pattern
    for name in names:
        expression = expression.replace(f"(?P<{name}>", "(?:")
    return re.compile(expression, pattern.flags)


class _LogfmtReader:
    def __init__(self, projected: _Projected) -> None:
        self._projected = projected

    def chunk(self, lines: bytes) -> Rows | None:
        records = [pairs_of(line) for line in _text(lines).split("\n")[:-1]]
        if None in records:
            return None
        return self._projected.some(picking(_by_key(records)), len(records))

    def raw(self, line: bytes) -> Mapping[str, Any] | Reason:
        return pairs_of(_text(line).removesuffix("\n")) or Reason.INVALID_LINE

    def line(self, line: bytes) -> Rows | Reason:
        return self._projected.one(self.raw(line))


def _by_key(records: Iterable[Mapping[str, Any] | None]) -> Callable[[str], list[Any]]:
    known = [record or {} for record in records]
    return lambda path: [record.get(path) for record in known]


def _text(lines: bytes) -> str:
    """Return lines as text; bytes that are no UTF-8 are a client's, who must not hide a request by them."""
    return lines.decode(errors="replace")
