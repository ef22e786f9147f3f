"""An exception comes in, a small tree of plain values goes out: class, message, frames, cause, parts.

No local variables and no source lines: locals hold secrets, and reading source files is slow.
Everything is bounded, and an exception that cannot even print itself does no harm.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from app_logging.cleaning import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MAX_FRAMES = 40
"""Frames kept per exception, the innermost ones: a runaway recursion has a thousand equal ones."""

MAX_CAUSES = 4
"""Length of the chain of causes that is kept."""

MAX_PARTS = 16
"""Parts of exception groups that are kept, those of parts included; a group's own message tells how many there were."""

MAX_MESSAGE_CHARACTERS = 4096
"""An exception's message can hold a whole response body."""


def find_exception(exc_info: object) -> BaseException | None:
    """Return the exception meant by an `exc_info` argument: an exception, a tuple, or anything true for the current."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return next((part for part in exc_info if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if exc_info else None


def describe(exception: BaseException) -> dict[str, Any]:
    """Return the structured form of an exception and, nested, of what caused it and of the parts of a group."""
    return _describe(exception, MAX_CAUSES, iter(range(MAX_PARTS)))


def _describe(exception: BaseException, depth: int, places: Iterator[int]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": class_name(exception),
        "message": message_of(exception),
        "frames": _frames(exception.__traceback__),
    }
    cause = exception.__cause__ if exception.__suppress_context__ else exception.__context__
    if depth > 0:
        if cause is not None:
            described["cause"] = _describe(cause, depth - 1, places)
        if isinstance(exception, BaseExceptionGroup):
            parts = zip(exception.exceptions, places, strict=False)
            described["exceptions"] = [_describe(part, depth - 1, places) for part, _place in parts]
    return described


def class_name(exception: BaseException) -> str:
    """Return the qualified name of the class, without `builtins.`."""
    cls = type(exception)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def message_of(exception: BaseException) -> str:
    """Return the message; never raise, whatever the exception's own `__str__` does."""
    return to_text(exception)[:MAX_MESSAGE_CHARACTERS]


def _frames(traceback: TracebackType | None) -> list[dict[str, Any]]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append({"file": code.co_filename, "line": traceback.tb_lineno, "function": code.co_name})
        traceback = traceback.tb_next
    return frames[-MAX_FRAMES:]
