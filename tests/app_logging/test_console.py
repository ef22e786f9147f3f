from __future__ import annotations

import io
import sys
from typing import Any

import orjson
import pytest

from app_logging.console import escape, is_terminal, readable, should_colour, write_stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def line(**fields: Any) -> bytes:
    always = {"timestamp": "t", "level": "info", "message": "m", "service": "s", "environment": "e", "logger": "l"}
    return orjson.dumps({**always, **fields, "seq": 1, "boot_id": "b"})


def test_a_line_looks_like_winstons_simple_format() -> None:
    assert readable(line(hero="x", n=1), colour=False) == 'info: m {"hero":"x","n":1}'
    assert readable(line(), colour=False) == "info: m"


@pytest.mark.parametrize(("level", "colour"), [("info", 32), ("warning", 33), ("error", 31)])
def test_the_level_has_winstons_colour(level: str, colour: int) -> None:
    assert readable(line(level=level), colour=True) == f"\x1b[{colour}m{level}\x1b[39m: m"


def test_an_exception_stands_below_as_python_prints_it() -> None:
    cause = {"type": "KeyError", "message": "'k'", "frames": []}
    frames = [{"file": "a.py", "line": 3, "function": "f"}]
    exception = {"type": "ValueError", "message": "bad", "frames": frames, "cause": cause}
    assert readable(line(exception=exception, stack="one\ntwo"), colour=False).split("\n") == [
        "info: m",
        "  one",
        "  two",
        "  KeyError: 'k'",
        "  caused:",
        '  File "a.py", line 3, in f',
        "  ValueError: bad",
    ]


def test_the_parts_of_a_group_stand_below_it() -> None:
    part = {"type": "KeyError", "message": "'k'", "frames": []}
    group = {"type": "ExceptionGroup", "message": "two", "frames": [], "exceptions": [part, {**part, "exceptions": 1}]}
    assert readable(line(exception=group), colour=False).split("\n") == [
        "info: m",
        "  ExceptionGroup: two",
        "  of which:",
        "    KeyError: 'k'",
        "  of which:",
        "    KeyError: 'k'",
    ]


def test_an_applications_own_field_called_exception_does_no_harm() -> None:
    assert readable(line(exception={"frames": [1, {}]}), colour=False) == "info: m\n  None: None"
    assert readable(line(exception="text"), colour=False) == "info: m"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("\u2028\u202e", r"\u2028\u202e"),
        ("grüße 🙂", "grüße 🙂"),
    ],
)
def test_a_character_that_a_terminal_might_obey_is_made_visible(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_neither_message_nor_fields_can_drive_the_terminal() -> None:
    shown = readable(line(message="\x1b]0;x\x07", agent="\x9b2J\x1b[2J"), colour=False)
    assert shown.isprintable()


def test_colour_is_for_terminals_unless_the_environment_says_otherwise() -> None:
    assert should_colour({}, Terminal())
    assert not should_colour({}, io.StringIO())
    assert not should_colour({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal())
    assert should_colour({"FORCE_COLOR": "1"}, io.StringIO())
    assert not should_colour({"FORCE_COLOR": "0"}, Terminal())


def test_a_closed_or_missing_stderr_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        write_stderr("x")
        assert not is_terminal(stream)
