"""Seconds since the epoch come in, the record's timestamp text goes out.

`strftime` costs more than a microsecond, so it runs once a second and only the milliseconds are set per record.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Timestamps:
    """Format wall-clock times as RFC 3339, UTC, with milliseconds; safe to share between threads."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        # Each pair changes in one assignment, or a thread could join one half with another's.
        self._second = (-1, "")
        self._last = (-1, "")

    def stamp(self, seconds: float | None = None) -> str:
        """Return the text for the given time, or for now."""
        milliseconds = int((self._now() if seconds is None else seconds) * 1000)
        last, text = self._last
        if milliseconds != last:
            text = self._format(milliseconds)
            self._last = (milliseconds, text)
        return text

    def _format(self, milliseconds: int) -> str:
        second = milliseconds // 1000
        cached, text = self._second
        if second != cached:
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
            self._second = (second, text)
        return f"{text}{milliseconds - second * 1000:03d}Z"
