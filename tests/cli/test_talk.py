"""The tailer's own log: one line per happening, with its level, never a flood, and never the end of the counting."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from logship.cli.talk import PER_MINUTE, Form, Talk, talking
from logship.live.events import Detail, Doubt, Event, Failure

MINUTE = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def said(*events: tuple[str, dict[str, Any]], level: str = "info", form: Form = "json") -> list[str]:
    out = io.StringIO()
    talk = Talk(out, level=level, form=form)
    for event, fields in events:
        talk(event, **fields)
    talk.close()
    return out.getvalue().splitlines()


def test_a_json_line_is_a_record_of_app_logging_for_the_service_logship(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_NAME", "heroes-api")
    monkeypatch.setenv("ENVIRONMENT", "production")
    (line,) = said((Doubt("cannot follow"), {"path": "a.log", "why": "Permission denied"}))
    record = json.loads(line)
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "level": "warning",
        "message": "cannot follow",
        "service": "logship",
        "environment": "production",
        "logger": "logship",
        "path": "a.log",
        "why": "Permission denied",
    }


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["d", "plain", "i", "w", "e"]),
        ("info", ["plain", "i", "w", "e"]),
        ("warning", ["w", "e"]),
        ("error", ["e"]),
    ],
)
def test_only_events_of_the_level_and_above_are_written(level: str, heard: list[str]) -> None:
    events = (Detail("d"), "plain", Event("i"), Doubt("w"), Failure("e"))
    lines = said(*((event, {}) for event in events), level=level)
    assert [json.loads(line)["message"] for line in lines] == heard


def test_a_console_line_has_the_level_where_it_is_not_information() -> None:
    calm, alarming = said(("serving", {"url": "u"}), (Failure("lost"), {"bytes": 7}), form="console")
    assert calm.endswith("Z serving url=u")
    assert "[error" in alarming
    assert alarming.endswith("lost bytes=7")


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_name_of_a_file_drives_the_terminal_or_begins_a_line(form: Form) -> None:
    (line,) = said(("following", {"path": "a\x1b[2J\n2026 forged.log", "more": ["b\x1b[2J\n"]}), form=form)
    assert "\x1b" not in line


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_secret_is_written(form: Form) -> None:
    (line,) = said(("x", {"url": "http://u:hunter2@host/?token=hunter3", "password": "hunter4"}), form=form)
    assert "hunter" not in line


def test_a_flood_of_one_event_is_cut_and_counted_and_hides_no_other() -> None:
    out, clock = io.StringIO(), Clock()
    talk = Talk(out, form="json", clock=clock)
    for _ in range(3 * PER_MINUTE):
        talk("rotated", path="a.log")
    talk(Failure("lost"), bytes=1)
    clock.now = MINUTE
    talk("following", path="a.log")
    talk.close()
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [record["message"] for record in records] == [
        *["rotated"] * PER_MINUTE,
        "lost",
        "log records suppressed",
        "following",
    ]
    assert records[-2]["suppressed"] == 2 * PER_MINUTE
    assert records[-2]["kind"] == "rotated"


def test_what_was_left_out_is_told_at_the_end() -> None:
    lines = said(*[("rotated", {})] * (PER_MINUTE + 1))
    assert json.loads(lines[-1])["suppressed"] == 1


class Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("out", [None, Broken(), closed()], ids=["none", "full", "closed"])
@pytest.mark.parametrize("form", ["console", "json"])
def test_a_stream_that_is_gone_or_full_ends_nothing(out: io.StringIO | None, form: Form) -> None:
    talk = Talk(out, form=form) if out is None or not out.closed else Talk(io.StringIO(), form=form)
    talk._out = out
    talk("serving")
    talk.close()


def test_what_libraries_say_goes_the_same_way_as_long_as_that_lasts() -> None:
    out = io.StringIO()
    before = logging.getLogger().handlers[:]
    with talking(out, form="json"):
        logging.getLogger("asyncio").error("task %s died", 7, exc_info=ValueError("no"))
        logging.getLogger("uvicorn.error").info("never mind")
    assert logging.getLogger().handlers == before
    (line,) = out.getvalue().splitlines()
    record = json.loads(line)
    assert (record["level"], record["message"], record["logger"]) == ("error", "task 7 died", "asyncio")
    assert record["exception"]["type"] == "ValueError"


def test_a_library_that_repeats_itself_with_ever_other_words_is_cut_too() -> None:
    out = io.StringIO()
    with talking(out, form="json"):
        for number in range(PER_MINUTE + 5):
            logging.getLogger("uvicorn.error").warning("bad request %d", number)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == PER_MINUTE + 1
    assert lines[-1]["suppressed"] == 5
