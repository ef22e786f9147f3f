"""Show reports on a terminal, one after the other, and obey its keys."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from logship.cli.asking import Asked, Tailer
from logship.cli.top_table import shown
from logship.errors import LogshipError
from logship.expose.status import WINDOWS, wording

_ORDER_KEYS = {"r": "rate", "e": "errors", "p": "p99", "t": "total", "n": "route"}
_WINDOW_KEY = "w"
_HUNG_UP = "\x04"
_QUIT_KEYS = ("q", "\x03", _HUNG_UP)
_HELP = "r rate  e errors  p p99  t total  n name   w window   q quit"
_OTHER_LINES = 6
"""Lines of the screen beside the routes."""


class Screen:
    """The screen of one tailer.

    Args:
        tailer: Who is asked.
        order: What comes first.
        window: Minutes that rates are taken over.
        interval_seconds: Time between two questions.
        monotonic: The clock, in seconds.
    """

    def __init__(
        self,
        tailer: Tailer,
        *,
        order: str,
        window: int,
        interval_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tailer = tailer
        self._order = order
        self._window = window
        self._interval_seconds = interval_seconds
        self._monotonic = monotonic
        self._asked: Asked = tailer.ask(window)
        self._asked_at = monotonic()
        self._trouble = ""

    def run(self) -> None:
        """Show until somebody quits."""
        console = Console(highlight=False, emoji=False, markup=False)
        with _keys() as read_key, Live(console=console, screen=True, auto_refresh=False) as live:
            due = self._monotonic() + self._interval_seconds
            while True:
                live.update(self._frame(console), refresh=True)
                key = read_key(max(0.0, due - self._monotonic()))
                if key in _QUIT_KEYS:
                    return
                if self._obey(key) or self._monotonic() >= due:
                    self._ask()
                    due = self._monotonic() + self._interval_seconds

    def _obey(self, key: str) -> bool:
        """Do what a key stands for; return whether the tailer has to be asked for it."""
        self._order = _ORDER_KEYS.get(key, self._order)
        if key == _WINDOW_KEY:
            self._window = WINDOWS[(WINDOWS.index(self._window) + 1) % len(WINDOWS)]
        return key == _WINDOW_KEY

    def _ask(self) -> None:
        try:
            self._asked, self._asked_at, self._trouble = self._tailer.ask(self._window), self._monotonic(), ""
        except LogshipError as error:
            self._trouble = str(error)

    def _frame(self, console: Console) -> RenderableType:
        note = f"{self._tailer.name}   {_HELP}"
        room = max(1, console.height - _OTHER_LINES)
        table = shown(self._asked.report, self._order, width=console.width, rows=room, note=note)
        if not self._trouble:
            return table
        age = wording.age(self._monotonic() - self._asked_at)
        return Group(Text(f"{self._trouble}; these numbers are {age} old", style="bold red"), table)


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Yield a function that waits at most so many seconds for a key, and returns "" without one."""
    descriptor = sys.stdin.fileno()
    if not os.isatty(descriptor):
        yield _no_key
        return
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)

    def read_key(timeout_seconds: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], timeout_seconds)
        return os.read(descriptor, 1).decode("latin-1") or _HUNG_UP if ready else ""

    try:
        yield read_key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _no_key(timeout_seconds: float) -> str:
    time.sleep(timeout_seconds)
    return ""
