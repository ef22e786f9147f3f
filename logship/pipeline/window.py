"""Leave out the lines whose time is outside a window: lines come in, those inside go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from logship.parse import Format, LineTimes, runs_by_time

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

    def cut(self, generation: int, fmt: Format, lines: bytes) -> Cut:
        """Return the next lines of a generation, in two; those before any line with a time are outside."""
        times = self._times.get(fmt.name)
        if times is None:
            times = self._times[fmt.name] = LineTimes(fmt)
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
