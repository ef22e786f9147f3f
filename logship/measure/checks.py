"""What the latest run of each health check of the application found: a commutative sum, as the tally is.

The latest by the time of the records counts, whatever order and whatever files they are read in. Of equally late ones
the failure counts. The number of checks is bounded in a way that keeps the sum: those heard of last stay, which is
the same whether it is done once or after each addition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MAX_CHECKS = 100
"""Distinct values of the label `check`; beyond them those are forgotten that nobody has run for the longest time."""

SILENT_SECONDS = 600.0
"""A check that nobody has run for so long is not shown any more: it was removed or renamed, or its process is gone."""


class Verdict(NamedTuple):
    """What one run of a check found.

    Attributes:
        at: When, in seconds since the epoch.
        is_healthy: Whether it passed.
    """

    at: float
    is_healthy: bool


def latest_verdicts(one: Mapping[str, Verdict], other: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return the latest verdict of each check of both, of as many checks as are remembered."""
    found = dict(one)
    for name, verdict in other.items():
        held = found.get(name)
        if held is None or (held.at, not held.is_healthy) < (verdict.at, not verdict.is_healthy):
            found[name] = verdict
    if len(found) > MAX_CHECKS:
        kept = sorted(found, key=lambda name: (found[name].at, name), reverse=True)[:MAX_CHECKS]
        found = {name: found[name] for name in kept}
    return found


def not_silent(verdicts: Mapping[str, Verdict], now: float) -> dict[str, Verdict]:
    """Return the verdicts that still say something at `now`, in seconds since the epoch."""
    return {name: verdict for name, verdict in verdicts.items() if now - verdict.at <= SILENT_SECONDS}
