"""Handlers of signals that were asked for, and those that were there before."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType


class LevelSignals:
    """Call a function on a signal; `close` puts back what was."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}

    def open(self, actions: Mapping[signal.Signals, Callable[[], None]]) -> None:
        """Take the signals; in the main thread only."""
        for number, action in actions.items():
            self._before.setdefault(number, signal.signal(number, _handler(action)))

    def close(self) -> None:
        """Put the handlers back."""
        for number, before in self._before.items():
            signal.signal(number, before or signal.SIG_DFL)  # None: it was not set from Python
        self._before.clear()


def _handler(action: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        action()

    return handle


level_signals = LevelSignals()
"""One for the process, as its signal handlers are."""
