"""Read what is behind a URL as a file: after a lost connection it goes on at the byte where it was.

Nothing is kept of what was read but a part of bounded size, so an object may be of any length.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import Protocol

from logship.errors import InputError, UsageError
from logship.read import objects, web
from logship.read.attempts import PAUSES_SECONDS, LostError, Pause, again_and_again
from logship.read.urls import Found, is_web, shown, with_usual_scheme, without_query

_GLOB_SIGNS = "*["


def found(pattern: str, names_in_directory: Iterable[str]) -> list[Found]:
    """Return the objects that a URL, a glob or a directory means; of a directory those with names like these.

    Raises UsageError for a URL that cannot be, InputError for one that cannot be read.
    """
    if not is_web(pattern):
        return objects.found(with_usual_scheme(pattern), names_in_directory)
    path = without_query(pattern).partition("://")[2].partition("/")[2]  # a host in brackets is no glob
    if path.endswith("/") or any(sign in path for sign in _GLOB_SIGNS):
        raise UsageError(f"{shown(pattern)} is no single file: a web server lists none, name the URL of each file")
    return [Found(pattern, web.size_of(pattern))]


class _Opened(Protocol):
    """An object that can be read from any byte on."""

    @property
    def size(self) -> int | None: ...

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on, none at the end; raise LostError, or InputError for good."""

    def close(self) -> None: ...


class RemoteFile(io.RawIOBase):
    """An object as a file that is read from one byte to the end.

    Args:
        url: Where it is.
        offset: Where to begin.
        opened: What reads it, if not what the scheme of the URL says.
        pause: Waits for so many seconds.
    """

    def __init__(self, url: str, offset: int = 0, *, opened: _Opened | None = None, pause: Pause = time.sleep) -> None:
        self._url = url
        self._offset = offset
        self._opened = opened or (web.WebFile(url) if is_web(url) else objects.ObjectFile(with_usual_scheme(url)))
        self._pause = pause

    @property
    def size(self) -> int | None:
        """Its length in bytes as stored, None as long as the server has not said it."""
        return self._opened.size

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as bytes come at once; raise InputError when there are more but they cannot be had."""
        try:
            block = again_and_again(lambda: self._read(len(buffer)), PAUSES_SECONDS, self._pause)
        except LostError as error:
            of_all = "" if self.size is None else f" of {self.size}"
            raise InputError(
                f"{shown(self._url)} breaks off at byte {self._offset}{of_all} ({error}; tried "
                f"{len(PAUSES_SECONDS) + 1} times); everything before that was counted"
            ) from error
        buffer[: len(block)] = block
        self._offset += len(block)
        return len(block)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._opened.close()
        super().close()

    def _read(self, length: int) -> bytes:
        block = self._opened.read(self._offset, length)
        if not block and self.size is not None and self._offset < self.size:
            self._opened.close()
            raise LostError("the connection was closed")
        return block
