"""What app_logging promises to write covers what logship reads, name by name and type by type."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator

import msgspec
import pytest

from app_logging import record as written
from logship.parse import (
    DROPPED_MESSAGE,
    HEARTBEAT_MESSAGE,
    Decoder,
    Record,
    claims,
    event_times,
    format_named,
    said,
)

APP = format_named("app")
FIELDS = {field.name: field for field in written.FIELDS}
EXAMPLES: dict[str, object] = {
    "string": "text",
    "integer": 5,
    "number": 12.6,
    "boolean": True,
    "object": {"type": "E"},
    "array": [{"name": "disk", "status": "healthy"}],
}
READABLE: dict[str, set[object]] = {
    "string": {str},
    "integer": {int, float},
    "number": {float},
    "boolean": {bool},
    "object": {msgspec.Struct},
}


def read_types(kind: type[Record]) -> Iterator[tuple[str, object]]:
    """Yield each field that is read with its type, the None of an absent field left out."""
    for name, hint in typing.get_type_hints(kind).items():
        if name in kind.__struct_fields__:
            members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
            (member,) = [each for each in members if each is not type(None)]
            is_record = isinstance(member, type) and issubclass(member, msgspec.Struct)
            yield name, msgspec.Struct if is_record else member


@pytest.mark.parametrize(("name", "kind"), list(read_types(APP.record)))
def test_every_field_that_is_read_is_written_in_a_type_that_is_read(name: str, kind: object) -> None:
    assert name in FIELDS
    assert kind in READABLE[FIELDS[name].type]


def test_the_request_message_is_the_same() -> None:
    assert APP.request_message == written.REQUEST_MESSAGE


def test_the_messages_of_the_writer_itself_are_the_same() -> None:
    assert (DROPPED_MESSAGE, HEARTBEAT_MESSAGE) == (written.DROPPED_MESSAGE, written.HEARTBEAT_MESSAGE)


@pytest.mark.parametrize("name", ["timestamp", "active", "dropped", "heartbeat_seconds"])
def test_what_the_writer_says_of_itself_is_read_as_it_was_written(name: str) -> None:
    value = "2026-11-23T07:00:00Z" if name == "timestamp" else EXAMPLES[FIELDS[name].type]
    line = {name: value, "seq": 7, "boot_id": "b"}
    told = said(json.dumps(line).encode())
    assert [each for each in told if each] == [1795417200.0 if name == "timestamp" else value]


@pytest.mark.parametrize("name", ["method", "url", "status", "duration"])
def test_a_request_always_has_what_a_request_needs(name: str) -> None:
    assert FIELDS[name].presence == "request"


@pytest.mark.parametrize("name", ["timestamp", "level", "message", "seq", "boot_id"])
def test_every_record_has_what_every_record_needs(name: str) -> None:
    assert FIELDS[name].presence == "always"


def test_a_record_of_every_written_field_is_read_as_it_was_meant() -> None:
    line = {name: EXAMPLES[field.type] for name, field in FIELDS.items()} | {
        "message": written.REQUEST_MESSAGE,
        "timestamp": "2026-11-23T07:00:00.123Z",
        "status": 200,
        "duration": 12.6,
    }
    lines = json.dumps(line).encode() + b"\n"
    assert claims(lines) == (APP,)
    assert len(event_times(lines)) == 2
    decoded = Decoder(APP).decode(lines)
    ((record,),) = decoded.records
    read = {name: getattr(record, name) for name in APP.record.__struct_fields__}
    assert APP.exception_type(record) == "E"
    assert {name: value for name, value in read.items() if name != "exception"} == {
        name: line[name] for name in APP.record.__struct_fields__ if name != "exception"
    }
