"""Lines outside a window are left out one by one, counted as such, and are not lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Tally
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions, Window

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def line(at: float, seq: int, status: int = 200) -> bytes:
    record = {
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "info",
        "message": "HTTP Request",
        "method": "GET",
        "url": "/",
        "status": status,
        "duration": 5.0,
        "seq": seq,
        "boot_id": "b",
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def counted(lines: list[bytes], window: Window | None, size: int, wrap: str | None = None) -> Tally:
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions(wrap=wrap)}, window=window)
    total = Tally()
    for start in range(0, len(lines), size):
        pipeline.feed(Batch(0, 0, 1, b"".join(lines[start : start + size])))
        total.add(pipeline.take())
    total.settle()
    return total


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=60), st.integers(-5, 205), st.integers(0, 80), st.integers(1, 9)
)
def test_what_is_counted_are_the_lines_inside_whatever_their_order(
    seconds: list[int], since: int, length: int, size: int
) -> None:
    window = Window(NOON + since, NOON + since + length)
    lines = [line(NOON + at, number, 200 + at) for number, at in enumerate(seconds, start=1)]
    inside = [each for each, at in zip(lines, seconds, strict=True) if since <= at < since + length]
    tally, expected = counted(lines, window, size), counted(inside, None, size)
    assert tally.series == expected.series
    assert tally.messages == expected.messages
    assert tally.outside == len(lines) - len(inside)
    assert tally.lines == len(lines)


def test_a_line_without_a_time_goes_with_the_one_before_it() -> None:
    window = Window(NOON, NOON + 10)
    bare = b'{"level":"debug","message":"no time"}\n'
    broken = b'{"timestamp":"2026-\n'
    lines = [bare, line(NOON - 1, 1), bare, broken, line(NOON + 1, 2), bare, broken, line(NOON + 20, 3), bare]
    for size in (1, 2, 9):
        tally = counted(lines, window, size)
        assert (tally.requests, tally.not_request, tally.rejected.total()) == (1, 1, 1)
        assert tally.outside == 6


def test_a_log_without_times_is_outside() -> None:
    tally = counted(
        [b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":1}\n'] * 5, Window(NOON), 2
    )
    assert (tally.lines, tally.outside) == (5, 5)


def test_records_in_another_order_than_their_times_are_not_taken_for_lost() -> None:
    """The second record is outside, the third inside: a gap in the numbers that is none."""
    lines = [line(NOON + 9, 1), line(NOON + 10, 2), line(NOON + 9.5, 3)]
    tally = counted(lines, Window(NOON, NOON + 10), 3)
    assert (tally.requests, tally.outside, tally.lost_lines) == (2, 1, 0)


def test_wrapped_lines_are_judged_by_the_time_that_the_application_wrote() -> None:
    lines = [
        json.dumps({"log": each.decode(), "stream": "stdout", "time": "2000-01-01T00:00:00Z"}).encode() + b"\n"
        for each in (line(NOON - 1, 1), line(NOON, 2))
    ]
    tally = counted(lines, Window(NOON), 2, "docker")
    assert (tally.requests, tally.outside) == (1, 1)
