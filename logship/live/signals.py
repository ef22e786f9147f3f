"""Turn SIGINT and SIGTERM into a call, and give the signals back afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; a second one acts as it did before. Main thread only."""
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def caught(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    for number in _STOP_SIGNALS:
        signal.signal(number, caught)
    try:
        yield
    finally:
        restore()
