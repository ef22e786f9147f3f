"""What is checked, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app_logging.cleaning import to_text
from app_logging.health.details import as_detail, detail_of
from app_logging.settings import SettingsError

MAX_NAME_CHARACTERS = 64
"""A name is a label value in Prometheus, kept there for as long as its samples."""

MAX_TIMEOUT_SECONDS = 3600.0

Probe = Callable[[], Any]
"""Looks at one thing, or is a coroutine function that does.

False, or an exception, is a failed check, all else a passed one; a text that it returns is the detail.
"""


class Unhealthy(Exception):  # noqa: N818 - a finding, not an error
    """Raised by a probe that found what it looks at unhealthy; its message is the detail."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: What is looked at, as it will stand in the label `check`: 1 to 64 printable characters.
        probe: Looks at it.
        essential: Whether the application cannot do its work without it.
        timeout_seconds: How long it may take; None: as long as the others.

    Raises:
        SettingsError: A value is not allowed.
    """

    name: str
    probe: Probe
    essential: bool = True
    timeout_seconds: float | None = None

    def __post_init__(self) -> None:
        if not (0 < len(self.name) <= MAX_NAME_CHARACTERS and self.name.isprintable()):
            allowed = f"1 to {MAX_NAME_CHARACTERS} printable characters"
            raise SettingsError("name of a health check", self.name, "argument", allowed)
        if not callable(self.probe):
            raise SettingsError(f"probe of health check {self.name}", self.probe, "argument", "something to call")
        if self.timeout_seconds is not None:
            checked_timeout(f"timeout_seconds of health check {self.name}", self.timeout_seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of a probe came to.

    Attributes:
        is_healthy: Whether the check passed.
        detail: What is to be said about it.
        ended: When, by the clock of the call.
    """

    is_healthy: bool
    detail: str
    ended: float


def passed(answer: object, ended: float) -> Outcome:
    """Return what an answer of a probe means."""
    return Outcome(answer is not False, as_detail(answer) if isinstance(answer, str) else "", ended)


def failed(error: BaseException, ended: float) -> Outcome:
    """Return what an exception of a probe means."""
    is_finding = isinstance(error, Unhealthy)
    return Outcome(False, as_detail(to_text(error)) if is_finding else detail_of(error), ended)  # noqa: FBT003


def checked_timeout(name: str, seconds: object) -> float:
    """Return a time-out that can be obeyed; raise SettingsError for another."""
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= MAX_TIMEOUT_SECONDS:
        return seconds
    allowed = f"a number of seconds over 0 and up to {MAX_TIMEOUT_SECONDS:.0f}"
    raise SettingsError(name, seconds, "argument", allowed)
