from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app_logging.clock import Timestamps


def test_a_timestamp_is_rfc3339_in_utc_with_milliseconds() -> None:
    assert Timestamps().stamp(1_795_417_200.1239) == "2026-11-23T07:00:00.123Z"


def test_now_comes_from_the_clock_that_was_passed_in() -> None:
    assert Timestamps(now=lambda: 0.0).stamp() == "1970-01-01T00:00:00.000Z"


@given(st.lists(st.floats(min_value=0, max_value=4e9), min_size=1))
def test_any_sequence_of_times_is_formatted_as_datetime_would(times: list[float]) -> None:
    timestamps = Timestamps()
    for seconds in times:
        expected = datetime.fromtimestamp(int(seconds * 1000) // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
        assert timestamps.stamp(seconds) == f"{expected}.{int(seconds * 1000) % 1000:03d}Z"
