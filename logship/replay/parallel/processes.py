"""A crew of processes on this machine: orders come in, outcomes come back; a worker that dies is replaced.

A worker is told what to count over a pipe of its own, and says there how far it is. It ends when this process does,
even while it waits for a server that is silent, so none is left behind. Outcomes are values that are taken once: what a
worker had counted when it died is gone with it, and counted again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from logship.errors import LogshipError
from logship.replay.interrupt import Interrupt
from logship.replay.parallel.outcomes import Counting, Outcome, Task

_TELL_BYTES = 4 << 20
"""So many bytes between two words about the progress."""

_MOST_DEATHS = 3
"""A unit during which so many workers die is not tried again: it would kill the next one, too."""

_STOP_SECONDS = 5.0
_GONE = (EOFError, OSError)


class Processes:
    """Worker processes; a context in which they live.

    Attributes:
        capacity: How many units should be with them.
        share: One unit is handed out at a time.
    """

    share = 1

    def __init__(self, jobs: int) -> None:
        self.capacity = 2 * jobs
        self._jobs = jobs
        self._workers: list[_Worker] = []
        self._queue: deque[int] = deque()
        self._tasks: dict[int, Task] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._progress: dict[int, int] = {}
        self._deaths: dict[int, int] = {}
        self._last = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    @property
    def pids(self) -> list[int]:
        """The processes that live."""
        return [worker.pid for worker in self._workers]

    def submit(self, tasks: Sequence[Task], *, is_urgent: bool = False) -> int:
        """Let a unit be counted; before all others that wait if it is urgent."""
        self._last += 1
        (self._tasks[self._last],) = tasks
        self._progress[self._last] = 0
        if is_urgent:
            self._queue.appendleft(self._last)
        else:
            self._queue.append(self._last)
        self._hand_out()
        return self._last

    def progress(self, order: int) -> int:
        """Return how many stored bytes have been read for an order."""
        return self._progress.get(order, 0)

    def wait(self, order: int, seconds: float) -> Sequence[Outcome] | None:
        """Return the outcome of an order; raise LogshipError when workers die of it again and again."""
        if order not in self._outcomes:
            self._hear(seconds)
        if order not in self._outcomes:
            return None
        del self._tasks[order]
        return [self._outcomes.pop(order)]

    def stop(self, order: int) -> Sequence[Outcome]:
        """Return what the worker that has an order has counted so far; the others end at once."""
        asked = [worker for worker in self._workers if worker.order == order]
        for worker in asked:
            worker.stop()
        for worker in self._workers:
            if worker not in asked:
                worker.end()
        self._workers = asked
        self._queue.clear()
        if asked and order not in self._outcomes:
            while asked[0] in self._workers and order not in self._outcomes and self._hear(_STOP_SECONDS):
                pass
        return [self._outcomes.pop(order)] if order in self._outcomes else []

    def _hand_out(self) -> None:
        while self._queue:
            worker = next((each for each in self._workers if each.order is None), None)
            if worker is None and len(self._workers) < self._jobs:
                worker = _Worker([each.connection for each in self._workers])
                self._workers.append(worker)
            if worker is None:
                return
            order = self._queue.popleft()
            if not worker.count(order, self._tasks[order]):
                self._queue.appendleft(order)
                self._bury(worker)

    def _hear(self, seconds: float) -> bool:
        """Take in what the workers say within some seconds; return whether one said anything."""
        by_connection = {worker.connection: worker for worker in self._workers if worker.order is not None}
        said = wait(list(by_connection), seconds)
        for connection in said:
            worker = by_connection[connection]  # type: ignore[index]  # nothing else was waited for
            try:
                word = worker.connection.recv()
            except _GONE:
                self._mourn(worker)
            else:
                self._heed(worker, word)
        self._hand_out()
        return bool(said)

    def _heed(self, worker: _Worker, word: int | Outcome | BaseException) -> None:
        order = worker.order or 0
        if isinstance(word, int):
            self._progress[order] = max(self._progress[order], word)
            return
        worker.order = None
        if isinstance(word, BaseException):
            raise word
        self._outcomes[order] = word

    def _mourn(self, worker: _Worker) -> None:
        """Let another worker do what one that died was about."""
        order, code = worker.order or 0, self._bury(worker)
        self._deaths[order] = self._deaths.get(order, 0) + 1
        if self._deaths[order] >= _MOST_DEATHS:
            path = self._tasks[order].unit[0].path
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise LogshipError(
                f"worker processes died {_MOST_DEATHS} times ({how}) while they read {path}: if memory is short, "
                "--jobs 1 takes least"
            )
        self._queue.appendleft(order)

    def _bury(self, worker: _Worker) -> int:
        self._workers.remove(worker)
        return worker.end()


class _Worker:
    """One process, and the number of the order that it is about, None while it has none.

    Args:
        others: What this process has open for the others.
    """

    def __init__(self, others: Sequence[Connection]) -> None:
        self.order: int | None = None
        self.connection, theirs = multiprocessing.Pipe()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is for this process alone
        try:
            self._process = _started(theirs, [*others, self.connection])
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def count(self, order: int, task: Task) -> bool:
        """Let it count; return whether it lives."""
        with suppress(*_GONE):
            self.connection.send(task)
            self.order = order
            return True
        return False

    def stop(self) -> None:
        """Let it come to an end with what it has."""
        with suppress(*_GONE):
            self.connection.send(None)

    def end(self) -> int:
        """End it whatever it does; return its exit code."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        code = self._process.exitcode or 0
        self._process.close()
        return code


def _started(connection: Connection, ours: Sequence[Connection]) -> BaseProcess:
    """Return a new worker process; `ours` are the ends of pipes that only this process may hold.

    A fork takes a hundredth of the time of a new interpreter, but only a process with one thread may be forked.
    """
    if len(list(Path("/proc/self/task").iterdir())) == 1:
        process: BaseProcess = multiprocessing.get_context("fork").Process(target=_work, args=(connection, ours))
    else:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(connection, ()))
    process.daemon = True
    process.start()
    return process


def _work(connection: Connection, ours: Sequence[Connection]) -> None:
    """Count what comes over the connection until it ends."""
    for each in ours:
        each.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    counting: Counting | None = None
    with suppress(*_GONE):
        while True:
            task = connection.recv()
            if task is not None:
                if counting is None or not counting.fits(task):
                    counting = Counting(task.config, task.window)
                connection.send(_counted(counting, task, connection))


def _end_with_parent() -> None:
    """End this process when its parent has; of several that were forked, the last one first."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _counted(counting: Counting, task: Task, connection: Connection) -> Outcome | Exception:
    interrupt = Interrupt()
    read = told = 0

    def advance(more: int) -> None:
        nonlocal read, told
        read += more
        if read - told >= _TELL_BYTES:
            told = read
            connection.send(read)
            if connection.poll():
                connection.recv()  # the only word that comes now is to stop; the end of the pipe is an error
                interrupt.ask()

    try:
        outcome = counting.outcome(task, advance, interrupt)
    except _GONE:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it can be seen
        return error
    else:
        connection.send(read)
        return outcome
