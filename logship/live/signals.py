"""Turn signals into calls, and give them back afterwards: SIGINT and SIGTERM stop, SIGHUP reloads."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def obeying_signals(*, stop: Callable[[], None], reload: Callable[[], None], bell: int = -1) -> Iterator[None]:
    """Call `reload` at each SIGHUP, `stop` at the first SIGINT or SIGTERM; a second one acts as it did before.

    Main thread only. What is called may interrupt any line of that thread, but not a wait in it that begins as the
    signal comes: so each signal first writes a byte to `bell`, a descriptor that such a wait has to end at; -1 is none.
    """
    before = {number: signal.getsignal(number) for number in (*_STOP_SIGNALS, signal.SIGHUP)}

    def stopped(_number: int, _frame: FrameType | None) -> None:
        for number in _STOP_SIGNALS:
            signal.signal(number, before[number])
        stop()

    def hung_up(_number: int, _frame: FrameType | None) -> None:
        reload()

    for number in _STOP_SIGNALS:
        signal.signal(number, stopped)
    signal.signal(signal.SIGHUP, hung_up)
    bell_before = signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(bell_before)
        for number, handler in before.items():
            signal.signal(number, handler)
