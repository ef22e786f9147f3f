"""Show how far a replay is: as a bar on a terminal when it takes longer than two seconds, or as JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

from logship.read import shown
from logship.replay.values import printable

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE_SECONDS = 2.0
_BAR_SECONDS = 0.1
_JSON_SECONDS = 1.0

Monotonic = Callable[[], float]


class Meter(Protocol):
    """Is told how far a replay is."""

    def begin(self, path: str) -> None:
        """Take note of the input that is read now."""

    def advance(self, more: int) -> None:
        """Take note of more stored bytes that have been read."""


@contextmanager
def progress(
    total_bytes: int | None, out: IO[str], kind: Literal["auto", "json"] = "auto", monotonic: Monotonic = time.monotonic
) -> Iterator[Meter]:
    """Yield what to tell of a replay of so many stored bytes, None where that is not known."""
    if kind == "json":
        lines = _JsonMeter(total_bytes, out, monotonic)
        yield lines
        lines.say()
        return
    if not out.isatty():
        yield _Nobody()
        return
    bar = _bar_on(out)
    try:
        yield _BarMeter(bar, total_bytes, monotonic)
    finally:
        bar.stop()


def _bar_on(out: IO[str]) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.table import Column

    name = TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True))
    columns = (BarColumn(20), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), name)
    return Progress(*columns, console=Console(file=out), transient=True, expand=True)


class _Nobody:
    """Nobody looks."""

    def begin(self, path: str) -> None:
        pass

    def advance(self, more: int) -> None:
        pass


class _BarMeter:
    """A bar that is gone at the end."""

    def __init__(self, bar: Progress, total_bytes: int | None, monotonic: Monotonic) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total_bytes)
        self._monotonic = monotonic
        self._done = 0
        self._path = ""
        self._shown_at = monotonic() + _PATIENCE_SECONDS

    def begin(self, path: str) -> None:
        self._path = printable(Path(shown(path)).name)

    def advance(self, more: int) -> None:
        self._done += more
        now = self._monotonic()
        if now >= self._shown_at:
            self._shown_at = now + _BAR_SECONDS
            self._bar.update(self._task, completed=self._done, description=self._path)
            self._bar.start()


class _JsonMeter:
    """A JSON object on a line of its own each second, and one at the end."""

    def __init__(self, total_bytes: int | None, out: IO[str], monotonic: Monotonic) -> None:
        self._total = total_bytes
        self._out = out
        self._monotonic = monotonic
        self._done = 0
        self._path: str | None = None
        self._began_at = self._said_at = monotonic()

    def begin(self, path: str) -> None:
        self._path = shown(path)

    def advance(self, more: int) -> None:
        self._done += more
        if self._monotonic() - self._said_at >= _JSON_SECONDS:
            self.say()

    def say(self) -> None:
        """Write how far it is."""
        self._said_at = self._monotonic()
        seconds = self._said_at - self._began_at
        rate = self._done / seconds if seconds > 0 else None
        left = max(0, self._total - self._done) / rate if self._total is not None and rate else None
        report = {
            "bytes": self._done,
            "bytes_total": self._total,
            "bytes_per_second": None if rate is None else round(rate),
            "seconds": round(seconds, 3),
            "seconds_left": None if left is None else round(left, 3),
            "input": self._path,
        }
        self._out.write(json.dumps(report) + "\n")
        self._out.flush()
