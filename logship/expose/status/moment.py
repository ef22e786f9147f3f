"""What the status page shows, as one value: the published view and what stands beside it at the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logship.expose.view import View
from logship.measure import Recent


@dataclass(frozen=True, slots=True)
class FileStatus:
    """How a followed file stands.

    Attributes:
        path: Its name now.
        generation: Its number; another content under the same name is another generation.
        format: The format that its lines are read by, None while no request has shown it.
        offset_bytes: Behind the last counted byte.
        size_bytes: Its size at the last look.
        behind_bytes: Bytes that are not counted yet, an unfinished last line included.
        behind_seconds: For how long some of it has been waiting.
        quiet_seconds: How long ago it last changed.
        is_rotated: Whether it was renamed or removed, and is only held until it can hardly grow any more.
    """

    path: str
    generation: int
    format: str | None
    offset_bytes: int
    size_bytes: int
    behind_bytes: int
    behind_seconds: float
    quiet_seconds: float
    is_rotated: bool


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """Where a line was refused, and why; nothing of what it held.

    Attributes:
        reason: Why.
        path: The file.
        start: Offset of its first byte, or of the lines among which it stands.
        end: Offset behind them.
        at: When it was read, in seconds since the epoch.
    """

    reason: str
    path: str
    start: int
    end: int
    at: float


@dataclass(frozen=True, slots=True)
class StateStatus:
    """How the state file stands.

    Attributes:
        path: Its name, None when there is none.
        size_bytes: What it takes on the disk, its log included.
        failing_because: Why the last commit could not be made durable, None when it could.
        last_failure: What the latest such reason was since the start.
    """

    path: str | None = None
    size_bytes: int = 0
    failing_because: str | None = None
    last_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant of the tailer.

    Attributes:
        view: What a scrape shows at this instant.
        recent: What was counted lately.
        at: When it was, in seconds since the epoch.
        clock: The same by the clock of `recent`.
        started_at: When the tailer started, in seconds since the epoch.
        has_drained: Whether everything that was there at the start is counted.
        files: The followed files, those with most to read first, as many as are shown.
        refused: Lines that were refused lately, the last one first.
        state: The state file.
        configuration: Keys and values in force, without secrets.
    """

    view: View
    recent: Recent
    at: float
    clock: float
    started_at: float
    has_drained: bool = True
    files: Sequence[FileStatus] = ()
    refused: Sequence[RefusedLine] = ()
    state: StateStatus = StateStatus()
    configuration: Sequence[tuple[str, str]] = ()
