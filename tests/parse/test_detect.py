"""The first request decides the format, wherever it stands."""

from __future__ import annotations

from collections import Counter

import pytest

from logship.model import Reason
from logship.parse import detect, format_named

APP = b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":1,"seq":1,"boot_id":"b"}\n'
FLAT = b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":1}\n'
NESTED = b'{"message":"HTTP Request","metadata":{"method":"GET","url":"/","status":200,"duration":1}}\n'
OTHER = b'{"message":"Server listening","level":"info","seq":1}\n'


@pytest.mark.parametrize(("line", "name"), [(APP, "app"), (FLAT, "winston"), (NESTED, "winston")])
@pytest.mark.parametrize(
    "before", [b"", b"\0\n", OTHER, OTHER * 500, b"not JSON\n", b"\n", b'{"message":"HTTP Request"}\n']
)
@pytest.mark.parametrize("after", [b"", OTHER, APP, FLAT])
def test_the_first_request_decides(line: bytes, name: str, before: bytes, after: bytes) -> None:
    assert detect(before + line + after) == (before, Counter(), line + after, format_named(name), frozenset())


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"\n",
        OTHER,
        b'{"message":"HTTP Request"}\n',
        b'{"message":"HTTP Request","metadata":"method"}\n',
        b'{"text":"HTTP Request","method":"GET","seq":1}\n',
        b'["HTTP Request"]\n',
        b'{"message":"HTTP Request","method":\n',
        b'{"message":"HTTP Request","method":"\xff"}\n',
        b'{"message":"HTTP Request","method":' + b"[" * 10_000 + b"\n",
    ],
)
def test_what_is_no_request_decides_nothing(lines: bytes) -> None:
    assert detect(lines) == (lines, Counter(), b"", None, frozenset())


def test_a_request_behind_a_hole_decides_too() -> None:
    found = detect(OTHER + b"\0" * 100 + APP)
    assert (found.before, found.format) == (OTHER, format_named("app"))


def test_a_line_that_names_the_marker_twice_is_looked_at_once() -> None:
    line = b'{"message":"HTTP Request","method":"GET","url":"/HTTP Request"}\n'
    found = detect(OTHER + line)
    assert (found.before, found.rest, found.format) == (OTHER, line, format_named("winston"))


BARE = b'{"method":"GET","url":"/","status":200,"duration":1}\n'
SLOG = b'{"time":"2026-11-23T07:00:00Z","level":"INFO","msg":"x","method":"GET","path":"/","status":200,"duration":1}\n'
TIMED = b'::1 - - [23/Nov/2026:07:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-" 1\n'


def test_a_line_that_several_formats_claim_decides_nothing_and_is_refused() -> None:
    found = detect(OTHER + BARE + OTHER + TIMED)
    assert (found.before, found.rest, found.format) == (OTHER + OTHER, b"", None)
    assert found.refused == {Reason.AMBIGUOUS_FORMAT: 2}
    assert found.candidates == {"zap", "slog", "combined", "combined-s", "combined-ms", "combined-us"}


def test_a_line_after_an_ambiguous_one_can_still_decide() -> None:
    found = detect(BARE + OTHER + SLOG + BARE)
    assert (found.before, found.rest, found.format) == (OTHER, SLOG + BARE, format_named("slog"))
    assert found.refused == {Reason.AMBIGUOUS_FORMAT: 1}


@pytest.mark.parametrize(
    "line",
    [
        b'{"log":"{}\\n","stream":"stdout","time":"2026-11-23T07:00:00Z"}\n',
        b"2026-11-23T07:00:00.123456789Z stdout F {}\n",
        b"2026-11-23T07:00:00.123456789Z stderr P {\n",
    ],
)
def test_a_wrapped_line_is_refused_until_the_wrapping_is_named(line: bytes) -> None:
    assert detect(OTHER + line) == (OTHER, {Reason.WRAPPED: 1}, b"", None, frozenset())


@pytest.mark.parametrize("before", [b"", b"\n", b"half", OTHER])
def test_text_is_found_as_json_is(before: bytes) -> None:
    line = b'::1 - jane [23/Nov/2026:07:00:00 +0000] "GET / HTTP/1.1" 200 1\n'
    before += b"\n" * (before == b"half")
    assert detect(before + line) == (before, Counter(), line, format_named("clf"), frozenset())
