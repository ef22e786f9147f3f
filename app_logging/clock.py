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
        # Second and text change together in one assignment, or a thread could pair one with another's.
        self._cached = (-1, "")

    def stamp(self, seconds: float | None = None) -> str:
        """Return the text for the given time, or for now."""
        milliseconds = int((self._now() if seconds is None else seconds) * 1000)
        second = milliseconds // 1000
        cached_second, text = self._cached
        if second != cached_second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
            self._cached = (second, text)
        return f"{text}{milliseconds - second * 1000:03d}Z"
