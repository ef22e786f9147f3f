"""The rotating file: complete lines come in, each goes to the file in one write(2) before the call returns.

Promises: `write` never raises an OSError, never truncates, never follows a symbolic link; what it could not write is
counted, and said on stderr at most once a minute. Nothing is buffered, so a killed process loses nothing.
Not safe for threads: the caller holds a lock (`app_logging.sink`). Decisions are in `app_logging.rotation`.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_logging.console import write_stderr
from app_logging.file_lock import FileLock
from app_logging.rotation import (
    LOOK_SECONDS,
    lock_path,
    number_of,
    renames,
    should_roll,
    size_to_look_at,
    surplus,
)
from app_logging.torn import ends_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE_MODE = 0o640
DIRECTORY_MODE = 0o750
"""A reader in another container gets in through the group; the rest of the world does not."""

OPEN_FLAGS = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept of one log.

    Attributes:
        max_bytes: Size that a file does not exceed by more than what other processes write at the same moment; 0
            leaves rotation to others.
        backups: How many rotated files are kept.
        total_bytes: Size of all files of the log together; the oldest go first. 0 is no bound.
    """

    max_bytes: int
    backups: int
    total_bytes: int = 0


class RotatingFile:
    """Append lines to a file that is rotated at a size, by us or by somebody else.

    Args:
        path: Absolute path; rotated files get `.1`, `.2` ... behind it.
        bounds: When to rotate, and what is kept.
        clock: Monotonic seconds.
        write: `os.write` or its like.
        report: Where a complaint goes, a line without newline.
        after_roll: Called after each rotation.
    """

    def __init__(
        self,
        path: Path,
        bounds: Bounds,
        *,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[int, bytes], int] = os.write,
        report: Callable[[str], None] = write_stderr,
        after_roll: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._bounds = bounds
        self._clock = clock
        self._write = write
        self._report = report
        self._after_roll = after_roll
        self._lock = FileLock(lock_path(path))
        self._fd = CLOSED
        self._identity = (0, 0)
        self._size_bytes = 0
        self._look_at_bytes = -1
        self._look_at = 0.0
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
            self._make_directory()
            self._replace_descriptor()
        except OSError as error:
            self._last_error = _symbol(error)
            raise
        self._is_torn = not ends_whole(self._fd)

    def close(self) -> None:
        """Close the file; what was written is already in it."""
        self._lock.release()
        self._lock.close()
        self._let_go()
        # A thread that still has a closed file in hand opens it again, rather than lose its record.
        self._open_again_at = 0.0

    def after_fork_in_child(self) -> None:
        """Stop sharing the lock with the parent; the file is shared, which O_APPEND makes safe."""
        self._lock.close()
        self._look_at = 0.0  # a daemon closes all descriptors, and ours may soon be the number of another file
        self.missing = 0  # the parent owns up to what it lost

    def write(self, line: bytes) -> bool:
        """Append the line, which ends with a newline; say whether it is in the file now."""
        now = self._clock()
        length = len(line)
        if (self._size_bytes + length > self._look_at_bytes or now >= self._look_at) and not self._look(now, length):
            return False
        if self._is_torn and not self._is_mended():
            return self._append_mended(line, now)
        try:
            written = self._write(self._fd, line)
        except OSError as error:
            return self._fail(error, now)
        self._size_bytes += written
        return written == length or self._cut_short(written, length, now)

    def take_missing(self) -> Missing:
        """Return what is missing since the last call, and begin to count anew."""
        missing = Missing(self.missing, self._last_error)
        self.missing = 0
        return missing

    def give_back(self, missing: Missing) -> None:
        """Undo `take_missing`: the record about it could not be written either."""
        self.missing += missing.records

    def _is_mended(self) -> bool:
        # Another process may have been first; a second newline would be an empty line.
        self._is_torn = not ends_whole(self._fd)
        return not self._is_torn

    def _append_mended(self, line: bytes, now: float) -> bool:
        try:
            written = self._write(self._fd, b"\n" + line)
        except OSError as error:
            return self._fail(error, now)
        self._size_bytes += written
        if written == 0:
            return self._cut_short(-1, len(line), now)
        self._is_torn = False
        landed = written - 1
        return landed == len(line) or self._cut_short(landed, len(line), now)

    def _cut_short(self, landed: int, length: int, now: float) -> bool:
        # The rest is not written after it: another process may have written in between, and both would be torn.
        self._is_torn = self._is_torn or landed > 0
        if landed == length - 1:
            return True  # only the newline is missing, and the next record brings it
        return self._fail(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), now)

    def _fail(self, error: OSError, now: float) -> bool:
        if error.errno == errno.EBADF:
            self._fd = CLOSED  # by somebody else, so it is not ours to close
            self._look_at_bytes = -1
            self._open_again_at = now
        self.missing += 1
        self._complain(error, now)
        return False

    def _look(self, now: float, incoming_bytes: int) -> bool:
        """Make sure that there is a file, the right one, with room in it; say whether there is one at all."""
        if self._fd == CLOSED and not self._open_late(now):
            self.missing += 1
            return False
        if now >= self._look_at or not self._should_roll(incoming_bytes):
            self._follow(now)
        if self._should_roll(incoming_bytes) and now >= self._roll_again_at:
            self._roll(now, incoming_bytes)
        return True

    def _should_roll(self, incoming_bytes: int) -> bool:
        return should_roll(self._size_bytes, incoming_bytes, self._bounds.max_bytes)

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
        if not self._is_ours():
            self._fd = CLOSED  # it was closed behind our back, and the number may mean something else now
            return self._reopen(now)
        try:
            seen = self.path.lstat()
        except FileNotFoundError:
            return self._reopen(now)
        except OSError as error:
            return self._stay(error, now)
        if (seen.st_dev, seen.st_ino) != self._identity:
            return self._reopen(now)
        self._seen(now, seen.st_size)
        return True

    def _is_ours(self) -> bool:
        try:
            held = os.fstat(self._fd)
        except OSError:
            return False
        return (held.st_dev, held.st_ino) == self._identity

    def _reopen(self, now: float) -> bool:
        try:
            self._make_directory()
            self._replace_descriptor()
        except OSError as error:
            # The old descriptor stays: a record in a renamed file is found, a record in no file is not.
            return self._stay(error, now)
        return True

    def _stay(self, error: OSError, now: float) -> bool:
        self._seen(now, self._size_bytes)
        self._complain(error, now)
        if self._is_deleted():
            self._let_go()
        return False

    def _is_deleted(self) -> bool:
        try:
            return os.fstat(self._fd).st_nlink == 0
        except OSError:
            return False

    def _seen(self, now: float, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._look_at_bytes = size_to_look_at(size_bytes, self._bounds.max_bytes)
        self._look_at = now + LOOK_SECONDS

    def _make_directory(self) -> None:
        self.path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)

    def _replace_descriptor(self) -> None:
        descriptor = self._open_to_append()
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", str(self.path))
        self._let_go()
        self._fd = descriptor
        self._identity = (opened.st_dev, opened.st_ino)
        self._is_torn = False
        self._seen(self._clock(), opened.st_size)

    def _open_to_append(self) -> int:
        try:
            return os.open(self.path, OPEN_FLAGS | os.O_RDWR, FILE_MODE)  # to see whether it ends within a line
        except PermissionError:
            return os.open(self.path, OPEN_FLAGS | os.O_WRONLY, FILE_MODE)

    def _let_go(self) -> None:
        if self._fd != CLOSED:
            # A daemon may have closed all descriptors behind our back.
            with suppress(OSError):
                os.close(self._fd)
        self._fd = CLOSED
        self._look_at_bytes = -1

    def _roll(self, now: float, incoming_bytes: int) -> None:
        self._roll_again_at = now + ROLL_AGAIN_SECONDS
        try:
            if not self._try_alone():
                return
            try:
                self._roll_alone(now, incoming_bytes)
            finally:
                self._end_roll()
        except OSError as error:
            self._complain(error, now)

    def _roll_alone(self, now: float, incoming_bytes: int) -> None:
        # Not if the new file could not be made last time: each attempt would push a backup over the edge.
        if not self._follow(now):
            return
        if not self._should_roll(incoming_bytes):
            self._roll_again_at = now
            return
        for source, target in renames(self.path, self._bounds.backups, os.path.lexists):
            if target is None:
                source.unlink()
            else:
                source.replace(target)
        self._replace_descriptor()
        self._roll_again_at = now
        self._keep_within_total()
        if self._after_roll is not None:
            self._after_roll()

    def _keep_within_total(self) -> None:
        if not self._bounds.total_bytes:
            return
        by_number: dict[int, list[Path]] = {}
        for entry in self.path.parent.iterdir():
            number = number_of(self.path, entry.name)
            if number is not None:
                by_number.setdefault(number, []).append(entry)
        sizes = {number: sum(each.lstat().st_size for each in files) for number, files in by_number.items()}
        for number in surplus(sizes, self._bounds.max_bytes, self._bounds.total_bytes):
            for file in by_number[number]:
                file.unlink(missing_ok=True)

    def _try_alone(self) -> bool:
        # Never waits: a stopped process that holds the lock must not stop the others' log calls.
        return self._lock.try_alone()

    def _end_roll(self) -> None:
        # Closed, so that no child process inherits it; rotations are rare.
        self._lock.release()
        self._lock.close()

    def _complain(self, error: OSError, now: float) -> None:
        self._last_error = _symbol(error)
        if now < self._quiet_until:
            return
        self._quiet_until = now + QUIET_SECONDS
        self._report(f"app_logging: {self.path}: {error.strerror or error}; {self.missing} log records missing so far")


def _symbol(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
