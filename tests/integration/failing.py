"""Let the file system fail for a tailer of this process, at the border to the operating system."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Fault:
    """Count the calls of one function that concern files below a directory, and let one of them fail.

    Attributes:
        directory: Whose files are concerned.
        code: The error number.
        at: The call that fails, counted from 0.
        calls: How many there were.
    """

    directory: Path
    code: int
    at: int | None = None
    calls: int = 0
    _is_armed: bool = field(default=False, init=False)

    def install(self, name: str, patch: pytest.MonkeyPatch) -> None:
        """Put this in front of a function of `os`, or of the one that opens Python's files."""
        if name == "open of Python":
            for module in (io, builtins):
                patch.setattr(module, "open", self._in_front_of(module.open))
        else:
            patch.setattr(os, name, self._in_front_of(getattr(os, name)))

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Count and fail within the block only: the application knows nothing of it."""
        self._is_armed = True
        try:
            yield
        finally:
            self._is_armed = False

    def _in_front_of(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(place: Any, *arguments: Any, **named: Any) -> Any:
            if self._is_armed and self._is_concerned(place):
                self.calls += 1
                if self.calls - 1 == self.at:
                    raise OSError(self.code, os.strerror(self.code))
            return real(place, *arguments, **named)

        return call

    def _is_concerned(self, place: object) -> bool:
        path = Path(f"/proc/self/fd/{place}").readlink() if isinstance(place, int) else place
        return str(path).startswith(str(self.directory))
