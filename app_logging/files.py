"""The rotating file: complete lines come in, each goes to the file in one write(2) before the call returns.

Promises: `write` never raises an OSError, never truncates, never follows a symbolic link; what it could not write is
counted, and said on stderr at most once a minute. Nothing is buffered, so a killed process loses nothing.
Not safe for threads: the caller holds a lock (`app_logging.sink`). Decisions are in `app_logging.rotation`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_logging.console import write_stderr
from app_logging.rotation import lock_path, renames, should_recheck, should_roll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE_MODE = 0o640
DIRECTORY_MODE = 0o750
"""A reader in another container gets in through the group; the rest of the world does not."""

OPEN_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""O_NONBLOCK is for a fifo in the place of the file: opening it would wait for a reader for ever."""

CLOSED = -1

REOPEN_SECONDS = 5.0
"""How long to wait before the next attempt to open a file that could not be opened."""

ROLL_AGAIN_SECONDS = 0.01
"""How long to write on when the file should roll but cannot, because another process does or it failed."""

QUIET_SECONDS = 60.0
"""The least time between two complaints on stderr about one file."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Records that are not in a file: how many, and the symbolic errno of the last failure."""

    records: int
    error: str


class RotatingFile:
    """Append lines to a file that is rotated at a size, by us or by somebody else.

    Args:
        path: Absolute path; rotated files get `.1`, `.2` ... behind it.
        max_bytes: Size that a file does not exceed by more than what other processes write at the same moment.
        backups: How many rotated files are kept.
        clock: Monotonic seconds.
        write: `os.write` or its like.
        report: Where a complaint goes, a line without newline.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int,
        backups: int,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[int, bytes], int] = os.write,
        report: Callable[[str], None] = write_stderr,
    ) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._clock = clock
        self._write = write
        self._report = report
        self._fd = CLOSED
        self._identity = (0, 0)
        self._size_bytes = 0
        self._unchecked_bytes = 0
        self._checked_at = 0.0
        self._open_again_at = 0.0
        self._roll_again_at = 0.0
        self._quiet_until = 0.0
        self._is_torn = False
        self.missing = 0
        """Records that are not in the file, since the last `take_missing`."""
        self._last_error = ""

    @property
    def is_open(self) -> bool:
        """Whether there is a file to write to; one that is full counts."""
        return self._fd != CLOSED

    def open(self) -> None:
        """Open or create the file; raise the OSError if that is impossible."""
        self._open_again_at = self._clock() + REOPEN_SECONDS
        try:
            self.path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            self._replace_descriptor()
        except OSError as error:
            self._last_error = _symbol(error)
            raise
        self._is_torn = _is_torn(self.path)

    def close(self) -> None:
        """Close the file; what was written is already in it."""
        if self._fd != CLOSED:
            # A daemon may have closed all descriptors behind our back.
            with suppress(OSError):
                os.close(self._fd)
        self._fd = CLOSED
        # A thread that still has a closed file in hand opens it again, rather than lose its record.
        self._open_again_at = 0.0

    def write(self, line: bytes) -> bool:
        """Append the line, which ends with a newline; say whether it is in the file now."""
        now = self._clock()
        if self._fd == CLOSED and not self._open_late(now):
            self.missing += 1
            return False
        if should_recheck(self._unchecked_bytes, now - self._checked_at):
            self._follow(now)
        if should_roll(self._size_bytes, len(line), self._max_bytes) and now >= self._roll_again_at:
            self._roll(now, len(line))
        return self._append(line, now)

    def take_missing(self) -> Missing:
        """Return what is missing since the last call, and begin to count anew."""
        missing = Missing(self.missing, self._last_error)
        self.missing = 0
        return missing

    def give_back(self, missing: Missing) -> None:
        """Undo `take_missing`: the record about it could not be written either."""
        self.missing += missing.records

    def _append(self, line: bytes, now: float) -> bool:
        prefix = b"\n" if self._is_torn else b""
        try:
            written = self._write(self._fd, prefix + line)
        except OSError as error:
            if error.errno == errno.EBADF:
                self._fd = CLOSED  # by somebody else, so it is not ours to close
                self._open_again_at = now
            self.missing += 1
            self._complain(error, now)
            return False
        self._size_bytes += written
        self._unchecked_bytes += written
        landed = written - len(prefix)
        if landed == len(line):
            self._is_torn = False
            return True
        return self._cut_short(landed, line, now)

    def _cut_short(self, landed: int, line: bytes, now: float) -> bool:
        # The rest is not written after it: another process may have written in between, and both would be torn.
        if landed >= 0:
            self._is_torn = landed > 0
        if landed == len(line) - 1:
            return True  # only the newline is missing, and the next record brings it
        self.missing += 1
        self._complain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), now)
        return False

    def _open_late(self, now: float) -> bool:
        if now < self._open_again_at:
            return False
        try:
            self.open()
        except OSError as error:
            self._complain(error, now)
            return False
        return True

    def _follow(self, now: float) -> bool:
        """Look whether the name still means our file, if not, go where the name goes; say whether it does now."""
        self._unchecked_bytes = 0
        self._checked_at = now
        try:
            seen = self.path.lstat()
        except FileNotFoundError:
            return self._reopen(now)
        except OSError as error:
            self._complain(error, now)
            return False
        if (seen.st_dev, seen.st_ino) != self._identity:
            return self._reopen(now)
        self._size_bytes = seen.st_size
        return True

    def _reopen(self, now: float) -> bool:
        try:
            self._replace_descriptor()
        except OSError as error:
            # The old descriptor stays: a record in a renamed file is found, a record in no file is not.
            self._complain(error, now)
            return False
        return True

    def _replace_descriptor(self) -> None:
        descriptor = os.open(self.path, OPEN_FLAGS, FILE_MODE)
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", str(self.path))
        self.close()
        self._fd = descriptor
        self._identity = (opened.st_dev, opened.st_ino)
        self._size_bytes = opened.st_size
        self._unchecked_bytes = 0
        self._checked_at = self._clock()
        self._is_torn = False

    def _roll(self, now: float, incoming_bytes: int) -> None:
        self._roll_again_at = now + ROLL_AGAIN_SECONDS
        try:
            with _locked(lock_path(self.path)) as is_ours:
                if not is_ours:
                    return
                # Not if the new file could not be made last time: each attempt would push a backup over the edge.
                if self._follow(now) and should_roll(self._size_bytes, incoming_bytes, self._max_bytes):
                    for source, target in renames(self.path, self._backups, os.path.lexists):
                        source.replace(target)
                    self._replace_descriptor()
        except OSError as error:
            self._complain(error, now)
        else:
            self._roll_again_at = now

    def _complain(self, error: OSError, now: float) -> None:
        self._last_error = _symbol(error)
        if now < self._quiet_until:
            return
        self._quiet_until = now + QUIET_SECONDS
        self._report(f"app_logging: {self.path}: {error.strerror or error}; {self.missing} log records missing so far")


def _symbol(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Take the lock of a rotation if it is free; the value says whether it is ours.

    Never waits: a stopped process that holds the lock must not stop the others' log calls. The descriptor lives only
    within a rotation, so no child process inherits it (an inherited flock would not exclude parent and child).
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _is_torn(path: Path) -> bool:
    """Say whether the file ends within a line, left by a writer that died on a full disk.

    Looks twice: another process's record may be half visible for the microsecond of its write.
    """
    first = _size_of_torn(path)
    return first > 0 and first == _size_of_torn(path)


def _size_of_torn(path: Path) -> int:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                return 0
            file.seek(size - 1)
            return 0 if file.read(1) == b"\n" else size
    except OSError:
        return 0
