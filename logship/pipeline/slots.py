"""Count as a pipeline does, and tell apart what each slot of time came to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from logship.measure import DEFAULT_MAX_ROUTES, OwnMetrics, Tally
from logship.model import Constant
from logship.parse import UNDECIDED, Format, LineTimes, detect, format_named, runs_by_time
from logship.pipeline.batches import Pipeline, Watch
from logship.pipeline.counting import FormatCounter
from logship.pipeline.options import MeasureOptions, SourceOptions
from logship.pipeline.window import Window

SHARE_BYTES = 2 << 20
"""Lines that are held at most, so that they can be looked into once more."""

_LAST_BOUND = 1 << 40
"""Seconds since the epoch that no log tells."""


class CountedLines(NamedTuple):
    """Lines of one format, after they were counted; `constant` are the labels of their source."""

    constant: Constant
    counter: FormatCounter
    lines: bytes


class Share(NamedTuple):
    """What some lines in a row came to.

    Attributes:
        start: Beginning of the slot in which they lie, in seconds since the epoch; None where none has told a time.
        change: The change of the tally.
        counted: The lines.
    """

    start: int | None
    change: Tally
    counted: tuple[CountedLines, ...]


class SlotPipeline(Pipeline):
    """Turn batches into changes of a tally, each of one slot; their sum is what a `Pipeline` makes of them.

    Args:
        width: Gives the length of a slot in seconds, which may change.
    """

    def __init__(
        self,
        options: MeasureOptions,
        sources: Mapping[str, SourceOptions],
        own: OwnMetrics,
        *,
        width: Callable[[], int],
        max_routes: int = DEFAULT_MAX_ROUTES,
        window: Window | None = None,
        watch: Watch | None = None,
    ) -> None:
        super().__init__(options, sources, own, max_routes=max_routes, window=window, watch=watch)
        self._width = width
        self._line_times: dict[str, LineTimes] = {}
        self._latest: dict[int, float] = {}
        self._start: int | None = None
        self._counted: list[CountedLines] = []
        self._held_bytes = 0
        self._shares: list[Share] = []

    def take_shares(self) -> list[Share]:
        """Return what has been counted since the last call, as far as it is complete."""
        shares, self._shares = self._shares, []
        return shares

    def close_share(self) -> None:
        """Complete what has been counted until now."""
        counted, self._counted, self._held_bytes = tuple(self._counted), [], 0
        self._shares.append(Share(self._start, self.take(), counted))

    def forget(self, generation: int) -> None:
        """Drop what is known of a generation that will not come again."""
        super().forget(generation)
        self._latest.pop(generation, None)

    def _count(self, generation: int, source: SourceOptions, lines: bytes) -> FormatCounter:
        counters = [
            self._count_run(generation, source, start, run) for start, run in self._runs(generation, source, lines)
        ]
        return counters[-1]

    def _count_run(self, generation: int, source: SourceOptions, start: int | None, lines: bytes) -> FormatCounter:
        if self._counted and (start != self._start or self._held_bytes >= SHARE_BYTES):
            self.close_share()
        self._start = start
        counter = super()._count(generation, source, lines)
        self._counted.append(CountedLines(source.labels, counter, lines))
        self._held_bytes += len(lines)
        return counter

    def _runs(self, generation: int, source: SourceOptions, lines: bytes) -> Iterator[tuple[int | None, bytes]]:
        """Yield `lines` as runs, with the beginning of the slot of each."""
        width = self._width()
        latest = self._latest.get(generation)
        before = None if latest is None else math.floor(latest / width) + 1
        times = self._times_of(self._format(generation, source, lines))
        for slot, run in runs_by_time(lines, range(0, _LAST_BOUND, width), times, before):
            start = None if slot is None else (slot - 1) * width
            if start is not None:
                self._latest[generation] = start
            yield start, run

    def _format(self, generation: int, source: SourceOptions, lines: bytes) -> Format:
        chosen = self._chosen.get(generation)
        if chosen is not None:
            return chosen.format
        return format_named(source.format) if source.format else detect(lines).format or UNDECIDED

    def _times_of(self, fmt: Format) -> LineTimes:
        if fmt.name not in self._line_times:
            self._line_times[fmt.name] = LineTimes(fmt)
        return self._line_times[fmt.name]
