"""The lowest level that each logger writes: a name comes in, the number that is set for it or its nearest parent out.

Dotted names form the same tree as in the standard library. May change at run time, from any thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CACHED = 4096
"""Names whose threshold is remembered; some programs make a logger per request."""


class Thresholds:
    """Numbers of levels by logger.

    Args:
        default: For loggers without a named parent.
        named: By the name of the logger, for itself and all below it.
    """

    def __init__(self, default: int, named: Mapping[str, int]) -> None:
        self.default = default
        self.named = dict(named)
        self.known: dict[str, int] = {}
        """Decided names; `of` knows the others."""

    def of(self, logger: str) -> int:
        """Return the number of the lowest level that the logger writes."""
        known = self.known
        found = known.get(logger)
        if found is None:
            found = self._find(logger)
            if len(known) >= MAX_CACHED:
                known.clear()
            known[logger] = found
        return found

    def set(self, level: int, logger: str | None = None) -> None:
        """Change one logger and all below it that have no level of their own, or the default."""
        if logger is None:
            self.default = level
        else:
            self.named[logger] = level
        self.known = {}  # a new one: whoever is writing into the old one does no harm

    def _find(self, logger: str) -> int:
        name = logger
        while name:
            if name in self.named:
                return self.named[name]
            name = name.rpartition(".")[0]
        return self.default
