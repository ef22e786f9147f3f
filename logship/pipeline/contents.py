"""Say what one line holds where its format looks, for people: as it was read, or, where it could not be, as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from logship.conditions import text_of
from logship.model import Reason
from logship.parse import AppRecord, Decoder, Format, Record
from logship.parse.paths import look
from logship.parse.readers import reader_of

_NANOSECONDS = 1_000_000_000

Field = str | int | float


class Contents(NamedTuple):
    """What a line holds.

    Attributes:
        fields: Method, url, route, status, duration (seconds), level, time (seconds since the epoch) and trace id, as
            far as they are there; of a line that could not be read the text at these places, the duration as written.
        request: The fields of a request as they are counted; None when it is none, or cannot be read.
        sample_rate: The share of requests that are logged as it is, where the line says so.
    """

    fields: Mapping[str, Field]
    request: Record | None = None
    sample_rate: float | None = None


class LineReader:
    """Read single lines of one format."""

    def __init__(self, fmt: Format) -> None:
        self._format = fmt
        self._decoder = Decoder(fmt)
        self._raw = reader_of(fmt, ()).raw

    def read(self, line: bytes) -> Contents:
        r"""Return what `line`, ended by `\n`, holds."""
        raw = self._fields_of(line)
        records = self._decoder.decode(line).records
        if not records:
            return Contents({} if isinstance(raw, Reason) else dict(self._written(raw)))
        record = records[0][0]
        request = self._request(record)
        found: dict[str, Any] = {"level": record.level} if request is None else self._as_read(request)
        found["time"] = next(iter(self._decoder.times(line)), None)
        if not isinstance(raw, Reason):
            found["trace_id"] = _first(raw, self._format.mapping.trace_id)
        rate = record.sample_rate if isinstance(record, AppRecord) else None
        return Contents({name: value for name, value in found.items() if value is not None}, request, rate)

    def _fields_of(self, line: bytes) -> Mapping[str, Any] | Reason:
        if self._format.expand is not None:
            line = self._format.expand(line).lines.partition(b"\n")[0]
        return self._raw(line.lstrip(b"\0"))

    def _request(self, record: Record) -> Record | None:
        if record.message != self._format.request_message:
            return None
        return (self._format.lift(record) if not record.route and record.url is None else None) or record

    def _as_read(self, request: Record) -> dict[str, Any]:
        duration = request.duration
        return {
            "method": request.method,
            "url": request.url,
            "route": request.route,
            "status": request.status,
            "duration": None if duration is None else duration * self._format.unit_nanoseconds / _NANOSECONDS,
            "level": request.level,
        }

    def _written(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        mapping = self._format.mapping
        places = {name: getattr(mapping, name) for name in ("method", "url", "route", "status", "level", "trace_id")}
        places |= {
            "duration": tuple(place.path for place in mapping.duration),
            "time": tuple(place.path for place in mapping.time),
        }
        for name, paths in places.items():
            value = _first(raw, paths)
            if value is not None:
                yield name, value


def _first(raw: Mapping[str, Any], paths: tuple[str, ...]) -> str | None:
    return next((text for path in paths if (text := text_of(look(raw, path))) is not None), None)
