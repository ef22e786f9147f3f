"""A lock between processes: flock(2) on a file beside the one that it protects.

A descriptor that a child process has inherited does not exclude the parent: `close` it after a fork, the next use
opens another.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK_MODE = 0o640
CLOSED = -1


class FileLock:
    """One holder's view of the lock; every method may raise OSError. Not safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = CLOSED

    def share(self) -> None:
        """Take the lock together with others that share it; wait for one who has it alone."""
        fcntl.flock(self._descriptor(), fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Take the lock alone, if nobody else has it; also turns a shared one into that. Never waits."""
        try:
            fcntl.flock(self._descriptor(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._fd != CLOSED:
            # Said aloud, because a forked child may hold a copy of the descriptor, and closing ours would not do.
            with suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the descriptor; what this process holds by it is released if nobody inherited it."""
        if self._fd != CLOSED:
            with suppress(OSError):
                os.close(self._fd)
        self._fd = CLOSED

    def _descriptor(self) -> int:
        if self._fd == CLOSED:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(self._path, flags, LOCK_MODE)
        return self._fd
