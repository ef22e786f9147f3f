"""Positions and numbers that change together: a turn's change goes in, an immutable snapshot comes out.

A commit makes the change durable and only then publishes it, so that nobody ever sees a number that a crash could take
back (P2). This ledger keeps its numbers in memory: they last as long as the process does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from logship.measure import Admission, Tally, merge


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What has been committed; nothing in it changes any more.

    Attributes:
        tally: The numbers.
        positions: Offset behind the last counted byte, by generation.
        turns: How many commits led here.
    """

    tally: Tally = field(default_factory=Tally)
    positions: Mapping[int, int] = field(default_factory=dict)
    turns: int = 0


class Ledger:
    """Own the committed state; written by one thread, read by any."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.published = Snapshot()
        """The last committed state; read it once and use that one value."""

    def commit(self, change: Tally, positions: Mapping[int, int], ended: Iterable[int] = ()) -> Snapshot:
        """Add `change`, move to `positions`, drop the generations that `ended`; publish and return the new state."""
        before = self.published
        tally = merge(before.tally, self._admission.admit(before.tally, change))
        moved = {**before.positions, **positions}
        for generation in ended:
            moved.pop(generation, None)
        self.published = Snapshot(tally, moved, before.turns + 1)
        return self.published
