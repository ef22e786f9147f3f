"""Say what was found: for people the worst first and in colour on a terminal, for programs as JSON-ready values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from logship import __version__
from logship.doctor.finding import EXIT_CODES, PROMISES, Finding, Severity, worst

SHAPE = 1
"""Version of the JSON; a key that goes or changes its meaning raises it."""

_COLOURS = {Severity.CRITICAL: "1;31", Severity.WARNING: "33", Severity.NOTE: "36", Severity.OK: "32"}
_WIDTH = 10


def as_text(findings: Sequence[Finding], *, colour: bool) -> Iterator[str]:
    """Yield the findings as lines, and a sum."""
    for severity in reversed(Severity):
        for finding in findings:
            if finding.severity is severity:
                yield from _lines(finding, colour=colour)
    counts = Counter(finding.severity for finding in findings)
    yield ", ".join(_counted(counts[each], each) for each in reversed(Severity))


def _counted(count: int, severity: Severity) -> str:
    has_plural = severity in (Severity.WARNING, Severity.NOTE)
    return f"{count} {severity}{'s' if has_plural and count != 1 else ''}"


def as_json(findings: Sequence[Finding], at: str) -> dict[str, Any]:
    """Return the findings as JSON-ready values; `at` is when they were found."""
    severity = worst(findings)
    return {
        "shape": SHAPE,
        "version": __version__,
        "at": at,
        "severity": severity.value,
        "exit_code": EXIT_CODES[severity],
        "findings": [
            {
                "check": each.check,
                "severity": each.severity.value,
                "subject": _valid(each.subject) or None,
                "says": _valid(each.says),
                "promises": list(each.promises),
                "remedy": None if each.remedy is None else _valid(each.remedy),
            }
            for each in findings
        ],
    }


def _lines(finding: Finding, *, colour: bool) -> Iterator[str]:
    word = f"{finding.severity:{_WIDTH}}"
    word = f"\x1b[{_COLOURS[finding.severity]}m{word}\x1b[0m" if colour else word
    about = f"{finding.subject}: " if finding.subject else ""
    yield f"{word}{finding.check:20} {printable(about + finding.says)}"
    if finding.promises:
        yield f"{'':{_WIDTH}}at risk: {', '.join(f'{each} {PROMISES[each]}' for each in finding.promises)}"
    if finding.remedy is not None:
        yield f"{'':{_WIDTH}}try:     {printable(finding.remedy)}"


def printable(text: str) -> str:
    """Return `text` with everything escaped that could drive a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "replace").decode() for each in text)


def _valid(text: str) -> str:
    r"""Return `text` as JSON can hold it: names of files need not be UTF-8, their other bytes are shown as \udcXX."""
    return text.encode(errors="backslashreplace").decode()
