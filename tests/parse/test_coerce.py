"""What typed decoding refuses is read by meaning: forgiving in type, never in value."""

from __future__ import annotations

from typing import Any

import pytest

from logship.model import Reason
from logship.parse import Record, format_named
from logship.parse.coerce import coerce

REQUEST = {"message": "HTTP Request", "method": "GET", "url": "/a", "status": 200, "duration": 1.5}


def read(**changes: Any) -> Record | Reason:
    return coerce({**REQUEST, **changes}, format_named("winston"))


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (200, 200),
        ("200", 200),
        (200.0, 200),
        ("200.0", 200),
        ("2e2", 200),
        (None, None),
        (0, 0),
        (-1, -1),
        ("+404", 404),
    ],
)
def test_a_status_is_read_by_its_value(value: object, status: int | None) -> None:
    record = read(status=value)
    assert isinstance(record, Record)
    assert record.status == status
    assert type(record.status) is type(status)


@pytest.mark.parametrize(
    "value",
    [True, False, 200.5, "OK", "", " 200", "200 ", "2_00", "0x1F", "\u0662\u0660\u0660", [], {}, 1e999, float("nan")],
)
def test_what_is_no_integer_is_no_status(value: object) -> None:
    assert read(status=value) is Reason.INVALID_STATUS


@pytest.mark.parametrize(
    ("value", "duration"),
    [(1, 1.0), ("12.5", 12.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), (-1, -1.0), ("-0.5", -0.5), (None, None)],
)
def test_a_duration_is_read_by_its_value(value: object, duration: float | None) -> None:
    record = read(duration=value)
    assert isinstance(record, Record)
    assert record.duration == duration


@pytest.mark.parametrize(
    "value", [True, "12ms", "", "NaN", "Infinity", "1e999", "1e9999", 10**400, float("inf"), [], {"ms": 1}]
)
def test_what_is_no_finite_number_is_no_duration(value: object) -> None:
    assert read(duration=value) is Reason.INVALID_DURATION


@pytest.mark.parametrize(
    ("field", "reason"),
    [("method", Reason.INVALID_METHOD), ("url", Reason.INVALID_URL), ("route", Reason.INVALID_ROUTE)],
)
@pytest.mark.parametrize("value", [5, True, [], {}])
def test_labels_must_be_text(field: str, reason: Reason, value: object) -> None:
    assert read(**{field: value}) is reason


def test_the_first_offence_is_the_reason() -> None:
    assert read(method=1, url=1, status="x") is Reason.INVALID_METHOD


@pytest.mark.parametrize("field", ["level", "stack", "metadata", "exception"])
def test_a_request_is_not_refused_for_what_it_does_not_need(field: str) -> None:
    record = read(**{field: 5})
    assert isinstance(record, Record)
    assert record.status == 200


def test_a_record_that_is_no_request_is_never_refused() -> None:
    record = read(message="Upstream call slow", status="slow", duration=[], method=5)
    assert isinstance(record, Record)
    assert (record.message, record.status, record.method) == ("Upstream call slow", None, None)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"status": "x"}, Reason.INVALID_STATUS),
        ({"url": 1}, Reason.INVALID_URL),
        ({"duration": True}, Reason.INVALID_DURATION),
    ],
)
def test_fields_under_metadata_are_held_to_the_same(metadata: dict[str, Any], expected: Reason) -> None:
    assert coerce({"message": "HTTP Request", "metadata": metadata}, format_named("winston")) is expected


def test_fields_under_metadata_are_forgiven_the_same() -> None:
    record = coerce({"message": "HTTP Request", "metadata": {"status": "201"}}, format_named("winston"))
    assert isinstance(record, Record)
    lifted = format_named("winston").lift(record)
    assert lifted is not None
    assert lifted.status == 201


def test_lone_surrogates_are_replaced() -> None:
    record = read(url="/\ud800x", method="GE\udfffT", route="/caf\u00e9")
    assert isinstance(record, Record)
    assert (record.url, record.method, record.route) == ("/?x", "GE?T", "/caf\u00e9")
