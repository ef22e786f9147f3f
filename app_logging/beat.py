"""A function called every so many seconds by a thread: a null object when the time is 0, and alive after a fork."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

JOIN_SECONDS = 5.0
"""How long closing waits for a call that is under way."""


class Beat:
    """Call `act` every `seconds` until closed; what it raises ends the beat, so it must not.

    Args:
        seconds: Time between two calls; 0 is never.
        act: What is called, in a daemon thread.
        name: Of the thread.
    """

    def __init__(self, seconds: float, act: Callable[[], object], name: str) -> None:
        self._seconds = seconds
        self._act = act
        self._name = name
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; also in a forked child, which has no thread of its parent's."""
        if not self._seconds:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=self._name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self._seconds):
            self._act()
