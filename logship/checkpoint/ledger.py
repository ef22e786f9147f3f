"""Positions and numbers that change together: a turn's change goes in, an immutable snapshot comes out.

A commit makes the change durable and only then publishes it, so that nobody ever sees a number that a crash could take
back (P2). When the store fails, counting and serving go on, and what could not be written is written with the next
commit that succeeds; until then that promise is suspended, and the failure is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nsmallest

from logship.checkpoint.rows import all_series
from logship.checkpoint.store import MAX_ENDED, Change, NoStore, Store
from logship.errors import StateError
from logship.measure import DEFAULT_BUCKETS, Admission, OwnMetric, OwnMetrics, Series, Tally, merge
from logship.model import Position, SeriesKey


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What has been committed; nothing in it changes any more.

    Attributes:
        tally: The numbers.
        positions: Where each generation that has not ended stands, by its number.
        created: When each series was first counted, in seconds since the epoch.
        turns: How many commits led here since the start.
        saved_at: When the store last took a commit, in seconds since the epoch.
        buckets: Upper bounds of the buckets that durations are counted into, in seconds.
        durations_since: When that began, in seconds since the epoch; 0 when it always was so.
        metrics: The own metrics among the numbers.
    """

    tally: Tally = field(default_factory=Tally)
    positions: Mapping[int, Position] = field(default_factory=dict)
    created: Mapping[SeriesKey, float] = field(default_factory=dict)
    turns: int = 0
    saved_at: float | None = None
    buckets: tuple[float, ...] = DEFAULT_BUCKETS
    durations_since: float = 0.0
    metrics: tuple[OwnMetric, ...] = ()


class Ledger:
    """Own the committed state; written by one thread, read by any."""

    def __init__(
        self,
        admission: Admission,
        store: Store | None = None,
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        own: OwnMetrics = OwnMetrics(),  # noqa: B008 - frozen
        now: Callable[[], float] = lambda: 0.0,
        failed: Callable[[str], None] = lambda _why: None,
        recovered: Callable[[], None] = lambda: None,
    ) -> None:
        self.admission = admission
        """What decides which new label sets stand for themselves."""
        self._store = store if store is not None else NoStore()
        self._is_lasting = not isinstance(self._store, NoStore)
        self._now = now
        self._failed = failed
        self._recovered = recovered
        self._saved_at: float | None = None
        self.is_saved = True
        """Whether the store holds everything that is published."""
        self._unsaved_series: set[SeriesKey] = set()
        self._unsaved_ended: dict[int, Position] = {}
        self.ended: dict[int, Position] = {}
        """The generations that ended, as many as are remembered."""
        self._definitions = own.definitions
        self.published = Snapshot(buckets=tuple(buckets), metrics=own.metrics)
        """The last committed state; read it once and use that one value."""

    def restore(self) -> tuple[str, ...]:
        """Begin with what the store holds; raise StateError when that cannot be read.

        Return the own metrics that begin anew, as they were defined otherwise.
        """
        saved = self._store.load()
        self.ended = dict(saved.ended)
        self.published = replace(
            self.published,
            tally=saved.tally,
            positions=saved.positions,
            created=saved.created,
            durations_since=self._now() if saved.durations_since is None else saved.durations_since,
        )
        return saved.begun_anew

    def saved_at(self) -> float | None:
        """Return when the store last held everything that is published; None without a store that lasts."""
        if self._is_lasting and self.is_saved:
            self._saved_at = self._now()
        return self._saved_at

    def begin_durations_anew(self, buckets: Sequence[float]) -> None:
        """Count durations into other `buckets` from now on; the next commit makes that durable."""
        self._store.use_buckets(buckets)
        tally = self.published.tally.copy()
        nothing = (0,) * (len(buckets) + 1)
        for _, part in tally.by_labels():
            part.series = {labels: Series(each.requests, nothing, 0, 0, {}) for labels, each in part.series.items()}
        self._unsaved_series.update(all_series(tally))
        self.published = replace(self.published, tally=tally, buckets=tuple(buckets), durations_since=self._now())

    def use_metrics(self, own: OwnMetrics) -> tuple[str, ...]:
        """Count the metrics of `own` from now on; return those that begin anew, as they were defined otherwise.

        Those that are not among them are forgotten; the next commit makes that durable.
        """
        definitions = own.definitions
        gone = {name for name, was in self._definitions.items() if definitions.get(name) != was}
        self._store.use_metrics(definitions)
        self._definitions = definitions
        tally = self.published.tally.copy()
        forgotten: set[SeriesKey] = set()
        for constant, part in tally.by_labels():
            forgotten |= {(constant, key) for key in part.own if key.metric in gone}
            part.own = {key: sample for key, sample in part.own.items() if key.metric not in gone}
        created = {key: at for key, at in self.published.created.items() if key not in forgotten}
        self._unsaved_series -= forgotten
        self.published = replace(self.published, tally=tally, created=created, metrics=own.metrics)
        return tuple(sorted(gone & definitions.keys()))

    def commit(
        self, change: Tally, positions: Mapping[int, Position], ended: Mapping[int, Position] | None = None
    ) -> Snapshot:
        """Add `change`, move to `positions`, drop the generations that `ended`; publish and return the new state."""
        before = self.published
        admitted = self.admission.admit(before.tally, change)
        tally = merge(before.tally, admitted)
        tally.bound_writers()
        now = self._now()
        created = before.created
        changed = all_series(admitted)
        if new := changed.difference(created):
            created = {**created, **dict.fromkeys(new, now)}
        self._unsaved_series.update(changed)
        self._unsaved_ended = {number: at for number, at in self._unsaved_ended.items() if number not in positions}
        self._unsaved_ended.update(ended or {})
        moved = {**before.positions, **positions}
        for number in ended or {}:
            moved.pop(number, None)
        self._remember(positions, ended or {})
        after = replace(before, tally=tally, positions=moved, created=created, turns=before.turns + 1)
        self.published = replace(after, saved_at=now) if self._save(after) else after
        return self.published

    def close(self) -> None:
        """Let the store go."""
        self._store.close()

    def _remember(self, positions: Mapping[int, Position], ended: Mapping[int, Position]) -> None:
        """Keep the latest generations that ended, without those that go on."""
        for number in positions:
            self.ended.pop(number, None)
        self.ended.update(ended)
        for number in nsmallest(len(self.ended) - MAX_ENDED, self.ended):
            del self.ended[number]

    def _save(self, after: Snapshot) -> bool:
        change = Change(
            after.tally,
            self._unsaved_series,
            after.created,
            after.positions,
            self._unsaved_ended,
            self.ended,
            after.durations_since,
        )
        try:
            self._store.write(change)
        except StateError as error:
            self.is_saved = False
            self._failed(str(error))
            return False
        self._unsaved_series = set()
        self._unsaved_ended = {}
        if not self.is_saved:
            self.is_saved = True
            self._recovered()
        return True
