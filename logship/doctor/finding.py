"""What an examination finds: how bad it is, what it means, which promise is at risk, what helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, the least first."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"


EXIT_CODES = {Severity.OK: 0, Severity.NOTE: 0, Severity.WARNING: 1, Severity.CRITICAL: 3}
"""2 is what a wrong call ends with."""

PROMISES = {
    "P1": "each line is counted once",
    "P2": "what a scrape has seen is never taken back",
    "P3": "a scrape is fresh",
    "P4": "the log is the truth",
    "P5": "live equals replay",
    "P6": "memory is bounded",
    "P7": "nothing is dropped silently",
}
"""docs/guarantees.md has them at length."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: Name of what was looked at, such as `files.readable`.
        severity: How bad it is.
        says: What was found and what it means, in one line.
        subject: The file, address or option it is about; empty when that is the whole.
        promises: Which of `PROMISES` are at risk.
        remedy: What helps, a command where there is one.
    """

    check: str
    severity: Severity
    says: str
    subject: str = ""
    promises: tuple[str, ...] = ()
    remedy: str | None = None


def ok(check: str, says: str, subject: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(check, Severity.OK, says, subject)


def note(check: str, says: str, subject: str = "", *, remedy: str | None = None) -> Finding:
    """Return a finding that is good to know."""
    return Finding(check, Severity.NOTE, says, subject, (), remedy)


def warning(check: str, says: str, subject: str = "", *, promises: str = "", remedy: str | None = None) -> Finding:
    """Return a finding that somebody should look at; `promises` are their numbers, as in "P1 P7"."""
    return Finding(check, Severity.WARNING, says, subject, tuple(promises.split()), remedy)


def critical(check: str, says: str, subject: str = "", *, promises: str = "", remedy: str | None = None) -> Finding:
    """Return a finding that keeps logship from its work; `promises` as for a warning."""
    return Finding(check, Severity.CRITICAL, says, subject, tuple(promises.split()), remedy)


def some(count: float, noun: str) -> str:
    """Return a number of things in words."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def worst(findings: Iterable[Finding]) -> Severity:
    """Return how bad the worst of `findings` is."""
    ranks = list(Severity)
    return max((finding.severity for finding in findings), key=ranks.index, default=Severity.OK)
