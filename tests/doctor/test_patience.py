"""What never answers becomes a finding, and keeps nobody."""

from __future__ import annotations

import threading

import pytest

from logship.doctor.finding import Finding, Severity
from logship.doctor.patience import Look


def test_what_was_seen_is_returned() -> None:
    assert Look("files", lambda: 5).get(20) == 5


def test_what_does_not_come_back_is_a_finding() -> None:
    stuck = threading.Event()
    try:
        found = Look("files", stuck.wait).get(0)
    finally:
        stuck.set()
    assert isinstance(found, Finding)
    assert (found.check, found.severity, found.promises) == ("files", Severity.WARNING, ("P1", "P3"))


def test_what_cannot_be_looked_at_is_a_note_with_the_reason() -> None:
    def look() -> None:
        raise PermissionError(13, "Permission denied", "/proc/1/fd")

    found = Look("limits", look).get(20)
    assert isinstance(found, Finding)
    assert (found.severity, found.subject) == (Severity.NOTE, "/proc/1/fd")
    assert "Permission denied" in found.says


def test_a_bug_is_no_finding() -> None:
    def look() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        Look("files", look).get(20)
