"""Replay into files that Prometheus can backfill: a plan comes in, one OpenMetrics file for each UTC day goes out.

Samples are cumulative and stand at the times at which a scrape with this interval would have taken them. A counter has
its first sample one step before it first rises, at zero or at the value that it goes on from, so that increase() sees
all of it. Where the logs are silent for up to an hour, samples go on; a longer silence has none, as if nobody had
scraped, and they go on one step before the next line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from logship.config import Config
from logship.errors import UsageError
from logship.measure import Tally
from logship.pipeline import Window
from logship.replay.backfill.days import MAX_POINTS, DayBook
from logship.replay.backfill.directory import abandoned, finished
from logship.replay.backfill.joining import LastValues, from_zero
from logship.replay.backfill.merging import Merge, Reading, Slot
from logship.replay.backfill.naming import Key, Track
from logship.replay.backfill.showing import Showing, Shown
from logship.replay.plan import Plan

DEFAULT_STEP = "15s"
"""The interval that Prometheus is most often told to scrape with."""

MAX_SILENCE_SECONDS = 3600

_STEP = re.compile(r"(\d{1,3})([sm])", re.ASCII)
_MAX_STEP_SECONDS = 240
"""Prometheus looks back five minutes for a sample."""


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """How samples are written.

    Attributes:
        directory: Where; it must exist.
        step: Seconds between two samples of a series.
        labels: Labels that all series get.
        last_values: What counters go on from.
        max_points: Points that are kept in memory.
    """

    directory: Path
    step: int = 15
    labels: Mapping[str, str] = field(default_factory=dict)
    last_values: LastValues = from_zero
    max_points: int = MAX_POINTS


@dataclass(frozen=True, slots=True)
class Backfill:
    """What was written.

    Attributes:
        files: One for each UTC day, by time.
        samples: How many there are in all.
        series: How many series they are of.
        joined: How many of these go on from a value that was there before.
        tally: The numbers of all inputs.
        reading: What is to be told of the inputs.
    """

    files: tuple[Path, ...]
    samples: int
    series: int
    joined: int
    tally: Tally
    reading: Reading


def write_backfill(
    plan: Plan,
    config: Config,
    options: BackfillOptions,
    advance: Callable[[int], None] = lambda _more: None,
    window: Window | None = None,
) -> Backfill:
    """Write the files of days for the inputs of `plan`, which are ordered by the time of their first lines."""
    wanted = replace(config, measure=replace(config.measure, quantiles=False))
    merge = Merge(plan.paths, wanted, options.step, advance, window)
    writer = _Writer(Showing(wanted, options.labels), options)
    try:
        for slot in merge.slots():
            writer.write(slot)
        result = writer.finish(merge.reading)
        finished(options.directory)
        return result
    finally:
        for unfinished in abandoned(options.directory):
            unfinished.unlink()


def step_seconds(text: str) -> int:
    """Return the seconds that a step such as 15s or 1m means; raise UsageError for what is none."""
    found = _STEP.fullmatch(text.strip())
    seconds = int(found[1]) * (60 if found[2] == "m" else 1) if found else 0
    if not 1 <= seconds <= _MAX_STEP_SECONDS:
        raise UsageError(f"--step {text!r} is no scrape interval: whole seconds or minutes from 1s to 4m, such as 15s")
    return seconds


class _Writer:
    def __init__(self, showing: Showing, options: BackfillOptions) -> None:
        self._showing = showing
        self._options = options
        self._step = options.step
        self._book = DayBook(options.directory, options.step, options.max_points)
        self._bases: Mapping[Key, float] | None = None
        self._last: int | None = None
        self._joined = 0
        self._begun: set[Track] = set()

    def write(self, slot: Slot) -> None:
        at = slot.number
        if self._bases is None:
            self._bases = self._options.last_values((at - 1) * self._step)
        self._pass_silence(at)
        shown = self._showing.after(slot.change, at * self._step)
        for track, _ in shown:
            if track not in self._begun:
                self._begin(track, at - 1)
        self._put(at, shown)
        self._last = at

    def _begin(self, track: Track, slot: int) -> None:
        """Let what only rises have a sample before it first does."""
        self._begun.add(track)
        if track.is_cumulative:
            self._book.put(slot, track, self._base(track))
            self._joined += self._base(track) > 0

    def finish(self, reading: Reading) -> Backfill:
        """Write the last day, and what is known only at the end: which records are missing."""
        total = self._showing.total
        lost = total.lost_lines
        total.settle()
        if self._last is not None and total.lost_lines != lost:
            self._put(self._last + 1, self._showing.after(Tally(), (self._last + 1) * self._step))
        self._book.finish()
        book = self._book
        return Backfill(tuple(book.written), book.samples, book.series, self._joined, total, reading)

    def _pass_silence(self, until: int) -> None:
        """Cover the slots since the last one, up to the one before `until`."""
        if self._last is None or (until - self._last) * self._step > MAX_SILENCE_SECONDS:
            self._last = until - 2
        for slot in range(self._last + 1, until):
            self._put(slot, self._showing.silent(slot * self._step))

    def _put(self, slot: int, shown: list[Shown]) -> None:
        self._book.cover(slot)
        for track, value in shown:
            self._book.put(slot, track, value + self._base(track) if self._bases else value)

    def _base(self, track: Track) -> float:
        return self._bases.get(track.key, 0.0) if self._bases and track.is_cumulative else 0.0
