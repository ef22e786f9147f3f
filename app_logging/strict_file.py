"""A rotating file whose writers look before each record: lines come in, none ever goes to a renamed file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app_logging.file_lock import FileLock
from app_logging.files import Bounds, RotatingFile
from app_logging.rotation import names_lock_path

if TYPE_CHECKING:
    from pathlib import Path


class StrictFile(RotatingFile):
    """A rotating file to whose renamed self nobody writes: each record looks first, under a lock shared by all.

    Costs three system calls per record. A process that is stopped in the middle of a rotation holds up the others.
    Rotations also take the lock of the names: a compressor needs that one only, and would wait for long for the other.
    """

    def __init__(self, path: Path, bounds: Bounds, **options: Any) -> None:
        super().__init__(path, bounds, **options)
        self._names = FileLock(names_lock_path(path))

    def close(self) -> None:
        """Close the file and the locks."""
        super().close()
        self._names.close()

    def write(self, line: bytes) -> bool:
        """Append the line; without the lock, if the file system has none, which is complained about."""
        try:
            self._lock.share()
        except OSError as error:
            self._complain(error, self._clock())
        self._look_at = 0.0
        try:
            return super().write(line)
        finally:
            self._lock.release()

    def _try_alone(self) -> bool:
        if self._lock.try_alone() and self._names.try_alone():
            return True
        self._lock.share()  # which the attempt has given up, or to let others write again
        # In between, another process may have rotated: look again, now that nobody can.
        self._follow(self._clock())
        self._roll_again_at = 0.0
        return False

    def _end_roll(self) -> None:
        # The other lock stays: the record that is to be written goes under the same one.
        self._names.release()
        self._names.close()
