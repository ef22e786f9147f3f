"""What wraps lines is taken off, parts are joined, and nothing is lost silently."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.model import Reason
from logship.parse import UNWRAPS
from logship.parse.unwrap import Unwrapped, expand_otlp

CRI = "2026-11-23T07:00:00.123456789Z {} {} {}\n"


def docker(text: str, stream: str = "stdout") -> str:
    return json.dumps({"log": text, "stream": stream, "time": "2026-11-23T07:00:00Z"}) + "\n"


def unwrapped(wrap: str, *lines: str) -> Unwrapped:
    return UNWRAPS[wrap]("".join(lines).encode())


lines = st.lists(st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"])), max_size=10)


@given(lines)
def test_what_docker_wraps_comes_out_again(texts: list[str]) -> None:
    assert unwrapped("docker", *(docker(text + "\n") for text in texts)) == (
        "".join(text + "\n" for text in texts).encode(),
        Counter(),
    )


@given(lines)
def test_what_cri_wraps_comes_out_again(texts: list[str]) -> None:
    assert unwrapped("cri", *(CRI.format("stdout", "F", text) for text in texts)) == (
        "".join(text + "\n" for text in texts).encode(),
        Counter(),
    )


def test_parts_are_joined_each_stream_for_itself() -> None:
    parts = [
        ("stdout", "P", "a"),
        ("stderr", "P", "x"),
        ("stdout", "F", "b"),
        ("stderr", "F", "y"),
        ("stdout", "F", ""),
    ]
    assert unwrapped("cri", *(CRI.format(*part) for part in parts)).lines == b"ab\nxy\n\n"
    assert unwrapped(
        "docker", *(docker(text + "\n" * (flag == "F"), stream) for stream, flag, text in parts)
    ).lines == (b"ab\nxy\n\n")


@pytest.mark.parametrize("wrap", UNWRAPS)
def test_a_part_without_its_end_is_a_line(wrap: str) -> None:
    part = CRI.format("stdout", "P", "half") if wrap == "cri" else docker("half")
    assert unwrapped(wrap, part) == (b"half\n", Counter())


@pytest.mark.parametrize("wrap", UNWRAPS)
def test_what_the_runtime_has_not_written_is_refused_and_a_blank_line_is_not(wrap: str) -> None:
    good = CRI.format("stdout", "F", "{}") if wrap == "cri" else docker("{}\n")
    found = unwrapped(wrap, good, '{"log":5}\n', "[]\n", "\n", "half", "\n", good)
    assert found == (b"{}\n\n{}\n", Counter({Reason.INVALID_WRAP: 3}))


@pytest.mark.parametrize("wrap", UNWRAPS)
def test_nothing_goes_on_behind_a_record_that_is_refused(wrap: str) -> None:
    half, end = (
        (CRI.format("stdout", "P", "half"), CRI.format("stdout", "F", "end"))
        if wrap == "cri"
        else (docker("half"), docker("end\n"))
    )
    assert unwrapped(wrap, half, "refused\n", end) == (b"half\nend\n", Counter({Reason.INVALID_WRAP: 1}))


@pytest.mark.parametrize("wrap", UNWRAPS)
def test_a_hole_before_a_line_is_skipped(wrap: str) -> None:
    good = CRI.format("stdout", "F", "{}") if wrap == "cri" else docker("{}\n")
    assert unwrapped(wrap, "\0\0\0", good) == (b"{}\n", Counter())


def test_a_hole_is_no_time_of_cris() -> None:
    assert unwrapped("cri", "\0 stdout F {}\n") == (b"", Counter({Reason.INVALID_WRAP: 1}))


def test_bytes_that_are_no_text_go_through_cri_as_they_are() -> None:
    assert UNWRAPS["cri"](b"2026-11-23T07:00:00Z stdout F caf\xe9\n").lines == b"caf\xe9\n"


@given(
    st.binary(max_size=60) | st.lists(st.sampled_from([b'{"log":', b'"\\n"', b'"a"', b"}", b"\n", b" "])).map(b"".join)
)
def test_no_bytes_break_it(text: bytes) -> None:
    for unwrap in (*UNWRAPS.values(), expand_otlp):
        found = unwrap(text + b"\n")
        assert found.lines.count(b"\n") + found.rejected.total() >= 1


def otlp(*records: object) -> bytes:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}).encode() + b"\n"


def test_each_log_record_of_otlp_is_a_line() -> None:
    found = expand_otlp(otlp({"body": {"stringValue": "a"}}, {"body": {"intValue": "5"}}) + otlp({"body": {}}))
    assert [json.loads(line)["body"] for line in found.lines.splitlines()] == ["a", 5, None]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"stringValue": "x"}, "x"),
        ({"intValue": "-7"}, -7),
        ({"intValue": 7}, 7),
        ({"intValue": "seven"}, "seven"),
        ({"doubleValue": 0.5}, 0.5),
        ({"boolValue": True}, True),
        ({"arrayValue": {"values": []}}, None),
        ({"kvlistValue": {"values": []}}, None),
        ({}, None),
        ("x", None),
    ],
)
def test_attributes_of_otlp_become_plain_values(value: object, plain: object) -> None:
    (line,) = expand_otlp(otlp({"attributes": [{"key": "a.b", "value": value}]})).lines.splitlines()
    assert json.loads(line)["attributes"] == {"a.b": plain}


@pytest.mark.parametrize(
    "line",
    [b"{}", b'{"resourceLogs":5}', b'{"resourceLogs":[5]}', b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[]}]}]}'],
)
def test_a_line_of_otlp_without_log_records_stays_one_line(line: bytes) -> None:
    assert expand_otlp(line + b"\n") == (b"{}\n", Counter())


def test_a_line_that_is_no_otlp_is_refused_for_its_own_reason() -> None:
    assert expand_otlp(b"half\n[]\n\n") == (b"\n", Counter({Reason.INVALID_JSON: 1, Reason.NOT_AN_OBJECT: 1}))


def test_a_lone_surrogate_in_otlp_breaks_nothing() -> None:
    assert expand_otlp(otlp({"body": {"stringValue": "\ud800"}})).lines == b"{}\n"
