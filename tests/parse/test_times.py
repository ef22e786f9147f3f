"""The times at the ends of a chunk: read when they can be, never an exception."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse import event_times

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def line(stamp: str) -> bytes:
    return f'{{"timestamp":"{stamp}"}}\n'.encode()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-23T09:00:00.000Z", NINE),
        ("2026-11-23T09:00:00.123Z", NINE + 0.123),
        ("2026-11-23T09:00:00Z", NINE),
        ("2026-11-23T10:00:00+01:00", NINE),
        ("2026-11-23T09:00:00", NINE),
        ("2026-11-23 09:00:00", NINE),
        ("2026-11-23", NINE - 9 * 3600),
        ("1970-01-01T00:00:00Z", 0.0),
    ],
)
def test_a_time_is_read_as_seconds_since_the_epoch(stamp: str, expected: float) -> None:
    assert event_times(line(stamp)) == [expected, expected]


@pytest.mark.parametrize(
    "lines",
    [
        b"\n",
        b"{}\n",
        b'{"timestamp":null}\n',
        b'{"timestamp":1764000000}\n',
        b'{"timestamp":"\xff"}\n',
        b"not JSON\n",
        b"[" * 100_000 + b"\n",
        line("yesterday"),
        line("2026-13-01T00:00:00Z"),
        line("0001-01-01T00:00:00+23:59"),
        line("9999-12-31T23:59:59-23:59"),
        line("9999-12-31T23:59:59.999999Z"),
    ],
)
def test_what_is_no_time_gives_none(lines: bytes) -> None:
    assert event_times(lines) == []


def test_only_the_ends_are_read() -> None:
    lines = line("2026-11-23T09:00:00Z") + line("2030-01-01") + b"\n" + line("2026-11-23T09:00:01Z")
    assert event_times(lines) == [NINE, NINE + 1]


def test_an_end_without_a_time_does_not_hide_the_other() -> None:
    assert event_times(b"{}\n" + line("2026-11-23T09:00:00Z")) == [NINE]


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_every_time_can_be_shown_again(at: datetime) -> None:
    for seconds in event_times(line(at.isoformat())):
        assert datetime.fromtimestamp(seconds, UTC).year > 0


@given(st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"])))
def test_no_text_breaks_it(stamp: str) -> None:
    assert len(event_times(line(stamp))) in {0, 2}
