"""What happens to the tailer itself: each happening is one method that both logs and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

Say = Callable[..., Any]
"""Writes one event of the tailer's own log: an event name and fields."""


class Vitals:
    """Count happenings and tell of them; used by the sidecar's thread, and read by others as a whole."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._counts: Counter[str] = Counter()
        self._last_unsaved = ""
        self._lost_bytes = 0
        self.counts: Mapping[str, int] = {}
        """How often each happening was seen; replaced as a whole, never changed."""

    def opened(self, path: str) -> None:
        """Tell that a file is followed from now on."""
        self._count("opened")
        self._say("following", path=path)

    def rotated(self, path: str, how: str) -> None:
        """Tell that a file was renamed or removed, or its content replaced."""
        self._count(how)
        self._say("rotated", path=path, how=how)

    def resumed(self, path: str, offset: int) -> None:
        """Tell that a file was known again, and is followed from an offset on."""
        self._count("resumed")
        self._say("resuming", path=path, offset=offset)

    def vanished(self, path: str, lost_bytes: int) -> None:
        """Tell that a generation is in no file any more, and how many bytes of it were seen but never read."""
        self._count("vanished")
        self._lost_bytes += lost_bytes
        self._say("lost", path=path, bytes=lost_bytes)

    def take_lost_bytes(self) -> int:
        """Return how many bytes were lost since the last call."""
        lost, self._lost_bytes = self._lost_bytes, 0
        return lost

    def unsaved(self, why: str) -> None:
        """Tell that a commit could not be made durable; counting goes on."""
        self._count("unsaved")
        if why != self._last_unsaved:
            self._say("cannot save the state, counting goes on", why=why)
        self._last_unsaved = why

    def closed(self, path: str) -> None:
        """Tell that a rotated file was read to its end and let go."""
        self._count("closed")
        self._say("finished", path=path)

    def unreadable(self, path: str, why: str) -> None:
        """Tell that a file that should be followed cannot be."""
        self._count("unreadable")
        self._say("cannot follow", path=path, why=why)

    def unwatched(self, why: str) -> None:
        """Tell that file notification is not to be had."""
        self._count("unwatched")
        self._say("no file notification, polling alone", why=why)

    def _count(self, event: str) -> None:
        self._counts[event] += 1
        self.counts = dict(self._counts)
