"""Count the units of a replay by a crew of workers, and come to the very result of counting them one after the other.

Each unit is counted on the assumption that the labels known when it is handed out are all that matter; the outcomes
are checked in reading order, and a unit for which the assumption was not good enough is counted again. Soon all labels
are known, and every assumption is the truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from logship.config import Config
from logship.measure import Tally
from logship.pipeline import Window
from logship.replay.batches import Advance
from logship.replay.interrupt import Interrupt
from logship.replay.parallel.merging import Merging
from logship.replay.parallel.outcomes import Outcome, Task, Unit, count
from logship.replay.parallel.units import is_repeatable
from logship.replay.plan import Plan
from logship.replay.work import Begin, Result

_LOOK_SECONDS = 0.1
"""How often a signal is looked for."""


class Crew(Protocol):
    """Workers that count.

    Attributes:
        capacity: How many units should be with them.
        share: How many units that follow each other are handed out together.
    """

    capacity: int
    share: int

    def submit(self, tasks: Sequence[Task], *, is_urgent: bool) -> int:
        """Let units be counted that follow each other; return the number of the order."""

    def wait(self, order: int, seconds: float) -> Sequence[Outcome] | None:
        """Return the outcomes of an order, None when they are not there after some seconds; each only once."""

    def progress(self, order: int) -> int:
        """Return how many stored bytes have been read for an order."""

    def stop(self, order: int) -> Sequence[Outcome]:
        """Return what is there of an order; all others are forgotten."""


@dataclass(slots=True)
class _Order:
    units: list[Unit]
    task: Task
    number: int | None
    is_repeated: bool = False
    told_bytes: int = 0


def replay_by(
    crew: Crew,
    units: Iterable[Unit],
    plan: Plan,
    config: Config,
    advance: Advance,
    *,
    begin: Begin = lambda _path: None,
    window: Window | None = None,
    known: Tally | None = None,
    interrupt: Interrupt | None = None,
) -> Result:
    """Count the `units` of `plan`; the other arguments are those of `replay`, and so is the result."""
    work = _Work(crew, iter(units), Merging(config, window, known), advance, interrupt or Interrupt())
    is_interrupted = not work.is_finished(begin)
    return work.merging.result(plan.paths, is_interrupted=is_interrupted)


class _Work:
    def __init__(
        self, crew: Crew, units: Iterator[Unit], merging: Merging, advance: Advance, interrupt: Interrupt
    ) -> None:
        self.merging = merging
        self._crew = crew
        self._units = units
        self._advance = advance
        self._interrupt = interrupt
        self._orders: deque[_Order] = deque()

    def is_finished(self, begin: Begin) -> bool:
        """Return whether everything was counted, and no signal has ended it."""
        while True:
            self._hand_out()
            if not self._orders:
                return True
            first = self._orders[0]
            begin(first.units[0][0].path)
            outcomes = self._outcomes(first)
            self._orders.popleft()
            self._take(first, outcomes)
            if self._interrupt.is_asked or any(outcome.is_interrupted for outcome in outcomes):
                return False

    def _hand_out(self) -> None:
        """Keep the crew busy with what comes next."""
        while sum(len(order.units) for order in self._orders) < self._crew.capacity:
            units: list[Unit] = []
            for unit in self._units:
                units.append(unit)
                if len(units) >= self._crew.share or not is_repeatable(unit):
                    break
            if not units:
                return
            self._orders.extend(self._ordered(units))

    def _ordered(self, units: list[Unit], *, is_repeated: bool = False) -> list[_Order]:
        """Order units that follow each other; one that cannot be repeated is counted here when its turn comes."""
        own = [units.pop()] if units and not is_repeatable(units[-1]) else []
        orders = []
        for start in range(0, len(units), self._crew.share):
            part = units[start : start + self._crew.share]
            tasks = [self.merging.task(unit, is_repeated=is_repeated) for unit in part]
            number = self._crew.submit(tasks, is_urgent=is_repeated)
            orders.append(_Order(part, tasks[0], number, is_repeated))
        return [*orders, *(_Order([unit], self.merging.task(unit), None) for unit in own)]

    def _outcomes(self, order: _Order) -> Sequence[Outcome]:
        if order.number is None:
            order.task = self.merging.task(order.units[0])
            return [count(order.task, self._advance, self._interrupt)]
        while (outcomes := self._crew.wait(order.number, _LOOK_SECONDS)) is None:
            self._tell()
            if self._interrupt.is_asked:
                return self._crew.stop(order.number)
        self._tell()
        return outcomes

    def _tell(self) -> None:
        """Say how many bytes more have been read, those of a unit that is counted again once."""
        for order in self._orders:
            if order.number is not None and not order.is_repeated:
                read = self._crew.progress(order.number)
                if read > order.told_bytes:
                    self._advance(read - order.told_bytes)
                    order.told_bytes = read

    def _take(self, order: _Order, outcomes: Sequence[Outcome]) -> None:
        """Add the outcomes; let units be counted again from the first one on that cannot be added."""
        units = order.units
        for outcome in outcomes:
            is_left_out = self.merging.is_done_with(units[0])
            is_added = not is_left_out and self.merging.accepts(order.task, outcome)
            units = units[outcome.units if is_added else 1 if is_left_out else 0 :]
            if not is_added and (not is_left_out or outcome.units > 1):
                if not self._interrupt.is_asked:
                    self._orders.extendleft(reversed(self._ordered(units, is_repeated=True)))
                return
