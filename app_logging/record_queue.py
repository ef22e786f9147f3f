"""An optional queue before the sink, for slow disks: records come in without waiting, a thread writes them.

It loses what is in it when the process is killed; that is why it is off by default. Its memory is bounded. When it is
full, records are dropped, counted and owned up to (policy "drop"), or callers wait (policy "wait").
"""

from __future__ import annotations

import atexit
import multiprocessing.util
import threading
from collections import deque
from typing import TYPE_CHECKING

from app_logging.files import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_logging.settings import QueuePolicy

RECORD_BYTES = 200
"""What a record in the queue takes beside its bytes."""

LAST_OF_ALL = -100

JOIN_SECONDS = 10.0
"""How long an exit waits for a slow disk."""


class RecordQueue:
    """Hold records until the thread has written them.

    Args:
        write: Takes a record and whether it is an error, in the thread.
        own_up: Told how many records were dropped, in the thread, when there is room again.
        policy: What happens to a record that does not fit.
        max_bytes: What is held at most.
    """

    def __init__(
        self,
        write: Callable[[bytes, bool], None],
        own_up: Callable[[Missing], None],
        *,
        policy: QueuePolicy,
        max_bytes: int,
    ) -> None:
        self._write = write
        self._own_up = own_up
        self._policy = policy
        self._max_bytes = max_bytes
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._records: deque[tuple[bytes, bool]] = deque()
        self._bytes = 0
        self._dropped = 0
        self._is_closing = False
        self._has_ended = False

    def start(self) -> None:
        """Begin to write; also in a forked child, whose queue is empty: what was in it is the parent's."""
        self._thread = threading.Thread(target=self._run, name="app_logging queue", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        # Before Python 3.13, forked children of multiprocessing end without atexit, and forget finalizers at the start.
        multiprocessing.util.register_after_fork(self, RecordQueue._close_with_multiprocessing)

    def _close_with_multiprocessing(self) -> None:
        multiprocessing.util.Finalize(self, self.close, exitpriority=LAST_OF_ALL)

    def put(self, record: bytes, is_error: bool) -> None:  # noqa: FBT001 - as the sink's
        """Take a record; return at once, but with policy "wait" and a full queue."""
        size = len(record) + RECORD_BYTES
        with self._changed:
            if self._policy == "wait" and threading.current_thread() is not self._thread:
                self._changed.wait_for(lambda: self._has_room(size))
            elif not self._has_room(size):
                self._dropped += 1
                return
            if self._has_ended:
                self._write(record, is_error)  # nobody takes it from here any more: who logs at exit must wait
                return
            self._records.append((record, is_error))
            self._bytes += size
            self._changed.notify_all()

    def close(self) -> None:
        """Write what is held, and end the thread."""
        atexit.unregister(self.close)
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(JOIN_SECONDS)

    def before_fork(self) -> None:
        """Wait until no thread is in here."""
        self._changed.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._changed.release()

    def after_fork_in_child(self) -> None:
        """Begin with an empty queue and a thread of its own."""
        self._begin()
        self.start()

    def _has_room(self, size: int) -> bool:
        return not self._records or self._bytes + size <= self._max_bytes or self._is_closing

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._records or self._is_closing)
                if not self._records:
                    self._has_ended = True
                    return
                record, is_error = self._records[0]
                dropped, self._dropped = self._dropped, 0
            self._write(record, is_error)
            if dropped:
                self._own_up(Missing(dropped, "queue full"))
            with self._changed:
                # Only now: while it is written it takes memory, and a fork leaves it to the parent.
                self._records.popleft()
                self._bytes -= len(record) + RECORD_BYTES
                self._changed.notify_all()
