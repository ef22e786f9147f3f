"""How many connections there may be, and which one goes when there are too many: the one that has waited longest.

A connection waits while nothing is done for it: a handshake or a request that does not come to its end, nothing after
an answer, an answer that is not fetched. It is busy while its answer is made. So whoever holds places open without a
use for them gives way to a scrape, and only answers under way, which take as long as a scrape may, can fill them all.
Used in the thread of the server alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

BACKLOG = 128
"""Connections that the kernel holds until we take them, and that we take at once."""

MOST_REQUEST_BYTES = 64 << 10
"""Of a request with its body, which nobody reads; Prometheus sends half a kilobyte."""

MOST_HEAD_BYTES = 16 << 10
"""Of a request line and its headers."""

MOST_UNSENT_BYTES = 64 << 20
"""Of answers that are not fetched, all together; one of 10,000 label sets has some megabytes."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How long a client may take, and how many there may be.

    Attributes:
        max_connections: At most so many; for one more the one that waited longest is dropped.
        request_timeout_seconds: Longest time from the connection, or the first byte of a later request, until the
            request is whole; the same for the handshake of TLS before it.
        idle_timeout_seconds: How long a connection is kept for another request.
        send_timeout_seconds: Longest time that a client may take to fetch an answer.
    """

    max_connections: int = 256
    request_timeout_seconds: float = 10.0
    idle_timeout_seconds: float = 120.0
    send_timeout_seconds: float = 30.0


class Held(Protocol):
    """A connection that holds a place."""

    def drop(self) -> None:
        """Close it now, whatever is unsent."""

    def unsent_bytes(self) -> int:
        """Return how much of its answers was not fetched yet."""


class Places:
    """The connections there are."""

    def __init__(self, most: Callable[[], int], most_unsent_bytes: int = MOST_UNSENT_BYTES) -> None:
        self._most = most
        self._most_unsent_bytes = most_unsent_bytes
        self._waiting: dict[Held, None] = {}
        self._busy: set[Held] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._busy)

    def admit(self, one: Held) -> bool:
        """Take a new connection in; return False when all places are taken by answers under way."""
        while len(self) >= self._most():
            if not self._waiting:
                return False
            self._drop(next(iter(self._waiting)))
        self._waiting[one] = None
        return True

    def wait(self, one: Held) -> None:
        """Note that from now on nothing is done for it."""
        self.leave(one)
        self._waiting[one] = None

    def work(self, one: Held) -> None:
        """Note that its answer is being made."""
        self.leave(one)
        self._busy.add(one)

    def leave(self, one: Held) -> None:
        """Forget one that is closed."""
        self._waiting.pop(one, None)
        self._busy.discard(one)

    def bound_unsent(self, latest: Held) -> None:
        """Drop those that fetch too little, the longest waiting first, but never the latest."""
        unsent = {one: one.unsent_bytes() for one in self._waiting}
        too_much = sum(unsent.values()) - self._most_unsent_bytes
        for one, size in unsent.items():
            if too_much > 0 and size and one is not latest:
                self._drop(one)
                too_much -= size

    def clear(self) -> None:
        """Drop all that wait."""
        for one in list(self._waiting):
            self._drop(one)

    def _drop(self, one: Held) -> None:
        self.leave(one)
        one.drop()
