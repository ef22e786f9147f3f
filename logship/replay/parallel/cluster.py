"""A crew that is an existing Dask cluster: orders go to its scheduler, what its workers count comes back as values.

The only module that imports `distributed`, and only when a cluster is asked for. A lost worker's tasks are done again
by others, which doubles nothing: an outcome is a value, and taken once.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from logship.errors import InputError, LogshipError, UsageError
from logship.read import is_url
from logship.replay.parallel.outcomes import Outcome, Task, Unit, count, joined

CONNECT_SECONDS = 10.0
"""How long the scheduler, and a first worker of it, are waited for."""

_ALONE_SECONDS = 60.0
"""How long a cluster may be without any worker while it counts, as when all of them are replaced."""

_LOOK_SECONDS = 5.0
_LARGEST_SHARE = 8
_EXTRA = "--cluster needs the extra `cluster`: from a clone of the project, pip install '.[cluster]'"
_SHARED = "a cluster reads URLs, and directories that all its workers have under the same name"


class Cluster:
    """The workers of a Dask cluster; a context in which this process is connected.

    Attributes:
        workers: How many there are.
        capacity: How many units should be with them.
        share: How many units that follow each other are put together by them.

    Args:
        address: That of the scheduler: `tcp://scheduler:8786`.
        connect_seconds: How long it is waited for.
    """

    def __init__(self, address: str, connect_seconds: float = CONNECT_SECONDS) -> None:
        self.workers = self.capacity = self.share = 1
        self._address = address
        self._seconds = connect_seconds
        self._client: Any = None
        self._orders: dict[int, tuple[list[Any], list[int], Any]] = {}
        self._read: dict[int, int] = {}
        self._name = uuid4().hex
        self._last = 0
        self._looked_at = self._alive_at = 0.0

    def __enter__(self) -> Self:
        self._client = _connected(self._address, self._seconds)
        try:
            self.workers = _checked_workers(self._client, self._address, self._seconds)
        except BaseException:
            self._client.close()
            raise
        self.share = min(max(1, self.workers // 2), _LARGEST_SHARE)
        self.capacity = max(3 * self.workers, 4 * self.share)
        self._alive_at = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        self._client.close()

    def submit(self, tasks: Sequence[Task], *, is_urgent: bool = False) -> int:
        """Let units be counted that follow each other, and put together on the workers two by two."""
        self._last += 1
        tasks = [replace(task, unit=_absolute(task.unit)) for task in tasks]
        sizes = [_sizes(task.unit) for task in tasks]
        priority = 1 if is_urgent else 0
        counted = [
            self._submit(f"count-{place}", priority, _count_there, task, size)
            for place, (task, size) in enumerate(zip(tasks, sizes, strict=True))
        ]
        level, height = counted, 0
        while len(level) > 1:
            height += 1
            level = [
                self._submit(f"join-{height}-{place}", priority, _join_there, tasks[0], *level[place : place + 2])
                for place in range(0, len(level), 2)
            ]
        self._orders[self._last] = (counted, [sum(size.values()) for size in sizes], level[0])
        return self._last

    def progress(self, order: int) -> int:
        """Return how many stored bytes have been read for an order."""
        if order in self._read:
            return self._read[order]
        counted, sizes, _ = self._orders[order]
        return sum(size for future, size in zip(counted, sizes, strict=True) if future.done())

    def wait(self, order: int, seconds: float) -> Sequence[Outcome] | None:
        """Return the outcomes of an order; raise LogshipError when the cluster cannot count it."""
        future = self._orders[order][2]
        outcomes = _result(future, seconds)
        if outcomes is None:
            self._look()
            return None
        self._alive_at = time.monotonic()
        self._read[order] = sum(self._orders.pop(order)[1])  # what nobody holds the cluster forgets
        return outcomes

    def stop(self, order: int) -> Sequence[Outcome]:
        """Return what there is of an order."""
        future = self._orders[order][2]
        outcomes = _result(future, 1.0) if future.done() else []
        self._forget()
        return outcomes or []

    def _submit(self, key: str, priority: int, function: Callable[..., Any], *arguments: Any) -> Any:
        key = f"logship-{key}-{self._name}-{self._last}"
        return self._client.submit(function, *arguments, key=key, pure=False, priority=priority)

    def _forget(self) -> None:
        """Let go of all that was ordered."""
        self._client.cancel([future for _, _, future in self._orders.values()])
        self._orders.clear()

    def _look(self) -> None:
        """Raise LogshipError when there has been no worker for long."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        if self._client.nthreads():
            self._alive_at = now
        elif now - self._alive_at > _ALONE_SECONDS:
            raise LogshipError(f"the cluster at {self._address} has had no worker for {_ALONE_SECONDS:.0f} seconds")


def _connected(address: str, seconds: float) -> Any:
    """Return a client of the scheduler."""
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise UsageError(_EXTRA) from error
    for name in [each for each in logging.root.manager.loggerDict if each.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is said here; each has its own level
    try:
        with warnings.catch_warnings(action="ignore"):  # versions are compared below
            new: Any = distributed.Client  # has no types
            return new(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        why = f"no Dask scheduler answers there within {seconds:.0f} seconds" if isinstance(error, OSError) else error
        raise UsageError(f"--cluster {address}: {why}; an address is like tcp://scheduler:8786") from error


def _checked_workers(client: Any, address: str, seconds: float) -> int:
    """Return how many workers there are; raise LogshipError when none is, or one cannot count as this process does."""
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        raise LogshipError(f"--cluster {address} has no worker: dask worker {address} starts one") from error
    wanted = _versions()
    for worker, found in client.run(_versions, on_error="return").items():
        if isinstance(found, ModuleNotFoundError | PackageNotFoundError):
            raise LogshipError(f"worker {worker} has no logship: install {wanted['logship']} there, as it is here")
        if isinstance(found, BaseException):
            raise LogshipError(f"worker {worker} cannot count: {found}") from found
        for name, here in wanted.items():
            if found[name] != here:
                raise LogshipError(
                    f"worker {worker} has {name} {found[name]}, and here is {here}: they must be the same"
                )
    return len(client.nthreads())


def _versions() -> dict[str, str]:
    """Return what must be the same everywhere: values cross by `pickle`."""
    return {
        "logship": version("logship"),
        "distributed": version("distributed"),
        "python": ".".join(map(str, sys.version_info[:2])),
    }


def _result(future: Any, seconds: float) -> list[Outcome] | None:
    """Return what a future has come to, None when that is not there in time."""
    from distributed import CancelledError, KilledWorker

    try:
        outcomes: list[Outcome] = future.result(timeout=seconds)
    except TimeoutError:
        return None
    except KilledWorker as error:
        raise LogshipError(f"workers of the cluster die again and again: {error}") from error
    except CancelledError as error:
        raise LogshipError("the connection to the scheduler of the cluster was lost") from error
    return outcomes


def _absolute(unit: Unit) -> Unit:
    """Return the unit by names that do not depend on where a worker was started."""
    return tuple(
        piece if is_url(piece.path) else piece._replace(path=str(Path(piece.path).absolute())) for piece in unit
    )


def _sizes(unit: Unit) -> dict[str, int]:
    """Return the sizes of the files of a unit as they are seen here."""
    sizes = {}
    for piece in unit:
        if not is_url(piece.path):
            try:
                sizes[piece.path] = Path(piece.path).stat().st_size
            except OSError as error:
                raise InputError(f"{piece.path} cannot be read: {error.strerror or error}") from error
    return sizes


def _count_there(task: Task, sizes: Mapping[str, int]) -> list[Outcome]:
    """Count a unit on a worker; raise LogshipError when it does not see the files that this process has seen."""
    for path, size in sizes.items():
        try:
            found = Path(path).stat().st_size
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise LogshipError(f"{path} cannot be read on {_here()}: {error.strerror or error}; {_SHARED}") from error
        if found < size:
            raise LogshipError(f"{path} has {found} bytes on {_here()}, not {size} as here: {_SHARED}")
    return [count(task)]


def _join_there(task: Task, *several: Sequence[Outcome]) -> list[Outcome]:
    return joined(task.known, task.config, *several)


def _here() -> str:
    return f"{socket.gethostname()} (process {os.getpid()})"
