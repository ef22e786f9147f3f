"""Show how far a replay is, on a terminal and only when it takes longer than two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

_PATIENCE_SECONDS = 2.0
_INTERVAL_SECONDS = 0.1


@contextmanager
def progress(
    total_bytes: int | None, out: IO[str], monotonic: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Yield a function to tell of more bytes read; the bar is gone at the end."""
    console = Console(file=out)
    if not console.is_terminal:
        yield lambda _more: None
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("reading", total=total_bytes)
    done = 0
    shown_at = monotonic() + _PATIENCE_SECONDS

    def advance(more: int) -> None:
        nonlocal done, shown_at
        done += more
        now = monotonic()
        if now >= shown_at:
            shown_at = now + _INTERVAL_SECONDS
            bar.start()
            bar.update(task, completed=done)

    try:
        yield advance
    finally:
        bar.stop()
