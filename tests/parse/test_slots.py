"""Chunks divided by time are what each line for itself says, whatever the format, and nothing is lost or moved."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse import FORMATS, LineTimes, Run, format_named, runs_by_time

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def app_line(at: float | None, zone: str = "Z", digits: str = "milliseconds") -> bytes:
    text = None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec=digits).replace("+00:00", zone)
    return json.dumps({"timestamp": text, "message": "HTTP Request"}).encode() + b"\n"


def zap_line(at: float | None) -> bytes:
    return b"nonsense\n" if at is None else json.dumps({"ts": at, "level": "info", "msg": "x"}).encode() + b"\n"


MAKERS = {"app": app_line, "winston": app_line, "caddy": zap_line}

times = st.lists(st.none() | st.integers(-300, 300).map(lambda offset: NOON + offset / 4), min_size=1, max_size=40)
bounds = st.lists(st.integers(-80, 80).map(lambda offset: NOON + offset), max_size=5, unique=True).map(sorted)


@pytest.mark.parametrize("name", MAKERS)
@given(times, bounds, st.none() | st.integers(0, 3), st.sampled_from(["rising", "any"]))
def test_each_line_is_in_the_slot_of_its_time_or_of_the_line_before(
    name: str, at: list[float | None], bounds: list[float], before: int | None, order: str
) -> None:
    if order == "rising":
        at = [*sorted(each for each in at if each is not None)] or at
    lines = [MAKERS[name](each) for each in at]
    first = next((bisect_right(bounds, each) for each in at if each is not None), None)
    slot = first if before is None else before
    expected = []
    for each, line in zip(at, lines, strict=True):
        slot = slot if each is None else bisect_right(bounds, each)
        expected.append((slot, line))
    runs = runs_by_time(b"".join(lines), bounds, LineTimes(format_named(name)), before)
    assert [(run.slot, line + b"\n") for run in runs for line in run.lines[:-1].split(b"\n")] == expected
    assert all(one.slot != other.slot for one, other in pairwise(runs))


def test_a_bound_belongs_to_the_slot_behind_it() -> None:
    lines = [app_line(NOON - 0.001), app_line(NOON)]
    assert runs_by_time(b"".join(lines), [NOON], LineTimes(format_named("app"))) == [Run(0, lines[0]), Run(1, lines[1])]


@pytest.mark.parametrize(
    "strange",
    [
        app_line(NOON + 3600, zone="+00:00"),
        app_line(NOON + 3600, digits="microseconds"),
        app_line(NOON + 3600, digits="seconds"),
        b'{"timestamp":"2026-11-23T08:00:00.00-05:00","message":"x"}\n',
        b'{"message":"x","timestamp":"2026-11-23 13:00:00"}\n',
    ],
)
def test_times_that_do_not_sort_as_text_are_read(strange: bytes) -> None:
    lines = app_line(NOON) + strange + app_line(NOON + 1)
    runs = runs_by_time(lines, [NOON + 60], LineTimes(format_named("app")))
    assert [run.slot for run in runs] == [0, 1, 0]


@pytest.mark.parametrize(
    ("texts", "slots"),
    [
        (("11:59:59.000Z", "12:00:00-0500", "12:00:01.000Z"), [0, 1, 0]),
        (("12:01:00.300Z", "12:01:00Z", "12:01:01.000Z"), [1, 0, 1]),
    ],
)
def test_a_text_that_sorts_elsewhere_than_its_time_does_not_hide(texts: tuple[str, ...], slots: list[int]) -> None:
    lines = "".join(f'{{"timestamp":"2026-11-23T{text}"}}\n' for text in texts).encode()
    assert [run.slot for run in runs_by_time(lines, [NOON + 60.25], LineTimes(format_named("app")))] == slots


def test_a_line_of_several_records_has_the_time_of_the_first() -> None:
    fmt = format_named("otlp-json")
    line = json.loads(fmt.example)
    records = line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records.append({**records[0], "timeUnixNano": "1000000000"})
    several = json.dumps(line).encode() + b"\n"
    empty = b'{"resourceLogs":[]}\n'
    times = LineTimes(fmt)
    (alone,) = times.of_each(fmt.example.encode() + b"\n")
    assert alone is not None
    assert times.of_each(several + empty) == [alone, None]


@pytest.mark.parametrize("fmt", [each for each in FORMATS if each.mapping.time], ids=lambda fmt: fmt.name)
def test_many_lines_of_a_format_have_the_time_of_one(fmt: object) -> None:
    times = LineTimes(fmt)  # type: ignore[arg-type]
    line = fmt.example.encode() + b"\n"  # type: ignore[attr-defined]
    (alone,) = times.of_each(line)
    assert times.of_each(line * 3) == [alone] * 3
    assert times.span(line * 3) in (None, (alone, alone))


def test_a_chunk_in_one_slot_is_told_without_its_single_times() -> None:
    lines = b"".join(app_line(NOON + offset) for offset in (3, 1, 2))
    assert LineTimes(format_named("app")).span(lines) == (NOON + 1, NOON + 3)
    assert runs_by_time(lines, [], LineTimes(format_named("app"))) == [Run(0, lines)]
