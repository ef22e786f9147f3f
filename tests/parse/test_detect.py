"""The first request decides the format, wherever it stands."""

from __future__ import annotations

import pytest

from logship.parse import first_request, format_named

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
    lines = before + line + after
    assert first_request(lines) == (len(before), format_named(name))


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
    assert first_request(lines) is None


def test_a_request_behind_a_hole_decides_too() -> None:
    assert first_request(OTHER + b"\0" * 100 + APP) == (len(OTHER), format_named("app"))


def test_a_line_that_names_the_marker_twice_is_looked_at_once() -> None:
    line = b'{"message":"HTTP Request","method":"GET","url":"/HTTP Request"}\n'
    assert first_request(OTHER + line) == (len(OTHER), format_named("winston"))
