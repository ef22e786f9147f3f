"""Where the status page asks: the thread of the sidecar puts a moment together between two turns, all of one piece.

While nobody asks, nothing is put together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from logship.config import Config
from logship.expose.status import FileStatus, Moment, StateStatus
from logship.live.chronicle import Chronicle
from logship.live.settings import settings
from logship.live.sidecar import Sidecar
from logship.live.vitals import Vitals
from logship.read import Generation

MAX_FILES = 100
"""Files on the page: those that have most to read."""

WAIT_SECONDS = 1.0
"""How long a visitor waits for a fresh moment; then the last one is shown, with its age."""

_LOG_OF_STATE = "-wal"
"""What SQLite adds to the name of the state file for the log that belongs to it."""


class Desk:
    """Hand out moments of one sidecar; `ask` from any thread.

    Args:
        sidecar: Whose moments.
        chronicle: What it noted.
        vitals: How it is.
        config: Returns what is obeyed now.
        now: The time in seconds since the epoch.
        monotonic: The clock of the sidecar, in seconds.
    """

    def __init__(
        self,
        sidecar: Sidecar,
        chronicle: Chronicle,
        vitals: Vitals,
        config: Callable[[], Config],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._sidecar = sidecar
        self._chronicle = chronicle
        self._vitals = vitals
        self._config = config
        self._now = now
        self._monotonic = monotonic
        self._started_at = now()
        self._condition = threading.Condition()
        self._is_asked = False
        self._taken = 0
        self._moment = self._take()

    def ask(self, timeout_seconds: float = WAIT_SECONDS) -> Moment:
        """Return a moment that began after this call, or the last one when there is none in time."""
        with self._condition:
            wanted = self._taken + 1
            if not self._is_asked:
                self._is_asked = True
                self._sidecar.between_turns(self._answer)
            self._condition.wait_for(lambda: self._taken >= wanted, timeout_seconds)
            return self._moment

    def _answer(self) -> None:
        with self._condition:
            self._is_asked = False
            self._moment = self._take()
            self._taken += 1
            self._condition.notify_all()

    def _take(self) -> Moment:
        """Put a moment together; in the sidecar's thread, once that runs."""
        config, clock = self._config(), self._monotonic()
        generations = sorted(self._sidecar.follower.generations, key=lambda file: (-file.behind_bytes, file.path))
        return Moment(
            view=self._sidecar.view,
            recent=self._chronicle.recent.at(clock),
            at=self._now(),
            clock=clock,
            started_at=self._started_at,
            has_drained=self._sidecar.has_drained,
            files=[self._file(generation, clock) for generation in generations[:MAX_FILES]],
            refused=self._chronicle.refused,
            state=self._state(config.state.file),
            configuration=list(settings(config)),
        )

    def _file(self, generation: Generation, clock: float) -> FileStatus:
        return FileStatus(
            path=generation.path,
            generation=generation.number,
            format=self._sidecar.pipeline.format_of(generation.number),
            offset_bytes=generation.counted_offset,
            size_bytes=generation.size,
            behind_bytes=generation.behind_bytes,
            behind_seconds=self._chronicle.waiting_seconds(generation.number, clock),
            quiet_seconds=max(0.0, clock - generation.changed_at),
            is_rotated=generation.gone_at is not None,
        )

    def _state(self, path: str | None) -> StateStatus:
        if path is None:
            return StateStatus()
        size_bytes = sum(map(_size_of, (path, path + _LOG_OF_STATE)))
        return StateStatus(path, size_bytes, self._vitals.unsaved_because, self._vitals.last_unsaved)


def _size_of(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # removed, or out of reach: the sidecar itself tells of that
        return 0
