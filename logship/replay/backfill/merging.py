"""Count the lines of all inputs slot by slot: a plan comes in, what each slot of time came to goes out, by time.

Inputs that overlap in time are read side by side, the one that is furthest behind first. A slot is handed out when all
of them have gone on for some minutes; a line that comes later still counts in the slot behind the last one handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import NamedTuple

from logship.config import Config, counted, followed
from logship.errors import InputError
from logship.measure import Tally
from logship.pipeline import SourceOptions, Window
from logship.read import Archive, cutter_for
from logship.replay.backfill.inputs import Input, SlotRun

DISORDER_SECONDS = 300
"""How much later than others of its input a line may stand and still count at its time: proxies date the beginning."""

_MAX_SLOTS = 10_000
"""Slots that are held at most, if times jump about."""


class Slot(NamedTuple):
    """What the lines of one slot came to."""

    number: int
    change: Tally


@dataclass(slots=True)
class Reading:
    """What is to be told of the inputs.

    Attributes:
        damage: What could not be read, one line for each damaged input.
        late: Lines that came so late that they were counted in a later slot.
        untimed: Lines that were left out because no line of their input had told a time before them.
    """

    damage: list[str]
    late: int = 0
    untimed: int = 0


class Merge:
    """Merge the inputs.

    Args:
        paths: The inputs, ordered by the time of their first lines.
        config: How they are counted.
        step: Length of a slot in seconds.
        advance: Told how many more stored bytes have been read.
        window: Lines outside of it are left out.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        config: Config,
        step: int,
        advance: Callable[[int], None] = lambda _more: None,
        window: Window | None = None,
    ) -> None:
        self.reading = Reading([])
        self._paths = iter(enumerate(paths))
        self._config = config
        self._step = step
        self._advance = advance
        # lines come here out of what wraps them
        sources = tuple(replace(source, wrap=None) for source in config.sources)
        self._pipeline = replace(config, sources=sources).pipeline(window=window)
        self._window = window or Window()
        self._options = counted(config.sources)
        self._sources = followed(config.sources)
        self._sources.expand()
        self._held: dict[int, Tally] = {}
        self._oldest = 0
        self._fed: int | None = None

    def slots(self) -> Iterator[Slot]:
        """Yield the slots that have lines, by time."""
        active: list[tuple[int, int, Input]] = []
        newest = self._push_next(active)
        while active:
            at, number, behind = heappop(active)
            yield from self._ready(at)
            if number == newest:  # all inputs that are not open yet begin later than this one
                newest = self._push_next(active)
            self._count(behind.take())
            self._push(active, behind)
        yield from self._ready(None)

    def _push_next(self, active: list[tuple[int, int, Input]]) -> int | None:
        for number, path in self._paths:
            try:
                if self._push(active, self._open(number, path)):
                    return number
            except InputError as error:
                self.reading.damage.append(str(error))
        return None

    def _push(self, active: list[tuple[int, int, Input]], each: Input) -> bool:
        if not each.is_over:
            heappush(active, (each.at, each.number, each))
            return True
        try:
            each.close()
        except InputError as error:
            self.reading.damage.append(str(error))
        self._pipeline.forget(each.number)
        return False

    def _open(self, number: int, path: str) -> Input:
        source = self._sources.of(path)
        return Input(
            number,
            Archive(path),
            cutter_for(self._sources.wrap_of(source), self._config.follow.max_line_bytes),
            source=source,
            options=self._options.get(source, SourceOptions()),
            step=self._step,
            format_of=self._pipeline.format_of,
            advance=self._advance,
        )

    def _count(self, run: SlotRun) -> None:
        if run.slot is None:
            self.reading.untimed += run.batch.lines.count(b"\n") + run.batch.oversize + sum(run.refused.values())
            return
        slot = run.slot
        if slot * self._step <= self._window.since or (slot - 1) * self._step >= self._window.until:
            return
        if slot < self._oldest:
            self.reading.late += run.batch.lines.count(b"\n")
            slot = self._oldest
        if slot != self._fed or self._pipeline.is_crowded:
            self._take()
        self._fed = slot
        self._pipeline.feed(run.batch)
        held = self._held.setdefault(slot, Tally())
        if run.refused:
            labels = self._options.get(run.batch.source, SourceOptions()).labels
            held.part(labels).rejected.update(run.refused)

    def _take(self) -> None:
        """Add what was fed to its slot."""
        if self._fed is not None:
            self._held[self._fed].add(self._pipeline.take())
            self._fed = None

    def _ready(self, at: int | None) -> Iterator[Slot]:
        """Yield what need not be held any longer when all inputs stand at a slot, or are over."""
        while self._held:
            slot = min(self._held)
            is_over = at is None or slot < at - DISORDER_SECONDS // self._step
            if not is_over and len(self._held) <= _MAX_SLOTS:
                break
            if slot == self._fed:
                self._take()
            self._oldest = slot + 1
            yield Slot(slot, self._held.pop(slot))
