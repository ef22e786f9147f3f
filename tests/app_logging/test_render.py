from __future__ import annotations

import datetime as dt
import decimal
import json
import pathlib
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app_logging
from app_logging.clock import Timestamps
from app_logging.record import OwnFields
from app_logging.redact import REDACTED, Redactor
from app_logging.render import MAX_RECORD_BYTES, Renderer
from app_logging.secret_names import SecretNames

RENDERER = Renderer("svc", "test", Timestamps(now=lambda: 0.0))


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


class Shrinking(dict[str, int]):
    def items(self) -> Any:
        message = "dictionary changed size during iteration"
        raise RuntimeError(message)


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(alphabet=st.characters(codec=None)),
        st.binary(),
        st.decimals(),
        st.datetimes(),
        st.uuids(),
        st.builds(object),
        st.builds(Unprintable),
        st.builds(ValueError, st.text()),
        st.just(Shrinking(a=1)),
    ),
    lambda children: st.one_of(
        st.lists(children),
        st.tuples(children, children),
        st.dictionaries(st.one_of(st.text(alphabet=st.characters(codec=None)), st.integers(), st.none()), children),
        st.frozensets(st.one_of(st.integers(), st.text())),
    ),
    max_leaves=20,
)


def render(message: object = "m", **fields: Any) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(RENDERER.render("log", "info", message, fields))
    return record


@given(message=ANYTHING, fields=st.dictionaries(st.text(alphabet=st.characters(codec=None)), ANYTHING))
def test_any_event_renders_to_one_line_of_valid_json(message: object, fields: dict[str, Any]) -> None:
    rendered = RENDERER.render("log", "info", message, fields)
    assert b"\n" not in rendered
    assert len(rendered) <= MAX_RECORD_BYTES
    record = json.loads(rendered.decode("utf-8"), parse_constant=pytest.fail)
    assert list(record)[:6] == ["timestamp", "level", "message", "service", "environment", "logger"]
    assert (record["level"], record["service"], record["logger"]) == ("info", "svc", "log")


def test_keys_stand_in_their_order() -> None:
    app_logging.bind_context(request_id="r", trace_id="t", span_id="s")
    record = render(b=1, exc_info=ValueError("x"), a=2)
    assert list(record) == [
        *("timestamp", "level", "message", "service", "environment", "logger"),
        *("b", "a", "request_id", "trace_id", "span_id", "exception"),
    ]


def test_an_events_own_field_wins_over_bound_context() -> None:
    app_logging.bind_context(request_id="bound")
    assert render(request_id="own")["request_id"] == "own"


def test_fields_cannot_overwrite_the_fixed_keys() -> None:
    app_logging.bind_context(boot_id="bound")
    record = render(level=5, level_=6, service="other", seq=7)
    assert (record["level"], record["service"]) == ("info", "svc")
    assert (record["level__"], record["level_"], record["service_"], record["seq_"]) == (5, 6, "other", 7)
    assert record["boot_id_"] == "bound"
    assert not {"seq", "boot_id"} & record.keys()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (2**64, "18446744073709551616"),
        (-(2**63), -(2**63)),
        ("\ud800x", "\ufffdx"),
        (b"\xff\x00", "\\xff\x00"),
        ({3, 1}, [1, 3]),
        (decimal.Decimal("1.50"), "1.50"),
        (pathlib.PurePosixPath("/x"), "/x"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (dt.date(2026, 11, 23), "2026-11-23"),
        (ValueError("x"), "ValueError('x')"),
        (Unprintable(), "<unprintable Unprintable>"),
        (Shrinking(a=1), "<unprintable Shrinking>"),
        ({1: {None: 2}}, {"1": {"None": 2}}),
        ("a\nb\u2028", "a\nb\u2028"),
    ],
)
def test_a_value_that_json_does_not_know_becomes_a_readable_one(value: object, expected: object) -> None:
    if isinstance(value, Shrinking):
        expected = {"a": 1}  # orjson reads subclasses of dict without asking them
    assert render(value=value)["value"] == expected


def test_a_number_with_more_digits_than_python_prints_is_kept() -> None:
    assert render(value=1 << 20_000)["value"].startswith("0x1000")


def test_a_hostile_value_does_not_cost_its_neighbours() -> None:
    assert render(bad="\ud800", nested={"n": [1, {"x": 2}]}, when=dt.date(2026, 1, 1)) | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "message": "m",
        "service": "svc",
        "environment": "test",
        "logger": "log",
        "bad": "\ufffd",
        "nested": {"n": [1, {"x": 2}]},
        "when": "2026-01-01",
    }


def test_a_cycle_is_cut() -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    assert render(value=cycle)["value"] == [1, "…"]


@pytest.mark.parametrize(
    "fields",
    [
        {"big": "x" * 1_000_000},
        {"big": "\x00" * 1_000_000},
        {"big": ["x" * 1000] * 1000},
        {f"key{number}": "x" * 1000 for number in range(5000)},
        {"k" * 100_000: 1},
        {"deep": {f"k{n}": {f"k{m}": "\x01" * 500 for m in range(50)} for n in range(50)}},
    ],
    ids=["text", "controls", "list", "many", "key", "nested"],
)
def test_a_record_that_is_too_long_is_cut_and_says_so(fields: dict[str, Any]) -> None:
    rendered = RENDERER.render("log", "error", "m", {**fields, "status": 200})
    assert len(rendered) <= MAX_RECORD_BYTES
    assert json.loads(rendered)["truncated"] is True
    assert json.loads(rendered)["level"] == "error"


def test_a_long_message_leaves_the_other_fields_alone() -> None:
    record = render("x" * 100_000, status=200, error="E")
    assert len(record["message"]) == 8193
    assert (record["status"], record["error"]) == (200, "E")


@pytest.mark.parametrize("name", ["ip", "userAgent", "request_id"])
def test_a_field_of_our_own_that_is_a_secret_to_the_user_is_redacted(name: str) -> None:
    redactor = Redactor(SecretNames(more=[name]))
    record = Renderer("svc", "test", Timestamps(), redactor).build("l", "info", "m", OwnFields({name: "s3cr3t"}))
    assert record[name] == REDACTED
