"""Look at what may never answer, such as a network file system whose server is gone, and wait only so long."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from logship.doctor.finding import Finding, note, warning

Answer = TypeVar("Answer")


class Look(Generic[Answer]):
    """A look that is under way in a thread of its own.

    The thread is a daemon: no way leads out of a system call that hangs, and the process may end all the same.
    """

    def __init__(self, name: str, look: Callable[[], Answer]) -> None:
        self._name = name
        self._answer: queue.SimpleQueue[tuple[Answer] | BaseException] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(look,), name=f"doctor {name}", daemon=True).start()

    def get(self, seconds: float) -> Answer | Finding:
        """Return what it saw; a finding that says so when it could not look, or is not back after so many seconds."""
        try:
            found = self._answer.get(timeout=max(0.0, seconds))
        except queue.Empty:
            says = "no answer in time: a network file system whose server is gone?"
            return warning(self._name, says, promises="P1 P3", remedy="mount; dmesg | tail")
        if isinstance(found, OSError):
            return note(self._name, f"cannot be looked at: {found.strerror or found}", str(found.filename or ""))
        if isinstance(found, BaseException):
            raise found
        return found[0]

    def _run(self, look: Callable[[], Answer]) -> None:
        try:
            self._answer.put((look(),))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits for it
            self._answer.put(error)
