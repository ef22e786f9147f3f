"""Times are typed as RFC 3339, as dates, or as how long ago; anything else is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logship.errors import UsageError
from logship.replay import moment

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T07:00:00Z", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23t07:00:00z", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T07:00:00.25+01:00", "2026-11-23T06:00:00.25+00:00"),
        ("2026-11-23 07:00:00", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T07:00", "2026-11-23T07:00:00+00:00"),
        (" 2026-11-23 ", "2026-11-23T00:00:00+00:00"),
        ("-90s", "2026-11-23T11:58:30+00:00"),
        ("-15m", "2026-11-23T11:45:00+00:00"),
        ("-2h", "2026-11-23T10:00:00+00:00"),
        ("-7d", "2026-11-16T12:00:00+00:00"),
        ("-1w", "2026-11-16T12:00:00+00:00"),
    ],
)
def test_what_people_type_is_a_time(text: str, expected: str) -> None:
    assert moment(text, "--since", NOW) == datetime.fromisoformat(expected).timestamp()


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2h", "-2", "-2y", "-999999999w", "2026-13-01", "20261123", "1795000000", "12:00"]
)
def test_what_is_no_time_is_named_with_the_option(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        moment(text, "--since", NOW)
    assert str(raised.value) == (
        f"--since {text!r} is no time: 2026-11-23T07:00:00Z, 2026-11-23 or -2h are (s, m, h, d, w)"
    )
