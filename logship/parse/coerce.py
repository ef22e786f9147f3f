"""Read a typed record from plain JSON values where decoding refused a line: forgiving in type, strict in meaning.

`"200"` and `200.0` are the status 200; `true` is not. What cannot be read gives the reason, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from logship.model import Reason
from logship.parse.formats import Format
from logship.parse.mapping import Levels
from logship.parse.records import Record, StructuredException, WinstonMetadata
from logship.parse.values import Refused, clean, level, number, text_or_refuse


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
        except Refused as refusal:
            refused = refused or refusal.reason
    return record, refused


def _any_text(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None


def _text(reason: Reason) -> Callable[[Any], str | None]:
    return lambda value: text_or_refuse(value, reason)


def _number(reason: Reason) -> Callable[[Any], float]:
    return lambda value: number(value, reason)


def _status(value: Any) -> int:
    read = number(value, Reason.INVALID_STATUS)
    if not read.is_integer():
        raise Refused(Reason.INVALID_STATUS)
    return int(read)


def _level(value: Any) -> str | None:
    return level(value, Levels.PINO)  # so that the lines of pino and bunyan before their first request have one


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _exception(value: Any) -> StructuredException | None:
    return StructuredException(type=_any_text(value.get("type"))) if isinstance(value, dict) else None


def _metadata(value: Any) -> Record | None:
    if not isinstance(value, dict):
        return None
    record, refused = _read(value, WinstonMetadata)
    if refused is not None:
        raise Refused(refused)
    return record


_READERS: dict[str, Callable[[Any], Any]] = {
    "message": _any_text,
    "level": _level,
    "method": _text(Reason.INVALID_METHOD),
    "url": _text(Reason.INVALID_URL),
    "route": _text(Reason.INVALID_ROUTE),
    "status": _status,
    "duration": _number(Reason.INVALID_DURATION),
    "stack": _any_text,
    "exception": _exception,
    "metadata": _metadata,
    "sample_rate": _number(Reason.INVALID_SAMPLE_RATE),
    "active": _whole_number,
    "seq": _whole_number,
    "boot_id": _any_text,
}
