"""Single values are read as the formats write them, and a unit is never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.model import Reason
from logship.parse import NO_STATUS
from logship.parse.mapping import Clock, Levels, Telling, Unit
from logship.parse.values import Refused, duration, exception_type, level, seconds, status

AT = 1795417200.0  # 2026-11-23T07:00:00Z


@pytest.mark.parametrize(
    ("value", "unit", "into", "expected"),
    [
        (12.6, Unit.MS, Unit.MS, 12.6),
        (12, Unit.MS, Unit.MS, 12.0),
        ("0.013", Unit.S, Unit.S, 0.013),
        (0.9, Unit.MS, Unit.S, 0.0009),
        (360, Unit.US, Unit.NS, 360_000.0),
        ("0.000360", Unit.S, Unit.US, 360.0),
        ("12.3ms", Unit.S, Unit.S, 0.0123),
        ("12.3\u00b5s", Unit.S, Unit.NS, 12_300.0),
        ("12.3\u03bcs", Unit.NAMED, Unit.NS, 12_300.0),
        ("950ns", Unit.NAMED, Unit.NS, 950.0),
        ("1m1.5s", Unit.NAMED, Unit.S, 61.5),
        ("2h", Unit.NAMED, Unit.S, 7200.0),
        (".5s", Unit.NAMED, Unit.MS, 500.0),
        ("0s", Unit.NAMED, Unit.NS, 0.0),
        ("", Unit.MS, Unit.MS, None),
        ("-", Unit.NAMED, Unit.NS, None),
        (None, Unit.S, Unit.S, None),
        (-1, Unit.MS, Unit.MS, -1.0),
    ],
)
def test_a_duration_is_read_in_its_unit(value: object, unit: Unit, into: Unit, expected: float | None) -> None:
    assert duration(value, unit, into) == (None if expected is None else pytest.approx(expected, rel=1e-15))


@pytest.mark.parametrize("value", [12, 0.5, "12", "fast", "12 ms", "ms", "12days", "-5ms", True, [], {}, "1s" * 50])
def test_a_number_without_a_unit_is_none_where_it_must_name_it(value: object) -> None:
    with pytest.raises(Refused) as refused:
        duration(value, Unit.NAMED, Unit.NS)
    assert refused.value.reason is Reason.INVALID_DURATION


@given(st.integers(0, 10**15))
def test_nanoseconds_as_text_are_exact(nanoseconds: int) -> None:
    assert duration(f"{nanoseconds}ns", Unit.MS, Unit.NS) == nanoseconds


@pytest.mark.parametrize(
    ("value", "unanswered", "expected"),
    [
        (200, (), 200),
        ("200", (0,), 200),
        (200.0, (), 200),
        (0, (0,), NO_STATUS),
        ("000", (0, None), NO_STATUS),
        (-1, (-1,), NO_STATUS),
        (None, (None,), NO_STATUS),
        ("-", (None,), NO_STATUS),
        (None, (0,), None),
        ("", (), None),
    ],
)
def test_a_status_is_read_with_what_its_format_writes_for_none(
    value: object, unanswered: tuple[int | None, ...], expected: int | None
) -> None:
    assert status(value, unanswered) == expected


@pytest.mark.parametrize("value", [0, "0", 200.5, "OK", True, [], {}])
def test_what_is_no_status_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        status(value, (None, -1))


@pytest.mark.parametrize(
    ("value", "clock", "expected"),
    [
        ("2026-11-23T07:00:00Z", Clock.TEXT, AT),
        ("2026-11-23T07:00:00.123456789Z", Clock.TEXT, AT + 0.123456),
        ("2026-11-23T08:00:00+01:00", Clock.MS, AT),
        ("2026-11-23 07:00:00,138", Clock.TEXT, AT + 0.138),
        ("23/Nov/2026:07:00:00 +0000", Clock.TEXT, AT),
        ("[23/Nov/2026:08:30:00 +0130]", Clock.TEXT, AT),
        ("23/Nov/2026:07:00:00.123", Clock.TEXT, AT + 0.123),
        (AT, Clock.S, AT),
        ("1795417200.5", Clock.S, AT + 0.5),
        (AT * 1e3, Clock.MS, AT),
        (AT * 1e6, Clock.US, AT),
        ("1795417200000000000", Clock.NS, AT),
        (AT, Clock.TEXT, None),
        ("23/Nix/2026:07:00:00 +0000", Clock.TEXT, None),
        ("31/Feb/2026:07:00:00 +0000", Clock.TEXT, None),
        ("yesterday", Clock.S, None),
        (-1, Clock.S, None),
        (1e300, Clock.S, None),
        (True, Clock.S, None),
        ({}, Clock.S, None),
    ],
)
def test_a_time_is_read_as_its_format_writes_it(value: object, clock: Clock, expected: float | None) -> None:
    assert seconds(value, clock) == (None if expected is None else pytest.approx(expected, abs=1e-6))


@pytest.mark.parametrize(
    ("value", "levels", "expected"),
    [
        ("WARN+1", Levels.NAMES, "WARN+1"),
        (30, Levels.PINO, "info"),
        (35, Levels.PINO, None),
        (9, Levels.OTEL, "info"),
        (12, Levels.OTEL, "info"),
        (24, Levels.OTEL, "fatal"),
        (0, Levels.OTEL, None),
        (25, Levels.OTEL, None),
        (30, Levels.NAMES, None),
        (True, Levels.OTEL, None),
        (None, Levels.PINO, None),
    ],
)
def test_a_level_gets_its_name(value: object, levels: Levels, expected: str | None) -> None:
    assert level(value, levels) == expected


@pytest.mark.parametrize(
    ("value", "telling", "expected"),
    [
        ("KeyError", Telling.NAME, "KeyError"),
        ("", Telling.NAME, None),
        (5, Telling.NAME, None),
        ("java.lang.IllegalStateException: boom\n\tat x", Telling.FIRST, "java.lang.IllegalStateException"),
        ("  at x", Telling.FIRST, "unknown"),
        ("Traceback (most recent call last):\n  File x\nRuntimeError: boom", Telling.LAST, "RuntimeError"),
        ("Traceback (most recent call last):\n  File x\na.b.Error\n", Telling.LAST, "a.b.Error"),
        ("no traceback at all here", Telling.LAST, "unknown"),
    ],
)
def test_the_type_of_an_exception_is_where_its_format_tells_it(
    value: object, telling: Telling, expected: str | None
) -> None:
    assert exception_type(value, telling) == expected
