"""An application that writes and rotates its log in one thread; a line is counted before its first byte is written."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crash.written import Lines

BREATH_SECONDS = 0.003

Rotation = Callable[["Log"], Iterator[None]]
"""Rotates a log once; at each `yield` the application goes on writing where it is."""


class Log:
    """The open log of an application.

    Attributes:
        path: The file that is written to.
        rotations: How many rotations were begun.
    """

    def __init__(self, lines: Lines, seed: int, is_read: Callable[[int], bool]) -> None:
        self.lines = lines
        self.is_read = is_read
        """Returns whether a scrape has shown so many lines."""
        self.rotations = 0
        self.path = Path()
        self.stopped = threading.Event()
        self._chance = random.Random(seed)  # noqa: S311
        self._descriptor = -1

    def reopen(self, path: Path) -> None:
        """Write to `path` from now on, appending."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def close(self) -> None:
        os.close(self._descriptor)

    def burst(self) -> None:
        """Write some lines; the last one now and then in two writes."""
        lines = [self.lines.line() for _ in range(self._chance.randint(1, 15))]
        if self._chance.random() < 0.7:
            self._write(b"".join(lines))
        else:
            cut = self._chance.randrange(1, len(lines[-1]))
            self._write(b"".join(lines[:-1]) + lines[-1][:cut])
            self.breathe()
            self._write(lines[-1][cut:])

    def half_a_line(self) -> Callable[[], None]:
        """Write the first half of a line; return what writes the other half."""
        line = self.lines.line()
        cut = self._chance.randrange(1, len(line))
        self._write(line[:cut])

        return lambda: self._write(line[cut:])

    def breathe(self) -> None:
        """Give way to others for a moment."""
        self.stopped.wait(BREATH_SECONDS)

    def _write(self, text: bytes) -> None:
        written = os.write(self._descriptor, text)
        assert written == len(text)


@contextmanager
def writing(log: Log, rotation: Rotation, chance: random.Random) -> Iterator[None]:
    """Write and rotate in a thread until the end of the block; what was begun is brought to its end."""
    failures: list[BaseException] = []

    def write() -> None:
        due, under_way = chance.randint(50, 400), None
        try:
            while not log.stopped.is_set():
                log.burst()
                log.breathe()
                if under_way is None and log.lines.written.lines > due and log.is_read(1):
                    log.rotations += 1
                    under_way = rotation(log)
                if under_way is not None and next(under_way, under_way) is under_way:
                    due, under_way = log.lines.written.lines + chance.randint(50, 1000), None
            for _ in under_way or ():
                log.burst()
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            failures.append(error)

    thread = threading.Thread(target=write, name="writer")
    thread.start()
    try:
        yield
    finally:
        log.stopped.set()
        thread.join()
        log.close()
    if failures:
        raise failures[0]
