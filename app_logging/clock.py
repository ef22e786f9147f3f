"""Seconds since the epoch come in, the record's timestamp text goes out.

`strftime` costs more than a microsecond, so it runs once a second and only the milliseconds are set per record.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


MILLISECONDS = tuple(f"{number:03d}Z" for number in range(1000))
"""How a timestamp ends; looked up, because formatting a number costs as much as all the rest."""


class Timestamps:
    """Format wall-clock times as RFC 3339, UTC, with milliseconds; safe to share between threads."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        # The pair changes in one assignment, or a thread could join one half with another's.
        self._second = (-1, "")

    def stamp(self, seconds: float | None = None) -> str:
        """Return the text for the given time, or for now."""
        second, milliseconds = divmod(int((self._now() if seconds is None else seconds) * 1000), 1000)
        cached, text = self._second
        if second != cached:
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
            self._second = (second, text)
        return text + MILLISECONDS[milliseconds]
