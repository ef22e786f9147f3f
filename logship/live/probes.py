"""What the probes are told: whether the loop turns, and what is missing to do its work.

Liveness asks for what a restart cures, and nothing else: a loop that stands still. Readiness asks for what somebody has
to put right: files that may not be read, a state that cannot be saved. Reasons name paths, never what is in a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from logship.config import Config
from logship.live.sidecar import Sidecar
from logship.live.vitals import Vitals
from logship.read import directories, expand


class Probes:
    """Answer the probes of one sidecar; from any thread.

    Args:
        sidecar: Whose loop it is.
        vitals: Know whether the state is saved.
        config: Returns what is obeyed now.
        monotonic: The clock of the sidecar, in seconds.
    """

    def __init__(
        self, sidecar: Sidecar, vitals: Vitals, config: Callable[[], Config], monotonic: Callable[[], float]
    ) -> None:
        self._sidecar = sidecar
        self._vitals = vitals
        self._config = config
        self._monotonic = monotonic

    def stall(self) -> str | None:
        """Return for how long the loop has not turned when that is too long, else None; waits for nothing."""
        config = self._config()
        still_seconds = self._monotonic() - self._sidecar.turned_at
        if still_seconds <= config.poll_seconds + config.serve.stalled_seconds:
            return None
        return f"the loop has not turned for {still_seconds:.0f} s"

    def missing(self) -> list[str]:
        """Return what is missing, one line each; looks at the disk, so it may wait for that."""
        config = self._config()
        found = [] if self._sidecar.has_drained else ["still reading what was there at the start"]
        for pattern in config.paths:
            found += missing_files(pattern, is_required=config.serve.require_files)
        if config.state.file is not None:
            found += missing_state(Path(config.state.file))
        if self._vitals.unsaved_because is not None:
            found.append(f"the state cannot be saved: {self._vitals.unsaved_because}")
        return found


def missing_files(pattern: str, *, is_required: bool) -> Iterator[str]:
    """Yield what keeps the files from being read that a pattern means; that there are none only if one is required."""
    there = [path for path in expand([pattern]) if os.path.exists(path)]  # noqa: PTH110 - it tells of no error
    yield from (f"{path}: may not be read" for path in there if not os.access(path, os.R_OK, effective_ids=True))
    closed = [each for each in directories([pattern]) if not os.access(each, os.R_OK | os.X_OK, effective_ids=True)]
    yield from (f"{directory}: may not be listed" for directory in closed)
    if is_required and not there and not closed:
        yield f"{pattern}: no such file"


def missing_state(file: Path) -> list[str]:
    """Return what keeps a state file from being written."""
    try:
        directory = file.parent.resolve(strict=True)
    except OSError as error:
        return [f"state directory {file.parent}: {error.strerror}"]
    needed = {directory: os.W_OK | os.X_OK}
    if os.path.exists(file):  # noqa: PTH110 - as above
        needed[file] = os.W_OK
    locked = [place for place, mode in needed.items() if not os.access(place, mode, effective_ids=True)]
    return [f"state file {file}: {place} may not be written to" for place in locked]
