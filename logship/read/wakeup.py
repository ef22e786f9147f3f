"""Wait until there may be something to read: a waker that anyone may ring, and watchdog to ring it.

Notification is only a hint to look now; the poll makes it right. So only the coming, going and renaming of files ring:
an event for each write costs 13-26 % of a core at 1,000 to 50,000 lines a second, the poll hardly anything.
Where notification is not to be had (no inotify left, a network file system), that is said once and the poll remains.
"""

from __future__ import annotations

import math
import os
import select
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]


_PIPE_BYTES = 1 << 16
"""What a pipe of Linux holds, unless told otherwise: pipe(7)."""


class Waker(Protocol):
    """What the sidecar waits on between turns."""

    def wait(self, timeout_seconds: float) -> None:
        """Return when woken, or when the time is over."""

    def wake(self) -> None:
        """End the wait, or the next one if none is under way; from any thread, or a signal handler."""


class TimedWaker:
    """The waker of real life: a pipe that rings when it can be read.

    No event and no queue: a Python signal handler runs between two bytecodes, so a signal that comes after the last of
    them and before the thread sleeps in a lock is handled only when that lock's time is over. A pipe is written by the
    signal itself, if `bell` is given to `signal.set_wakeup_fd`, and whoever sleeps on it wakes up.
    """

    def __init__(self) -> None:
        self._rung, self.bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        """`bell`: a descriptor; a byte written to it rings. It closes with the last reference to the waker."""
        self._poll = select.poll()
        self._poll.register(self._rung, select.POLLIN)
        weakref.finalize(self, os.close, self._rung)
        weakref.finalize(self, os.close, self.bell)

    def wait(self, timeout_seconds: float) -> None:
        """Return when woken, or when the time is over."""
        self._poll.poll(math.ceil(timeout_seconds * 1000))
        with suppress(BlockingIOError):
            os.read(self._rung, _PIPE_BYTES)  # many rings between two waits are one

    def wake(self) -> None:
        """End the wait, or the next one if none is under way."""
        with suppress(BlockingIOError):  # full of rings
            os.write(self.bell, b"\0")


class DirectoryWatch:
    """Ring when files come, go or are renamed in some directories; owns watchdog's threads from `start` to `stop`."""

    def __init__(
        self,
        wake: Callable[[], None],
        unavailable: Callable[[str], None],
        new_observer: Callable[[], BaseObserver] = Observer,
    ) -> None:
        self._handler = _Ring(wake)
        self._unavailable = unavailable
        self._watched: set[str] = set()
        self._new_observer = new_observer
        self._observer: BaseObserver | None = None
        self._works = True

    def start(self) -> None:
        """Start watching; a failure is told, not raised."""
        self._attempt(self._start)

    def watch(self, directories: Iterable[str]) -> None:
        """Watch `directories` too, as far as they are not watched yet."""
        for directory in directories:
            if self._works and directory not in self._watched and self._attempt(partial(self._schedule, directory)):
                self._watched.add(directory)

    def stop(self) -> None:
        """Stop watching and join the threads."""
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def _start(self) -> None:
        self._made().start()

    def _schedule(self, directory: str) -> None:
        self._made().schedule(self._handler, directory, event_filter=_EVENTS)

    def _made(self) -> BaseObserver:
        """Return the observer, made when it is first needed: that is where inotify's limit of instances is met."""
        if self._observer is None:
            self._observer = self._new_observer()
        return self._observer

    def _attempt(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (FileNotFoundError, NotADirectoryError):
            return False  # it went since it was seen; what comes in its place is tried again
        except OSError as error:  # inotify's limits: EMFILE, ENOSPC
            self._works = False
            self._unavailable(error.strerror or str(error))
            return False
        return True


class _Ring(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002 - whatever it was, look
        self._wake()
