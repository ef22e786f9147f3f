"""How many requests this process works on: middlewares count up and down, records and the heartbeat tell the number.

There is one counter in a process, `pipeline.active.in_flight`, whatever middlewares and configurations come and go.
"""

from __future__ import annotations


class InFlight:
    """Count requests between their start and their end; safe for threads and tasks, a forked child begins at none."""

    def __init__(self) -> None:
        # One item for each request: to add and to take one is a single step for threads, without the price of a lock.
        self._requests: list[None] = []

    @property
    def count(self) -> int:
        """How many requests are in flight now."""
        return len(self._requests)

    def entered(self) -> int:
        """Count a request that begins; return how many are in flight, this one included."""
        requests = self._requests
        requests.append(None)
        return len(requests)

    def left(self) -> int:
        """Count a request that ends; return how many were in flight until now, this one included."""
        requests = self._requests
        try:
            requests.pop()
        except IndexError:  # a request that began before a fork also ends in the child
            return 1
        return len(requests) + 1

    def after_fork_in_child(self) -> None:
        """Begin at none: the requests are the parent's."""
        self._requests = []
