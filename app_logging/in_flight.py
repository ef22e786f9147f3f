"""How many requests this process works on: middlewares count up and down, records and the heartbeat tell the number.

There is one counter in a process, `pipeline.active.in_flight`, whatever middlewares and configurations come and go.
"""

from __future__ import annotations

from threading import Lock


class InFlight:
    """Count requests between their start and their end; safe for threads and tasks, a forked child begins at none."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0

    @property
    def count(self) -> int:
        """How many requests are in flight now."""
        return self._count

    def entered(self) -> int:
        """Count a request that begins; return how many are in flight, this one included."""
        with self._lock:
            self._count += 1
            return self._count

    def left(self) -> int:
        """Count a request that ends; return how many were in flight until now, this one included."""
        with self._lock:
            before = max(self._count, 1)  # a request that began before a fork also ends in the child
            self._count = before - 1
            return before

    def after_fork_in_child(self) -> None:
        """Begin at none: the requests are the parent's; another thread of the parent may have held the lock."""
        self._lock = Lock()
        self._count = 0
