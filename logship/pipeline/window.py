"""Leave out the lines whose time is outside a window: lines come in, those inside go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from logship.parse import UNDECIDED, Format, LineTimes, runs_by_time

_INSIDE = 1
"""The slot between the two bounds."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time.

    Attributes:
        since: Its first moment, in seconds since the epoch.
        until: The first moment behind it.
    """

    since: float = float("-inf")
    until: float = float("inf")


class Cut(NamedTuple):
    """Lines inside and outside of a window."""

    inside: bytes
    outside: bytes


class WindowCutter:
    """Cut the lines of some generations; a line without a time goes with the one before it in its generation."""

    def __init__(self, window: Window) -> None:
        self._bounds = (window.since, window.until)
        self._times: dict[str, LineTimes] = {}
        self._slots: dict[int, int] = {}
        self._formats: dict[int, Format] = {}

    def format_of(self, generation: int) -> Format | None:
        """Return the format that the lines so far had, None where it was not known."""
        return self._formats.get(generation)

    def cut(self, generation: int, fmt: Format | None, lines: bytes) -> Cut:
        """Return the next lines of a generation, in two; those before any line with a time are outside.

        Where the format is not known, their times are looked for as app_logging writes them.
        """
        if fmt is not None:
            self._formats[generation] = fmt
        times = self._times_of(fmt or UNDECIDED)
        runs = runs_by_time(lines, self._bounds, times, self._slots.get(generation))
        if runs[-1].slot is not None:
            self._slots[generation] = runs[-1].slot
        if len(runs) == 1:
            return Cut(lines, b"") if runs[0].slot == _INSIDE else Cut(b"", lines)
        inside = b"".join(run.lines for run in runs if run.slot == _INSIDE)
        outside = b"".join(run.lines for run in runs if run.slot != _INSIDE)
        return Cut(inside, outside)

    def forget(self, generation: int) -> None:
        """Drop what is known of a generation that will not come again."""
        self._slots.pop(generation, None)
        self._formats.pop(generation, None)

    def _times_of(self, fmt: Format) -> LineTimes:
        times = self._times.get(fmt.name)
        if times is None:
            times = self._times[fmt.name] = LineTimes(fmt)
        return times
