"""Try again what the network or a busy server made impossible: a few times, with longer and longer pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from logship.read.urls import masked

PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before each further attempt."""

FIRST_PAUSES_SECONDS = PAUSES_SECONDS[:2]
"""A server that does not answer at all is more likely a wrong name than a bad moment."""

Pause = Callable[[float], None]
_T = TypeVar("_T")


class LostError(Exception):
    """A connection was lost, or a server has no time: another attempt may help; `str()` says why."""


def again_and_again(
    attempt: Callable[[], _T], pauses: tuple[float, ...] = FIRST_PAUSES_SECONDS, pause: Pause = time.sleep
) -> _T:
    """Return what an attempt gives, the first one or a later one; raise the LostError of the last one."""
    for seconds in pauses:
        try:
            return attempt()
        except LostError:
            pause(seconds)
    return attempt()


def why(error: object) -> str:
    """Return the reason that an error gives, in one line and without secrets."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return masked(text) or type(error).__name__
