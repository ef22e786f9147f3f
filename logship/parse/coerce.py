"""Read a record from plain JSON values where typed decoding refused a line: forgiving in type, strict in meaning.

`"200"` and `200.0` are the status 200; `true` is not. What cannot be read gives the reason, never an exception.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from logship.model import Reason
from logship.parse.formats import Format
from logship.parse.records import Record, StructuredException, WinstonMetadata

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class _Refused(Exception):  # noqa: N818 - a verdict on a value, it never leaves this module
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def coerce(line: Mapping[str, Any], fmt: Format) -> Record | Reason:
    """Return the record that `line` holds in format `fmt`, or the reason why it holds none."""
    record, refused = _read(line, fmt.record)
    return refused if refused is not None and record.message == fmt.request_message else record


def _read(line: Mapping[str, Any], kind: type[Record]) -> tuple[Record, Reason | None]:
    record = kind()
    refused: Reason | None = None
    for name in kind.__struct_fields__:
        value = line.get(name)
        if value is None:
            continue
        try:
            setattr(record, name, _READERS[name](value))
        except _Refused as refusal:
            refused = refused or refusal.reason
    return record, refused


def _any_text(value: Any) -> str | None:
    return _without_surrogates(value) if isinstance(value, str) else None


def _text(reason: Reason) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = _any_text(value)
        if text is None:
            raise _Refused(reason)
        return text

    return read


def _number(value: Any, reason: Reason) -> float:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused(reason)
    try:
        number = float(value)
    except OverflowError:
        raise _Refused(reason) from None
    if not math.isfinite(number):
        raise _Refused(reason)
    return number


def _status(value: Any) -> int:
    number = _number(value, Reason.INVALID_STATUS)
    if not number.is_integer():
        raise _Refused(Reason.INVALID_STATUS)
    return int(number)


def _duration(value: Any) -> float:
    return _number(value, Reason.INVALID_DURATION)


def _sample_rate(value: Any) -> float:
    return _number(value, Reason.INVALID_SAMPLE_RATE)


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _exception(value: Any) -> StructuredException | None:
    return StructuredException(type=_any_text(value.get("type"))) if isinstance(value, dict) else None


def _metadata(value: Any) -> Record | None:
    if not isinstance(value, dict):
        return None
    record, refused = _read(value, WinstonMetadata)
    if refused is not None:
        raise _Refused(refused)
    return record


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON can escape but UTF-8, and so the exposition, cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_READERS: dict[str, Callable[[Any], Any]] = {
    "message": _any_text,
    "level": _any_text,
    "method": _text(Reason.INVALID_METHOD),
    "url": _text(Reason.INVALID_URL),
    "route": _text(Reason.INVALID_ROUTE),
    "status": _status,
    "duration": _duration,
    "stack": _any_text,
    "exception": _exception,
    "metadata": _metadata,
    "sample_rate": _sample_rate,
    "active": _whole_number,
    "seq": _whole_number,
    "boot_id": _any_text,
}
