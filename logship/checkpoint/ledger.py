"""Positions and numbers that change together: a turn's change goes in, an immutable snapshot comes out.

A commit makes the change durable and only then publishes it, so that nobody ever sees a number that a crash could take
back (P2). When the store fails, counting and serving go on, and what could not be written is written with the next
commit that succeeds; until then that promise is suspended, and the failure is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from logship.checkpoint.store import Change, NoStore, Store
from logship.errors import StateError
from logship.measure import Admission, Tally, merge
from logship.model import LabelSet, Position


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What has been committed; nothing in it changes any more.

    Attributes:
        tally: The numbers.
        positions: Where each generation that has not ended stands, by its number.
        created: When each series was first counted, in seconds since the epoch.
        turns: How many commits led here since the start.
        saved_at: When the store last took a commit, in seconds since the epoch.
    """

    tally: Tally = field(default_factory=Tally)
    positions: Mapping[int, Position] = field(default_factory=dict)
    created: Mapping[LabelSet, float] = field(default_factory=dict)
    turns: int = 0
    saved_at: float | None = None


class Ledger:
    """Own the committed state; written by one thread, read by any."""

    def __init__(
        self,
        admission: Admission,
        store: Store | None = None,
        *,
        now: Callable[[], float] = lambda: 0.0,
        failed: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self._admission = admission
        self._store = store if store is not None else NoStore()
        self._now = now
        self._failed = failed
        self._unsaved_labels: set[LabelSet] = set()
        self._unsaved_ended: dict[int, Position] = {}
        self.ended: Mapping[int, Position] = {}
        """Generations that had ended before the start."""
        self.published = Snapshot()
        """The last committed state; read it once and use that one value."""

    def restore(self) -> None:
        """Begin with what the store holds; raise StateError when that cannot be read."""
        saved = self._store.load()
        self.ended = saved.ended
        self.published = Snapshot(saved.tally, saved.positions, saved.created)

    def commit(
        self, change: Tally, positions: Mapping[int, Position], ended: Mapping[int, Position] | None = None
    ) -> Snapshot:
        """Add `change`, move to `positions`, drop the generations that `ended`; publish and return the new state."""
        before = self.published
        admitted = self._admission.admit(before.tally, change)
        tally = merge(before.tally, admitted)
        now = self._now()
        created = before.created
        new = admitted.series.keys() - created.keys()
        if new:
            created = {**created, **dict.fromkeys(new, now)}
        self._unsaved_labels.update(admitted.series)
        self._unsaved_ended = {number: at for number, at in self._unsaved_ended.items() if number not in positions}
        self._unsaved_ended.update(ended or {})
        moved = {**before.positions, **positions}
        for number in ended or {}:
            moved.pop(number, None)
        saved_at = now if self._save(tally, created, moved) else before.saved_at
        self.published = Snapshot(tally, moved, created, before.turns + 1, saved_at)
        return self.published

    def close(self) -> None:
        """Let the store go."""
        self._store.close()

    def _save(self, tally: Tally, created: Mapping[LabelSet, float], positions: Mapping[int, Position]) -> bool:
        change = Change(tally, self._unsaved_labels, created, positions, self._unsaved_ended)
        try:
            self._store.write(change)
        except StateError as error:
            self._failed(str(error))
            return False
        self._unsaved_labels = set()
        self._unsaved_ended = {}
        return True
