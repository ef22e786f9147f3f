"""Let Ctrl-C and SIGTERM end a replay between two blocks: what was counted so far is whole, and can be shown."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(Exception):  # noqa: N818 - a wish of the user, it never leaves this room
    """The user wants no more inputs to be read."""


class Interrupt:
    """Whether the user wants to stop.

    A first signal is heeded when the next block is asked for, or at once while one is waited for, as from a pipe that
    says nothing. A second one ends everything.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._is_waiting = False

    @property
    def is_asked(self) -> bool:
        """Whether there was a signal."""
        return self._is_asked

    def ask(self, _number: int = signal.SIGINT, _frame: FrameType | None = None) -> None:
        """Take note of a signal."""
        if self._is_asked:
            raise KeyboardInterrupt
        self._is_asked = True
        if self._is_waiting:
            raise Stopped

    def next_of(self, blocks: Iterator[bytes]) -> bytes:
        """Return the next block, b"" behind the last; raise Stopped when the user wants to stop."""
        self._is_waiting = True
        try:
            if self._is_asked:
                raise Stopped
            return next(blocks, b"")
        finally:
            self._is_waiting = False


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Yield what Ctrl-C and SIGTERM ask as long as this lasts."""
    interrupt = Interrupt()
    before = {number: signal.signal(number, interrupt.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terminating_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt as Ctrl-C does, as long as this lasts."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
