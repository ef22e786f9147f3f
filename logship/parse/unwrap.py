r"""Take lines out of what wraps them: bytes in, bytes out, before any format is read; nothing is kept between calls.

Docker and CRI write a long line as several parts, which are joined here; a part whose end is missing, as at the end of
a file, is taken as it is. OTLP's JSON holds many log records in a line: each becomes a line of its own, flat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from logship.model import Reason
from logship.parse.json_lines import chunk_decoder, load_object

_NEWLINE = b"\n"


class Unwrapped(NamedTuple):
    r"""Lines, each ended by `\n`, and how many were refused."""

    lines: bytes
    rejected: Counter[Reason]


Unwrap = Callable[[bytes], Unwrapped]


class _Part(NamedTuple):
    stream: object
    text: bytes
    is_last: bool


class _Docker(msgspec.Struct, gc=False):
    log: str
    stream: str | None = None


_decode_docker = chunk_decoder(_Docker)
_decode_docker_line = msgspec.json.Decoder(_Docker).decode
_CRI = re.compile(rb"^[^\s\0]\S* (\S+) ([PF])(?: (.*))?$", re.MULTILINE)


def _unwrap_docker(lines: bytes) -> Unwrapped:
    records = _decode_docker(lines)
    if records is None:
        return _joined(lines, _docker_part)
    texts = [record.log for (record,) in records]
    if all(text.endswith("\n") for text in texts):
        return Unwrapped("".join(texts).encode(), Counter())
    return _joined(lines, _docker_part)


def _docker_part(line: bytes) -> _Part | None:
    try:
        record = _decode_docker_line(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _Part(record.stream, record.log.removesuffix("\n").encode(), record.log.endswith("\n"))


def _unwrap_cri(lines: bytes) -> Unwrapped:
    found = _CRI.findall(lines)
    if len(found) == lines.count(_NEWLINE) and all(flag == b"F" for _, flag, _ in found):
        return Unwrapped(b"".join([text + _NEWLINE for _, _, text in found]), Counter())
    return _joined(lines, _cri_part)


def _cri_part(line: bytes) -> _Part | None:
    found = _CRI.fullmatch(line)
    return _Part(found[1], found[3] or b"", found[2] == b"F") if found else None


def _joined(lines: bytes, part_of: Callable[[bytes], _Part | None]) -> Unwrapped:
    """Return the lines of the application, in the order in which they ended."""
    done: list[bytes] = []
    rejected: Counter[Reason] = Counter()
    begun: dict[object, list[bytes]] = {}
    for wrapped in lines.split(_NEWLINE)[:-1]:
        line = wrapped.lstrip(b"\0")  # the hole that a stale writer offset leaves behind
        part = part_of(line)
        if part is not None:
            begun.setdefault(part.stream, []).append(part.text)
            if part.is_last:
                done += [*begun.pop(part.stream), _NEWLINE]
        elif line.strip():
            rejected[Reason.INVALID_WRAP] += 1
            done += _ended(begun)  # it may have been their end: a batch may stop here, so nothing goes on behind it
        else:
            done.append(_NEWLINE)
    return Unwrapped(b"".join([*done, *_ended(begun)]), rejected)


def _ended(begun: dict[object, list[bytes]]) -> list[bytes]:
    """Return the lines that were begun as they are, and forget them."""
    lines = [piece for texts in begun.values() for piece in (*texts, _NEWLINE)]
    begun.clear()
    return lines


UNWRAPS: dict[str, Unwrap] = {"docker": _unwrap_docker, "cri": _unwrap_cri}
"""By the name of the wrapping."""


def expand_otlp(lines: bytes) -> Unwrapped:
    """Return one line for each log record; a line without any stays one line, without anything in it."""
    done: list[bytes] = []
    rejected: Counter[Reason] = Counter()
    for line in lines.split(_NEWLINE)[:-1]:
        if not line.strip(b"\0 \t\r"):
            done.append(b"")
            continue
        value = load_object(line.lstrip(b"\0"), replace=True)
        if isinstance(value, Reason):
            rejected[value] += 1
        else:
            done += [_encoded(record) for record in _log_records(value)] or [b"{}"]
    return Unwrapped(b"".join(record + _NEWLINE for record in done), rejected)


def _encoded(record: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record)
    except (UnicodeEncodeError, RecursionError):  # a lone surrogate
        return b"{}"


def _log_records(export: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in _objects(export, "resourceLogs"):
        of_all = {"resource": _attributes(resource.get("resource"))}
        for scope in _objects(resource, "scopeLogs"):
            for record in _objects(scope, "logRecords"):
                yield {**record, **of_all, "attributes": _attributes(record), "body": _plain(record.get("body"))}


def _objects(parent: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key)
    yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def _attributes(owner: Any) -> dict[str, Any]:
    pairs = _objects(owner, "attributes") if isinstance(owner, dict) else ()
    return {pair["key"]: _plain(pair.get("value")) for pair in pairs if isinstance(pair.get("key"), str)}


def _plain(value: Any) -> Any:
    """Return the plain value of an AnyValue; integers are written as text."""
    if not isinstance(value, dict) or not value:
        return None
    kind, content = next(iter(value.items()))
    if kind == "intValue":
        return int(content) if isinstance(content, str) and re.fullmatch(r"-?\d{1,19}", content) else content
    return content if kind in {"stringValue", "boolValue", "doubleValue", "bytesValue"} else None
