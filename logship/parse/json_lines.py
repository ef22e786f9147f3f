r"""Decode lines of JSON: a chunk at once into a struct type, or one line into plain values.

Theory of operation. msgspec decodes a whole chunk in one call, but its `decode_lines` only sees JSON values between
white space: two records glued on one line would pass, and so would one record over two lines. So each line is wrapped
in an array of its own: `\n` becomes `]\n[`, and the type is a tuple of exactly one record.
  - A newline inside a record now closes an array that the record never opened, so it is refused.
  - Every line therefore holds at least one whole tuple, and as many tuples as lines means exactly one in each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import msgspec

from logship.model import Reason

_SEPARATOR = b"]\n["
_SEPARATOR_GROWTH = len(_SEPARATOR) - 1

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def chunk_decoder(kind: type[_Struct]) -> Callable[[bytes], list[tuple[_Struct]] | None]:
    """Return a function that gives one `kind` for each line of a chunk, or None when any line is not exactly one."""
    decode_lines = msgspec.json.Decoder(tuple[kind]).decode_lines  # type: ignore[valid-type]

    def decode(chunk: bytes) -> list[tuple[_Struct]] | None:
        if not chunk:
            return []
        body = b"[" + chunk.replace(b"\n", _SEPARATOR)
        lines = (len(body) - 1 - len(chunk)) // _SEPARATOR_GROWTH
        records: Any
        try:
            if not chunk.isascii():
                chunk.decode()  # msgspec does not look into the strings that it skips
            records = decode_lines(memoryview(body)[:-1])  # without the bracket behind the last newline
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return records if len(records) == lines else None

    return decode


def load_object(line: bytes, *, replace: bool = False) -> Mapping[str, Any] | Reason:
    """Return the JSON object in one line, or the reason why there is none.

    With `replace`, bytes that are no UTF-8 become U+FFFD and are no reason.
    """
    if b"\0" in line:
        return Reason.NUL_BYTES
    try:
        # json, not msgspec: it takes escaped lone surrogates, which are valid JSON
        value = json.loads(line.decode(errors="replace" if replace else "strict"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        return Reason.INVALID_UTF8
    except ValueError:
        return Reason.INVALID_JSON
    except RecursionError:
        return Reason.TOO_DEEP
    return value if isinstance(value, dict) else Reason.NOT_AN_OBJECT


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
