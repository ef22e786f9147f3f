"""Note what the status page shows beside the numbers: the last quarter of an hour, refused lines, files that wait.

Used by the sidecar's thread alone. It costs a turn little: the rates are a sum of what the turn counted, and only when
lines were refused are the last batches looked at again, at most once a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from logship.expose.status import RefusedLine
from logship.measure import Recent, Series, Tally, cells_of, fold
from logship.model import Batch, LabelSet, Position, Reason
from logship.pipeline import RefusalFinder
from logship.read import Generation

_BATCHES = 8
"""The last ones of a turn, some 64 KiB each, that refused lines are looked for in."""

_REFUSED = 20
_REFUSED_AT_ONCE = 5
_SEARCH_SECONDS = 1.0


class Committed(NamedTuple):
    """What a commit was about.

    Attributes:
        change: What was counted, before the limits.
        total: All the numbers with it.
        positions: The generations, those that ended included.
        format_of: Returns the format of a generation.
    """

    change: Tally
    total: Tally
    positions: Mapping[int, Position]
    format_of: Callable[[int], str | None]


class NoChronicle:
    """Notes nothing: nobody will look."""

    def begin(self) -> None:
        """Note rates from now on, if that is not done yet: what was there at the start was not written just now."""

    def fed(self, batch: Batch) -> None:
        """Note that a batch was counted."""

    def looked(self, files: Iterable[Generation], now: float) -> None:
        """Note which files still have something that is not counted, after a turn that began at `now`."""

    def lasting(self, change: Tally) -> Tally:
        """Return what of a change is to be committed."""
        return change

    def committed(self, commit: Committed) -> None:
        """Note what was committed."""


class Chronicle(NoChronicle):
    """Notes what happened lately.

    Args:
        finder: Returns what finds refused lines by the configuration that is obeyed.
        now: The time in seconds since the epoch.
        monotonic: The clock of the sidecar, in seconds.
    """

    def __init__(
        self, finder: Callable[[], RefusalFinder], *, now: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._finder = finder
        self._now = now
        self._monotonic = monotonic
        self._batches: deque[Batch] = deque(maxlen=_BATCHES)
        self._searched_at = float("-inf")
        self._waiting_since: dict[int, float] = {}
        self._has_begun = False
        self.recent = Recent.beginning(monotonic())
        """The requests of the last quarter of an hour."""
        self.refused: tuple[RefusedLine, ...] = ()
        """Refused lines, the last one first."""

    def begin(self) -> None:
        """Note rates from now on."""
        if not self._has_begun:
            self._has_begun = True
            self.recent = Recent.beginning(self._monotonic())

    def fed(self, batch: Batch) -> None:
        """Keep the batch until the commit."""
        self._batches.append(batch)

    def looked(self, files: Iterable[Generation], now: float) -> None:
        """Note since when each file has something that waits."""
        since = self._waiting_since
        self._waiting_since = {file.number: since.get(file.number, now) for file in files if file.behind_bytes}

    def waiting_seconds(self, generation: int, now: float) -> float:
        """Return for how long some of a file has been waiting, 0 when nothing of it is."""
        return max(0.0, now - self._waiting_since.get(generation, now))

    def lasting(self, change: Tally) -> Tally:
        """Return the change without sketches: they are of the last minutes alone."""
        series = {labels: each._replace(sketch={}) for labels, each in change.series.items()}
        return replace(change, series=series, parts={at: self.lasting(part) for at, part in change.parts.items()})

    def committed(self, commit: Committed) -> None:
        """Note rates, and where lines were refused."""
        now = self._monotonic()
        if self._has_begun:
            self.recent = self.recent.plus(cells_of(_admitted(commit.change, commit.total)), now)
        rejected = commit.change.whole().rejected
        if rejected and now - self._searched_at >= _SEARCH_SECONDS:
            self._searched_at = now
            self.refused = (*self._search(commit, set(rejected)), *self.refused)[:_REFUSED]
        self._batches.clear()

    def _search(self, commit: Committed, reasons: set[Reason]) -> Iterator[RefusedLine]:
        finder, at, room = self._finder(), self._now(), _REFUSED_AT_ONCE
        for batch in reversed(self._batches):
            if not room or batch.generation not in commit.positions:
                continue
            path = commit.positions[batch.generation].path
            for each in finder.find(batch, commit.format_of(batch.generation), room):
                if each.reason in reasons:
                    room -= 1
                    yield RefusedLine(each.reason, path, each.start, each.end, at)


def _admitted(change: Tally, total: Tally) -> Iterator[tuple[LabelSet, Series]]:
    """Yield what a change counted under the labels that the limits left it."""
    for constant, part in change.by_labels():
        held = dict(total.by_labels())[constant].series
        yield from ((labels if labels in held else fold(labels), series) for labels, series in part.series.items())
