r"""Decode complete lines into typed records: a chunk of lines comes in, records and reasons for refusals go out.

Theory of operation. msgspec decodes a whole chunk in one call, but its `decode_lines` only sees JSON values between
white space: two records glued on one line would pass, and so would one record over two lines. So each line is wrapped
in an array of its own: `\n` becomes `]\n[`, and the type is a tuple of exactly one record.
  - A newline inside a record now closes an array that the record never opened, so it is refused.
  - Every line therefore holds at least one whole tuple, and as many tuples as lines means exactly one in each.
A chunk that is refused is halved until the pieces are small, then taken line by line by the very same check; only a
line that fails alone is read as plain JSON (`coerce`), to accept it after all or to name the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec

from logship.model import Reason
from logship.parse.account import number_in
from logship.parse.coerce import coerce
from logship.parse.formats import Format
from logship.parse.records import Record

_SMALL_CHUNK_BYTES = 2048
"""Below this, halving costs more than going line by line."""

_SEPARATOR = b"]\n["
_SEPARATOR_GROWTH = len(_SEPARATOR) - 1


@dataclass(slots=True)
class Decoded:
    """What the lines of a chunk became; each line is in exactly one of the three.

    Attributes:
        records: Each record in a tuple of one, as decoding made it.
        rejected: How many lines were refused, by reason.
        blank: How many lines held nothing but white space.
        numbers: Process and number of each line that was refused, where our own writer put them.
    """

    records: list[tuple[Record]] = field(default_factory=list)
    rejected: Counter[Reason] = field(default_factory=Counter)
    blank: int = 0
    numbers: list[tuple[str, int]] = field(default_factory=list)


class Decoder:
    """Decode lines of one format."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self._decode_lines = msgspec.json.Decoder(tuple[fmt.record]).decode_lines  # type: ignore[name-defined]

    def decode(self, lines: bytes) -> Decoded:
        r"""Decode `lines`, each ended by `\n`."""
        decoded = Decoded()
        work = [lines]
        while work:
            chunk = work.pop()
            records = self._decode_chunk(chunk)
            if records is not None:
                decoded.records += records
            elif chunk.find(b"\n") == len(chunk) - 1:
                self._salvage(chunk, decoded)
            else:
                work += reversed(_divide(chunk))
        return decoded

    def _decode_chunk(self, chunk: bytes) -> list[tuple[Record]] | None:
        """Return one record for each line, or None when any line is not exactly one."""
        if not chunk:
            return []
        body = chunk[:-1].replace(b"\n", _SEPARATOR)
        lines = (len(body) - len(chunk) + 1) // _SEPARATOR_GROWTH + 1
        try:
            if not chunk.isascii():
                chunk.decode()  # msgspec does not look into the strings that it skips
            records = self._decode_lines(b"[%b]" % body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return records if len(records) == lines else None

    def _salvage(self, line: bytes, decoded: Decoded) -> None:
        line = line.lstrip(b"\0")  # the hole that a stale writer offset leaves behind
        if line.isspace():
            decoded.blank += 1
            return
        found = read_line(line, self.format)
        if isinstance(found, Reason):
            decoded.rejected[found] += 1
            number = number_in(line) if self.format.is_numbered else None
            if number is not None:
                decoded.numbers.append(number)
        else:
            decoded.records.append((found,))


def read_line(line: bytes, fmt: Format) -> Record | Reason:
    """Return the record in one line, or the reason why there is none."""
    value = load_object(line)
    return value if isinstance(value, Reason) else coerce(value, fmt)


def load_object(line: bytes) -> Mapping[str, Any] | Reason:
    """Return the JSON object in one line, or the reason why there is none."""
    if b"\0" in line:
        return Reason.NUL_BYTES
    try:
        # json, not msgspec: it takes escaped lone surrogates, which are valid JSON
        value = json.loads(line.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        return Reason.INVALID_UTF8
    except ValueError:
        return Reason.INVALID_JSON
    except RecursionError:
        return Reason.TOO_DEEP
    return value if isinstance(value, dict) else Reason.NOT_AN_OBJECT


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _divide(chunk: bytes) -> list[bytes]:
    """Divide a chunk of several lines: in two while it is large, else into its lines."""
    if len(chunk) > _SMALL_CHUNK_BYTES:
        middle = chunk.find(b"\n", len(chunk) // 2, len(chunk) - 1) + 1 or chunk.rfind(b"\n", 0, len(chunk) // 2) + 1
        return [chunk[:middle], chunk[middle:]]
    return [line + b"\n" for line in chunk[:-1].split(b"\n")]
