"""Keep a state file to one tailer: by an advisory lock beside it, which is gone with its process however that ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from logship.errors import StateError


def locked(path: str) -> IO[str]:
    """Return the open lock file beside `path`, ours while it is open."""
    lock_path = Path(os.path.realpath(path) + ".lock")  # one lock, whatever link leads to the file
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as error:
        raise StateError(f"state file {path} cannot be used: {lock_path}: {error.strerror or error}") from error
    lock = os.fdopen(descriptor, "r+", errors="replace")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise StateError(
            f"state file {path} is in use by process {owner}; give each tailer a file of its own"
        ) from error
    with suppress(OSError):  # a full disk; the lock holds without our number in it
        os.truncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
    return lock
