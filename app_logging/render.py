"""One event comes in, the bytes of one JSON object go out: fixed keys, own fields, bound context, exception.

Promises: never raises an Exception, never returns a newline, never more than `MAX_RECORD_BYTES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from app_logging.cleaning import Limits, clean, to_plain, to_text
from app_logging.context import merge_context
from app_logging.exceptions import describe, find_exception
from app_logging.record import FIELDS, FIXED_KEYS, OwnFields
from app_logging.redact import Redactor

if TYPE_CHECKING:
    from app_logging.clock import Timestamps

MAX_RECORD_BYTES = 64 * 1024 - 128
"""Longest object rendered; with `seq`, `boot_id` and the newline the line stays within 64 KiB."""

GENTLE = Limits(characters=MAX_RECORD_BYTES, items=1000, depth=12)
"""For records that JSON cannot hold as they are; deep enough for an exception with all its causes."""

TIGHTER = (Limits(8192, 100, 6), Limits(1024, 50, 6), Limits(128, 40, 5), Limits(96, 40, 1))
"""Tried in turn until the record is short enough. The last is: 40 keys and texts of 97 characters, 6 bytes each."""


class Renderer:
    """Build and encode the records of one service; holds no state of single events, safe to share by threads."""

    def __init__(
        self, service: str, environment: str, timestamps: Timestamps, redactor: Redactor | None = None
    ) -> None:
        self._service = service
        self._environment = environment
        self._stamp = timestamps.stamp
        self._redactor = redactor or Redactor()
        names = dict.fromkeys((field.name for field in FIELDS), "")
        self._knows_own_fields = self._redactor.fields(names) == names  # else the user wants one of them redacted

    def render(
        self, logger: str, level: str, message: object, fields: dict[str, Any], seconds: float | None = None
    ) -> bytes:
        """Return the record as a JSON object; the dict of fields is used up."""
        return self.to_json(self.build(logger, level, message, fields, seconds))

    def build(
        self, logger: str, level: str, message: object, fields: dict[str, Any], seconds: float | None = None
    ) -> dict[str, Any]:
        """Return the record, without secrets but for those in its texts; the dict of fields is used up."""
        exception = find_exception(fields.pop("exc_info")) if "exc_info" in fields else None
        if type(fields) is not OwnFields or not self._knows_own_fields:
            merge_context(fields)
            fields = self._redactor.fields(fields)
            if not FIXED_KEYS.isdisjoint(fields):
                fields = _step_aside(fields)
        record: dict[str, Any] = {
            "timestamp": self._stamp(seconds),
            "level": level,
            "message": message if type(message) is str else to_text(self._redactor.value(message)),
            "service": self._service,
            "environment": self._environment,
            "logger": logger,
            **fields,
        }
        if exception is not None:
            record["exception"] = describe(exception)
        return record

    def to_json(self, record: dict[str, Any]) -> bytes:
        """Encode a record, at the price of the values that JSON cannot hold or that are too long."""
        try:
            encoded = orjson.dumps(record, default=to_plain)
        except Exception:  # noqa: BLE001 - orjson refuses, or foreign code raised while it looked
            encoded = orjson.dumps(clean(record, GENTLE))
        encoded = self._redactor.encoded(encoded)
        # Shortened from the redacted bytes: a text cut first might end within a secret that nothing recognises.
        return encoded if len(encoded) <= MAX_RECORD_BYTES else _shorten(orjson.loads(encoded))


def _shorten(record: dict[str, Any]) -> bytes:
    encoded = b""
    for limits in TIGHTER:
        encoded = orjson.dumps(clean(record, limits) | {"truncated": True})
        if len(encoded) <= MAX_RECORD_BYTES:
            break
    return encoded


def _step_aside(fields: dict[str, Any]) -> dict[str, Any]:
    renamed = {}
    for key, value in fields.items():
        free = key
        while free in FIXED_KEYS or (free is not key and free in fields):
            free += "_"
        renamed[free] = value
    return renamed
