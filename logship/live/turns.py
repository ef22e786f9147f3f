"""Let scrapes wait for the next turn: many ask, one turn serves all that asked before it began."""

from __future__ import annotations

import threading
from collections.abc import Callable


class TurnGate:
    """Where HTTP threads wait for the sidecar's thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._condition = threading.Condition()
        self._asked = 0
        self._served = 0
        self._closed = False

    def freshen(self, timeout_seconds: float) -> bool:
        """Wait until a turn that began after this call is published; return False when the time is over first."""
        with self._condition:
            if self._closed:
                return False
            self._asked += 1
            ticket = self._asked
        self._wake()
        with self._condition:
            self._condition.wait_for(lambda: self._served >= ticket or self._closed, timeout_seconds)
            return self._served >= ticket

    def begin(self) -> int:
        """Return the ticket up to which the turn that begins now serves."""
        with self._condition:
            return self._asked

    def served(self, ticket: int) -> None:
        """Let everyone go on who asked up to `ticket`."""
        with self._condition:
            self._served = max(self._served, ticket)
            self._condition.notify_all()

    def close(self) -> None:
        """Let everyone go on: there will be no more turns."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
