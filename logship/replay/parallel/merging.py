"""Put the outcomes of units together in reading order, each only if the truth would have come to the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from logship.config import Config
from logship.measure import Tally
from logship.pipeline import Window
from logship.replay.gaps import SHORTEST_SECONDS, Coverage
from logship.replay.parallel.known import both, is_alike, known_in
from logship.replay.parallel.outcomes import Outcome, Task, Unit
from logship.replay.pieces import Piece
from logship.replay.work import Result


class Merging:
    """What all units so far came to.

    Args:
        config: How it is counted.
        window: Lines outside of it are left out.
        known: Numbers whose routes are known from the start.
    """

    def __init__(self, config: Config, window: Window | None, known: Tally | None) -> None:
        pipeline = config.pipeline(known)
        self._config = config
        self._window = window
        self._total = Tally()
        config.admission.add(self._total, pipeline.take())
        self._known = known_in(self._total, pipeline)
        self._coverage = Coverage()
        self._formats: dict[int, str | None] = {}
        self._damage: dict[int, str] = {}
        self._last: Piece | None = None

    def task(self, unit: Unit, *, is_repeated: bool = False) -> Task:
        """Return what is to be counted, with the truth as it is now for an assumption; next if it `is_repeated`."""
        first = unit[0]
        fmt = self._formats[first.number] if self._is_next(first) else first.format
        short = SHORTEST_SECONDS if is_repeated else max(SHORTEST_SECONDS, self._coverage.short / 2)
        return Task(unit, self._config, self._window, self._known, fmt, short)

    def is_done_with(self, unit: Unit) -> bool:
        """Return whether a unit is not to be counted: the input that it goes on with broke off before."""
        return unit[0].start > 0 and unit[0].number in self._damage

    def accepts(self, task: Task, outcome: Outcome) -> bool:
        """Add the outcome of what comes next, if it is what had come out with the truth for an assumption."""
        first = outcome.pieces[0]
        if first.goes_on(self._last) and outcome.assumed_format != self._formats[first.number]:
            return False
        coverage = self._coverage.after(outcome.chunks, outcome.short)
        if coverage is None or not is_alike(task.known, self._known, outcome.grown, self._config):
            return False
        self._coverage = coverage
        self._total.add(outcome.tally)
        for writers in outcome.writers:
            self._total.add_writers(writers)
            self._total.bound_writers()
        self._known = both(self._known, outcome.grown)
        self._formats.update(outcome.formats)
        self._damage.update(outcome.damage)
        self._last = outcome.pieces[-1]
        return True

    def result(self, paths: Sequence[str], *, is_interrupted: bool) -> Result:
        """Return what all came to; nothing can be added any more."""
        formats: Mapping[str, str | None] = {paths[number]: fmt for number, fmt in self._formats.items()}
        self._total.settle()
        damage = tuple(self._damage.values())
        return Result(self._total, dict(formats), damage, tuple(self._coverage.gaps()), is_interrupted)

    def _is_next(self, first: Piece) -> bool:
        return first.goes_on(self._last) and self._last is not None and self._last.end == first.start
