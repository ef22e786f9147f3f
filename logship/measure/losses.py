"""Decide when a gap in the numbers of a process is a loss, while the log is still being written.

A gap may be filled as long as a file can be read late: a rotated one that another process still writes to, one that
was seen before the one ahead of it had grown. So it must stand through a grace.
"""

from __future__ import annotations

from collections.abc import Mapping

from logship.measure.runs import Run
from logship.measure.writers import Settled, Writer, settle

GRACE_SECONDS = 60.0
"""Twice what a rotated file is kept open for a late writer, by default (`follow.linger_seconds`)."""


class LossWatch:
    """Watch gaps by a clock that is passed in, in seconds; each mapping of writers that it is given never changes."""

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self._grace_seconds = grace_seconds
        self._since = 0.0
        self._suspects: dict[str, Run] = {}
        self._without_gaps: Mapping[str, Writer] | None = None

    def is_due(self, writers: Mapping[str, Writer], now: float) -> bool:
        """Return whether there may be gaps that stood through the grace; note those that are new."""
        if self._suspects:
            return now - self._since >= self._grace_seconds
        if writers is not self._without_gaps:
            self._since = now
            self._suspects = {boot_id: each.span for boot_id, each in writers.items() if each.span and each.gaps}
            self._without_gaps = None if self._suspects else writers
        return False

    def losses(self, writers: Mapping[str, Writer]) -> Settled:
        """Return the gaps that were noted and are still there; call it when they are due and nothing is left unread."""
        suspects, self._suspects = self._suspects, {}
        held = {boot_id: (writers[boot_id], span) for boot_id, span in suspects.items() if boot_id in writers}
        return settle({boot_id: writer._replace(span=span) for boot_id, (writer, span) in held.items()})
