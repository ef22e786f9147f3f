"""What a follower tells of, to whoever logs and counts it."""

from __future__ import annotations

from typing import Protocol


class Happenings(Protocol):
    """What a follower tells of; each is logged and counted by whoever listens."""

    def opened(self, path: str) -> None:
        """Tell that a file is followed from now on."""

    def resumed(self, path: str, offset: int) -> None:
        """Tell that a file was known again, and is followed from an offset on."""

    def rotated(self, path: str, how: str) -> None:
        """Tell that the file at `path` was `renamed` or `removed`, or its content `replaced`."""

    def closed(self, path: str) -> None:
        """Tell that a file was read to its end and let go."""

    def unreadable(self, path: str, why: str) -> None:
        """Tell that a file that should be followed cannot be."""

    def vanished(self, path: str, lost_bytes: int) -> None:
        """Tell that a generation is in no file any more, and how many bytes of it were seen but never read."""
