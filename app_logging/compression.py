"""Rotated files become `.gz`, in a thread, without a moment in which a line is in no file.

Theory of operation: the rotating file must be a strict one, so nobody writes to a rotated file. The thread holds a
lock of its own against the compressors of other processes, and writes a hidden file that no reader's pattern finds.
Complete and on the disk, it takes the name of the rotated file, whatever number that has by then, with `.gz` behind;
the plain file goes last. A kill in between leaves both, and the next run removes the plain one if it is the same.
For that moment a reader sees both as well: it must know a file by what is in it, as logship does.
"""

from __future__ import annotations

import os
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from app_logging.console import write_stderr
from app_logging.file_lock import FileLock
from app_logging.files import FILE_MODE
from app_logging.rotation import COMPRESSED, lock_path, names_lock_path, number_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK_BYTES = 256 * 1024
GZIP_FORMAT = 31
"""What zlib calls a gzip header with a window of 32 KiB."""

TRAILER_BYTES = 8
LOCK_SECONDS = 0.01
"""How long to wait before the next attempt to take a lock that another process has."""

JOIN_SECONDS = 5.0


class Compressor:
    """Compress the rotated files of one log, when woken."""

    def __init__(self, path: Path, report: Callable[[str], None] = write_stderr) -> None:
        self._path = path
        self._report = report
        self._draft = path.with_name(f".{path.name}{COMPRESSED}")
        self._begin()

    def _begin(self) -> None:
        self._naming = FileLock(names_lock_path(self._path))
        self._compressing = FileLock(lock_path(self._path.with_name(self._path.name + COMPRESSED)))
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted = False

    def wake(self) -> None:
        """Compress what there is, soon; called after each rotation."""
        with self._guard:
            self._is_wanted = True
            if self._thread is None:
                name = f"app_logging compresses {self._path.name}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # no more threads, or the interpreter is ending
                    self._report(f"app_logging: {self._path}: cannot compress: {error}")
                    return
                self._thread = thread

    def close(self) -> None:
        """End the thread after the file it is at; what is not compressed by then is at the next rotation."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(JOIN_SECONDS)

    def after_fork_in_child(self) -> None:
        """Forget the parent's thread, and what it has open."""
        self._naming.close()
        self._compressing.close()
        self._begin()

    def _run(self) -> None:
        while self._is_still_wanted():
            try:
                self._compress_all()
            except OSError as error:
                self._report(f"app_logging: {self._path}: cannot compress: {error.strerror or error}")
            finally:
                self._compressing.release()
                self._compressing.close()
                self._naming.close()

    def _is_still_wanted(self) -> bool:
        with self._guard:
            wanted, self._is_wanted = self._is_wanted and not self._stop.is_set(), False
            if not wanted:
                self._thread = None
            return wanted

    def _compress_all(self) -> None:
        if not self._take(self._compressing):
            return
        done = set()
        while not self._stop.is_set():
            plain = {inode: path for inode, path in self._plain().items() if inode not in done}
            if not plain:
                return
            inode = next(iter(plain))
            done.add(inode)
            with suppress(FileNotFoundError):  # rotated over the edge meanwhile
                self._compress(plain[inode], inode)

    def _plain(self) -> dict[int, Path]:
        """Return the plain rotated files by inode, the oldest first."""
        numbered = []
        for entry in self._path.parent.iterdir():
            number = number_of(self._path, entry.name)
            if number is not None and entry.suffix != COMPRESSED and entry.is_file() and not entry.is_symlink():
                numbered.append((number, entry))
        return {path.lstat().st_ino: path for _number, path in sorted(numbered, reverse=True)}

    def _compress(self, path: Path, inode: int) -> None:
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            status = os.fstat(source)
            if status.st_ino != inode:
                return  # another file has this name by now; it is found in the next look
            trailer = self._write_draft(source, status)
        finally:
            os.close(source)
        if not self._take(self._naming):
            return
        try:
            self._put_in_place(inode, trailer)
        finally:
            self._naming.release()

    def _write_draft(self, source: int, status: os.stat_result) -> bytes:
        """Write the compressed file under its hidden name; return its last bytes, which tell sum and size."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        stream = zlib.compressobj(wbits=GZIP_FORMAT)
        with open(os.open(self._draft, flags, FILE_MODE), "wb", buffering=0) as draft:  # noqa: PTH123 - a descriptor
            while block := os.read(source, BLOCK_BYTES):
                _write_all(draft.fileno(), stream.compress(block))
            end = stream.flush()
            _write_all(draft.fileno(), end)
            os.utime(draft.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(draft.fileno())
        return end[-TRAILER_BYTES:]

    def _put_in_place(self, inode: int, trailer: bytes) -> None:
        path = self._plain().get(inode)
        if path is None:
            self._draft.unlink(missing_ok=True)
            return
        target = path.with_name(path.name + COMPRESSED)
        if target.exists() and _trailer(target) != trailer:
            return  # not ours: nothing is thrown away for it
        self._draft.replace(target)
        path.unlink()

    def _take(self, lock: FileLock) -> bool:
        """Wait for a lock; False if we are to end before."""
        while not lock.try_alone():
            if self._stop.wait(LOCK_SECONDS):
                return False
        return True


def _write_all(descriptor: int, block: bytes) -> None:
    while block:
        block = block[os.write(descriptor, block) :]


def _trailer(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-TRAILER_BYTES, os.SEEK_END)
        return file.read()
