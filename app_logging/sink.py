"""Where rendered records end: numbered, then written to combined.log, to error.log if bad, and to the console.

Records come in from any thread and go out one after the other, `seq` in the order in which they stand in the file.
Promises: a call returns when the record is written; it never raises for a full disk, a closed stderr or a lost file.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from threading import RLock

from app_logging.console import readable, write_stderr
from app_logging.files import Missing, RotatingFile

RenderMissing = Callable[[str, Missing], bytes]
"""Renders the record that owns up to what is missing in the file of that name."""


class Sink:
    """Number records and write them to the files and the console.

    Args:
        combined: Takes every record.
        errors: Takes the records of level error and above.
        render_missing: See `RenderMissing`.
        console: Takes readable lines; None is off.
        colour: Whether they are coloured.
        fallback: Takes the JSON line while there is no combined file and no console.
    """

    def __init__(
        self,
        combined: RotatingFile,
        errors: RotatingFile,
        *,
        render_missing: RenderMissing,
        console: Callable[[str], None] | None = None,
        colour: bool = False,
        fallback: Callable[[str], None] = write_stderr,
    ) -> None:
        self._combined = combined
        self._errors = errors
        self._render_missing = render_missing
        self._console = console
        self._colour = colour
        self._fallback = fallback
        self._begin()

    def _begin(self) -> None:
        self._lock = RLock()
        self._waiting: deque[tuple[bytes, bool, bool]] = deque()
        self._is_busy = False
        self._is_telling = False
        self._seq = 0
        boot_id = secrets.token_hex(6)
        self._tail = b',"boot_id":"%b"}\n' % boot_id.encode()

    def open(self) -> list[OSError]:
        """Open both files; return why not, for those that cannot be opened."""
        failures = []
        for file in (self._combined, self._errors):
            try:
                file.open()
            except OSError as error:
                failures.append(error)
        return failures

    def close(self) -> None:
        """Close both files."""
        with self._lock:
            self._combined.close()
            self._errors.close()

    def write(self, record: bytes, is_error: bool) -> None:  # noqa: FBT001 - the hot path
        """Write a rendered JSON object as the next line."""
        with self._lock:
            if self._is_busy:
                # A signal handler or a destructor logs while this very thread is in here: its record waits for its
                # turn, or two records would have their numbers in another order than their places.
                self._waiting.append((record, is_error, self._is_telling))
                return
            self._is_busy = True
            try:
                self._deliver(record, is_error)
                while self._waiting:
                    self._deliver(*self._waiting.popleft())
            finally:
                self._is_busy = False

    def before_fork(self) -> None:
        """Wait until no thread is writing, so that the child inherits files between two records."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Let the threads write again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Start a life of its own: own lock, own `boot_id`, `seq` from 1. The descriptors are shared by O_APPEND."""
        self._begin()
        self._combined.after_fork_in_child()
        self._errors.after_fork_in_child()

    def _deliver(self, record: bytes, is_error: bool, is_echo: bool = False) -> bool:  # noqa: FBT001, FBT002 - the hot path
        self._seq += 1
        line = b'%b,"seq":%d%b' % (record[:-1], self._seq, self._tail)
        is_written = self._combined.write(line)
        if not is_written and self._console is None and not self._combined.is_open and not is_echo:
            self._tell(self._fallback, line[:-1].decode())
        is_written_too = is_error and self._errors.write(line)
        if self._console is not None and not is_echo:
            self._tell(self._console, readable(line, colour=self._colour))
        if is_written and self._combined.missing:
            self._own_up(self._combined)
        if is_written_too and self._errors.missing:
            self._own_up(self._errors)
        return is_written

    def _tell(self, put: Callable[[str], None], line: str) -> None:
        # Some programs lead stderr into logging: that record must not go there again, or it would never end.
        self._is_telling = True
        try:
            put(line)
        finally:
            self._is_telling = False

    def _own_up(self, file: RotatingFile) -> None:
        missing = file.take_missing()
        if not self._deliver(self._render_missing(file.path.name, missing), False):  # noqa: FBT003 - no error
            file.give_back(missing)
