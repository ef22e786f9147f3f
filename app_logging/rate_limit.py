"""At most so many records a second of a logger: a name comes in, whether its record is written goes out.

What was suppressed is counted, and told in a record of its own when the second is over. Safe for threads.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WINDOW_SECONDS = 1.0

EVERY_OTHER = "root"
"""The name of the limit for loggers without one of their own, each of them by itself."""

UNLIMITED = "app_logging"
"""Our own records are never suppressed: requests are counted by them, and they tell what was."""

MAX_LOGGERS = 4096
"""Loggers that are counted at a time; the counts of all are told and forgotten when there are more."""


@dataclass(slots=True)
class Window:
    """What one limit has let through and suppressed in the second that began at `since`."""

    since: float
    admitted: int = 0
    suppressed: int = 0


class RateLimit:
    """Count the records of each second.

    Args:
        limits: Records per second by the name of a logger, for it and all below it together.
        clock: Monotonic seconds.
    """

    def __init__(self, limits: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = dict(limits)
        self._clock = clock
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Begin anew: what was suppressed is the parent's to tell, whose other threads may have held the lock."""
        self._lock = RLock()  # a signal handler may log while this very thread is in here
        self._windows: dict[str, Window] = {}

    def admits(self, logger: str) -> bool:
        """Count a record of the logger; say whether it is to be written. Ask `take_suppressed` before."""
        name = self._limited(logger)
        if name is None:
            return True
        with self._lock:
            window = self._windows.get(name)
            if window is None:
                window = self._windows[name] = Window(self._clock())
            if window.admitted < self._limits.get(name, self._limits.get(EVERY_OTHER, 0)):
                window.admitted += 1
                return True
            window.suppressed += 1
            return False

    def take_suppressed(self, *, at_once: bool = False) -> dict[str, int]:
        """Return how many records of which logger were suppressed in seconds that are over, or until now."""
        if not self._windows:
            return {}
        with self._lock:
            now = self._clock()
            is_full = at_once or len(self._windows) > MAX_LOGGERS
            over = [name for name, each in list(self._windows.items()) if is_full or now - each.since >= WINDOW_SECONDS]
            windows = [(name, self._windows.pop(name, None)) for name in over]
        return {name: each.suppressed for name, each in windows if each and each.suppressed}

    def _limited(self, logger: str) -> str | None:
        """Return under which name the logger is counted; None if it has no limit."""
        name = logger
        while name:
            if name in self._limits:
                return name
            if name == UNLIMITED:
                return None
            name = name.rpartition(".")[0]
        return logger if EVERY_OTHER in self._limits else None
