"""A gate names the rows that break it; one that cannot be read is named with the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.cli.main import main
from logship.errors import UsageError
from logship.measure import Series, Sketcher, Tally
from logship.model import LabelSet
from logship.replay import gate, judge

MS = 1_000_000


def tally(*requests: tuple[str, str, str, list[float]], seconds: float = 100.0) -> Tally:
    """Return what requests came to: method, route, status, durations in milliseconds."""
    found = Tally(first_event=0.0, last_event=seconds)
    for method, route, status, durations in requests:
        sketch = Sketcher(MS).sketch(durations)
        longest = int(max(durations, default=0) * MS)
        series = Series(len(durations), (len(durations),), int(sum(durations) * MS), longest, sketch)
        found.add_series(LabelSet(method, route, status), series)
    return found


NOW = tally(
    ("GET", "/slow", "200", [100.0] * 98 + [700.0] * 2),
    ("GET", "/fast", "200", [10.0] * 99),
    ("GET", "/fast", "500", [10.0]),
    ("POST", "/fast", "200", [20.0] * 10),
)
BEFORE = tally(("GET", "/slow", "200", [100.0] * 98 + [400.0] * 2), ("GET", "/fast", "200", [10.0] * 100), seconds=50)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("p99 > 500ms", ["GET /slow has p99 694 ms"]),
        ("p99>0.5s", ["GET /slow has p99 694 ms"]),
        ("p99 > 1m", []),
        ("p50 >= 99ms", ["GET /slow has p50 99.7 ms"]),
        ("max > 699.9ms", ["GET /slow has max 700 ms"]),
        ("error_rate > 0.5%", ["GET /fast has error_rate 1.00%"]),
        ("error_rate > 1%", []),
        ("error_rate >= 1%", ["GET /fast has error_rate 1.00%"]),
        ("errors >= 1", ["GET /fast has errors 1"]),
        ("requests < 50", ["POST /fast has requests 10"]),
        ("rate < 0.5/s", ["POST /fast has rate 0.1/s"]),
        ("rate < 7/m", ["POST /fast has rate 0.1/s"]),
        ("rate <= 0.1", ["POST /fast has rate 0.1/s"]),
        ('p95{route="/slow"} > 0.2s', []),
        ('p50{route="/fast",method="POST"} > 1ms', ["POST /fast has p50 20 ms"]),
        ('p50{route=~"/f.*", method!="GET",} > 1ms', ["POST /fast has p50 20 ms"]),
        ('requests{status="5xx"} > 0', ["GET /fast has requests 1"]),
        ("total(requests) < 1000", ["total has requests 210"]),
        ("total(error_rate) > 0.4%", ["total has error_rate 0.48%"]),
        ('total(p99{method="POST"}) > 10ms', ["total has p99 20 ms"]),
        ("total(p50) > 100ms", []),
        ('p99{route="/slwo"} > 500ms', ["cannot be judged: no such request was counted"]),
        ('total(requests{route="/slwo"}) < 1', ["cannot be judged: no such request was counted"]),
    ],
)
def test_the_rows_that_break_a_gate_are_named(text: str, broken: list[str]) -> None:
    assert judge(gate(text), NOW, Tally()) == broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("p99 > 1.5x", ["GET /slow has p99 694 ms, before 396 ms"]),
        ("p99 > 1.8x", []),
        ("error_rate > 2x", ["GET /fast has error_rate 1.00%, before 0.00%"]),
        ("rate < 0.6x", ["GET /fast has rate 1/s, before 2/s", "GET /slow has rate 1/s, before 2/s"]),
        ("total(requests) > 1.01x", ["total has requests 210, before 200"]),
        ('p99{method="POST"} > 2x', ["cannot be judged: no such request was counted"]),
    ],
)
def test_a_limit_in_x_is_a_multiple_of_what_was_before(text: str, broken: list[str]) -> None:
    assert judge(gate(text), NOW, BEFORE) == broken


@pytest.mark.parametrize("text", ["p99 > 1ms", "total(requests) < 1", "max > 1x"])
def test_where_nothing_was_counted_no_gate_is_passed(text: str) -> None:
    assert judge(gate(text), Tally(), Tally()) == ["cannot be judged: no such request was counted"]


@pytest.mark.parametrize(
    ("text", "place", "expected", "met"),
    [
        ("", 1, "what is judged (requests, rate, errors, error_rate, p50, p90, p95, p99, max)", "the end"),
        ("p42 > 1s", 1, "what is judged (requests, rate, errors, error_rate, p50, p90, p95, p99, max)", "'p42'"),
        ("p99", 4, "a comparison (>=, <=, >, <)", "the end"),
        ("p99 == 1s", 5, "a comparison (>=, <=, >, <)", "'='"),
        ("p99 > ", 7, "a number", "the end"),
        ("p99 > fast", 7, "a number", "'fast'"),
        ("p99 > 500", 10, "a unit (us, ms, s, m, x)", "the end"),
        ("p99 > 500 parsecs", 11, "a unit (us, ms, s, m, x)", "'parsecs'"),
        ("p99 > 1%", 8, "a unit (us, ms, s, m, x)", "'%'"),
        ("error_rate > 0.01", 18, "a unit (%, x)", "the end"),
        ("requests > 5s", 13, "a unit (x)", "'s'"),
        ("p99 > 1s and p50 > 1s", 10, "the end", "'and'"),
        ('p99{path="/"} > 1s', 5, "a label (method, route, status)", "'path'"),
        ("p99{route=/} > 1s", 11, "a text in double quotes", "'/} > 1s'"),
        ('p99{route="/" method="GET"} > 1s', 15, ", or }", "'method'"),
        ('p99{route="/"', 14, ", or }", "the end"),
        ("total p99 > 1s", 7, "(", "'p99'"),
        ("total(p99 > 1s)", 11, ")", "'>'"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, place: int, expected: str, met: str) -> None:
    with pytest.raises(UsageError) as raised:
        gate(text)
    assert str(raised.value) == f"--fail-if {text!r}, character {place}: {expected} must stand here, not {met}"


LINE = '{"message":"HTTP Request","method":"GET","url":"/a","status":%d,"duration":%d,"boot_id":"b"}\n'


def test_a_broken_gate_is_exit_code_1_and_a_kept_one_0(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log, before = tmp_path / "a.log", tmp_path / "b.log"
    log.write_text(LINE % (200, 900) * 3)
    before.write_text(LINE % (200, 100) * 3)
    assert main(["replay", str(log), "--fail-if", "p99 > 1s"]) == 0
    assert capfd.readouterr().err == ""
    assert main(["replay", str(log), "--fail-if", "p99 > 1s", "--fail-if", "p50 > 500ms"]) == 1
    out, err = capfd.readouterr()
    assert "/a" in out
    assert err == "logship: --fail-if 'p50 > 500ms': GET /a has p50 900 ms\n"
    assert main(["replay", str(log), "--fail-if", "p50 > 500ms", "--output", "prom"]) == 1
    assert capfd.readouterr().err == "logship: --fail-if 'p50 > 500ms': GET /a has p50 900 ms\n"
    assert main(["replay", str(log), "--fail-if", "p50 > 2x", "--against", str(before)]) == 1
    assert capfd.readouterr().err == "logship: --fail-if 'p50 > 2x': GET /a has p50 900 ms, before 99.7 ms\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-if", "p99 > 2x"], "--fail-if with a limit in x needs --against"),
        (["--fail-if", "p99 >"], "--fail-if 'p99 >', character 6: a number must stand here, not the end"),
    ],
)
def test_a_gate_that_cannot_be_is_known_before_anything_is_read(
    tmp_path: Path, arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(tmp_path / "no.log"), *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"logship: {message}")
