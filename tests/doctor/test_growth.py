"""Whether files grow and clocks agree; both clocks are driven by hand, the files are real."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from words import write

from logship.doctor.files import Seen, seen
from logship.doctor.finding import Finding, Severity
from logship.doctor.growth import examine_clocks, examine_growth, spoken
from logship.doctor.sample import Sampled

NOW = 1_800_000_000.0


def grown(log: Path, meanwhile: Callable[[], None]) -> list[Finding]:
    return list(examine_growth([seen(str(log))], lambda _seconds: meanwhile(), lambda: NOW))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    write(path, "x")
    os.utime(path, (NOW, NOW))
    return path


def test_a_file_that_grows_within_the_pause_is_good(log: Path) -> None:
    (found,) = grown(log, lambda: write(log, "y"))
    assert (found.severity, found.says) == (Severity.OK, "1 of 1 file grew within a second")


def test_a_file_that_becomes_shorter_is_told(log: Path) -> None:
    found = grown(log, lambda: os.truncate(log, 0))
    assert "shorter" in found[0].says


@pytest.mark.parametrize(("age_seconds", "severity"), [(10, Severity.OK), (899, Severity.OK), (3600, Severity.WARNING)])
def test_a_log_may_rest_for_a_while_and_not_for_long(log: Path, age_seconds: float, severity: Severity) -> None:
    os.utime(log, (NOW - age_seconds, NOW - age_seconds))
    (found,) = grown(log, lambda: None)
    assert found.severity is severity


def test_without_files_there_is_nothing_to_wait_for() -> None:
    def never(_seconds: float) -> None:
        raise AssertionError

    assert list(examine_growth([], never, lambda: NOW)) == []


@pytest.mark.parametrize(
    ("modified", "newest", "says", "severity"),
    [
        (NOW, NOW - 1, "agree", Severity.OK),
        (NOW - 9000, NOW - 9000, "agree", Severity.OK),
        (NOW + 3600, NOW, "file system is ahead", Severity.WARNING),
        (NOW, NOW + 3600, "in the future", Severity.WARNING),
        (NOW, NOW - 7200, "2 h older than its last write", Severity.NOTE),
    ],
)
def test_clocks_that_disagree_are_told(modified: float, newest: float, says: str, severity: Severity) -> None:
    found = list(examine_clocks([Sampled(Seen("a.log", 5, modified), newest=newest)], NOW))
    assert (found[0].severity, len(found)) == (severity, 1)
    assert says in found[0].says


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172800, "2 days")]
)
def test_spans_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text
