"""Fields are found where a dotted path says, nested, literal or mixed, by typed decoding as in plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse import Decoder, format_named
from logship.parse.paths import MAX_SEGMENTS, look, spellings


def extras(name: str, paths: Sequence[str], lines: bytes) -> list[tuple[Any, ...]]:
    """Return what each record has at `paths`, None for objects and lists, of which only that they are there is told."""
    decoded = Decoder(format_named(name), paths).decode(lines)
    assert decoded.extras.count == len(decoded.records)
    columns = [decoded.extras.column(path) for path in paths]
    return [
        tuple(value if isinstance(value, str | int | float) else None for value in row)
        for row in zip(*columns, strict=True)
    ]


VALUES: list[Any] = [5, 0.5, "x", True, None, {}, [], {"c": 1}, [{"b": 2}]]
NESTED = [
    {"a": {"b": {"c": 1}}},
    {"a.b": {"c": 1}},
    {"a": {"b.c": 1}},
    {"a.b.c": 1},
]


@pytest.mark.parametrize("record", NESTED)
@pytest.mark.parametrize("name", ["app", "winston", "pino-http", "otel"])
def test_a_path_is_found_in_every_spelling(record: dict[str, Any], name: str) -> None:
    assert look(record, "a.b.c") == 1
    assert extras(name, ["a.b.c", "a.x"], json.dumps(record).encode() + b"\n") == [(1, None)]


def test_the_longest_literal_key_goes_first() -> None:
    record = {"a": {"b": {"c": 1}, "b.c": 2}, "a.b": {"c": 3}, "a.b.c": 4}
    for keys, expected in ((("a.b.c",), 4), (("a.b", "c"), 3), (("a", "b.c"), 2), (("a", "b", "c"), 1)):
        assert look(record, "a.b.c") == expected
        line = json.dumps(record).encode() + b"\n"
        assert extras("app", ["a.b.c"], line) == [(expected,)]
        record = without(record, keys)


def without(record: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    head, *rest = keys
    if not rest:
        return {key: value for key, value in record.items() if key != head}
    return {**record, head: without(record[head], tuple(rest))}


def test_a_long_path_has_a_bounded_number_of_spellings() -> None:
    assert len(spellings(".".join("abcdefghijklmnop"))) == 2 ** (MAX_SEGMENTS - 1)


@pytest.mark.parametrize("name", ["app", "winston", "pino-http"])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["a", "a.b", "b", "level", "message"]), st.sampled_from(VALUES)), max_size=8
    )
)
def test_extra_fields_stand_beside_their_records(name: str, records: list[dict[str, Any]]) -> None:
    paths = ("a", "a.b", "a.b.c", "b", "level")
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    expected = [
        tuple(value if isinstance(value := look(record, path), str | int | float) else None for path in paths)
        for record in records
    ]
    assert extras(name, paths, lines) == expected


def test_fields_that_the_record_has_anyway_can_be_asked_for() -> None:
    line = b'{"message":"x","status":200,"exception":{"type":"K","message":"m"},"metadata":{"method":"GET","a":1}}\n'
    paths = ["message", "status", "exception.type", "exception.message", "level.x", "exception"]
    assert extras("app", paths, line) == [("x", 200, "K", "m", None, None)]
    assert extras("winston", ["metadata.a", "metadata.method"], line) == [(1, "GET")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("winston", b'{"message":"x","metadata":{"lesson":"bravery"}}\n'),
        ("loguru", b'{"record":{"extra":{"lesson":"bravery"}}}\n'),
        ("logfmt", b"msg=x lesson=bravery\n"),
        ("gcp", b'{"jsonPayload":{"lesson":"bravery"}}\n'),
    ],
)
def test_own_fields_are_found_where_the_format_puts_them(name: str, line: bytes) -> None:
    assert extras(name, ["lesson"], line) == [("bravery",)]
    assert extras(name, ["lesson"], line + b"\xff\n" + line) == [("bravery",)] * 2


def test_the_groups_of_a_text_format_are_its_fields() -> None:
    line = format_named("combined").example.encode() + b"\n"
    assert extras("combined", ["user_agent", "referer", "nothing"], line) == [("curl/8.5.0", "-", None)]
