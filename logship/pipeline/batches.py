"""Batches of lines come in, the change of the tally goes out: parse and measure, joined on the hot path.

Live and replay run this very code (P5). It is pure: no files, no clock, no threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from logship.measure import (
    DEFAULT_MAX_ROUTES,
    Exemplars,
    LearnedRoutes,
    LearnedSegments,
    OwnMetrics,
    Roll,
    Routes,
    Tally,
)
from logship.model import Batch, Constant, Reason
from logship.parse import UNDECIDED, UNWRAPS, Detected, Format, detect, format_named, said
from logship.pipeline.counting import MAX_LISTS, FormatCounter
from logship.pipeline.exemplars import ExemplarFinder
from logship.pipeline.options import MeasureOptions, SourceOptions
from logship.pipeline.window import Window, WindowCutter

_MAX_PENDING = 3 * MAX_LISTS
"""Label sets that may wait for the next `take`: they are admitted, and so bounded, only then."""

_MAX_NUMBERS = 10_000
"""Runs of record numbers that may wait for the next `take`: only then are they bounded."""


Times = Callable[[bytes], list[float]]
"""Gives the times of the first and the last of some lines in seconds since the epoch, as far as they have one."""

Watch = Callable[[bytes, list[float], Times], None]
"""Is shown all lines that are counted, chunk by chunk, the times of the ends of each, and how to read others."""


class Pipeline:
    """Turn batches into changes of a tally.

    Args:
        options: What to make of the records.
        sources: How the lines of each source are read, by its name.
        own: Own metrics and drop rules.
        max_routes: How many routes stand for themselves, for each set of constant labels.
        before: The numbers that the changes are added to: their routes are known.
        window: Lines outside of it are not counted, but how many they are.
        watch: Is shown the lines that are counted.
        with_exemplars: Whether to note requests with a trace id.
    """

    def __init__(
        self,
        options: MeasureOptions,
        sources: Mapping[str, SourceOptions] | None = None,
        own: OwnMetrics = OwnMetrics(),  # noqa: B008 - frozen
        *,
        max_routes: int = DEFAULT_MAX_ROUTES,
        before: Tally | None = None,
        window: Window | None = None,
        watch: Watch | None = None,
        with_exemplars: bool = False,
    ) -> None:
        self._options = options
        self._sources = sources or {}
        self._routes_of_urls = LearnedRoutes(Routes(options.routes))
        self._new_segments = partial(LearnedSegments, max_routes, options.routes)
        self._segments = {labels: self._new_segments(_routes(part)) for labels, part in (before or Tally()).by_labels()}
        self._counters: dict[tuple[Constant, str], FormatCounter] = {}
        self._chosen: dict[int, FormatCounter] = {}
        self._candidates: dict[int, frozenset[str]] = {}
        self._roll = Roll(lambda line: said(line).at)
        self._own = own
        self._window = WindowCutter(window) if window is not None else None
        self._watch = watch
        self._exemplars = ExemplarFinder(options.buckets) if with_exemplars else None
        self._change = Tally()
        for labels in {source.labels for source in self._sources.values()} or {()} if own.metrics else ():
            self._change.part(labels).own = own.zeros()

    def feed(self, batch: Batch) -> None:
        """Count the lines of `batch`."""
        source = self._sources.get(batch.source, SourceOptions())
        change = self._change.part(source.labels)
        change.read_bytes += batch.end - batch.start
        if batch.oversize:
            change.rejected[Reason.TOO_LONG] += batch.oversize
        lines = batch.lines
        if source.wrap is not None:
            lines, refused = UNWRAPS[source.wrap](lines)
            change.rejected.update(refused)
        if lines and self._window is not None:
            lines = self._inside(batch.generation, source, lines, self._window)
        if lines:
            counter = self._count(batch.generation, source, lines)
            ends = counter.times(lines)
            change.widen_span(ends)
            if self._exemplars is not None:
                self._exemplars.note(source.labels, counter, lines)
            if self._watch is not None:
                self._watch(lines, ends, counter.times)

    @property
    def is_crowded(self) -> bool:
        """Whether so much waits to be taken that it should be done soon: a flood of distinct urls, of lost records."""
        waiting = sum(counter.pending for counter in self._counters.values())
        return waiting > _MAX_PENDING or self._roll.size > _MAX_NUMBERS

    def take(self) -> Tally:
        """Return what has been counted since the last call.

        What comes later depends on no more than `routes` and `format_of` of the generations: another pipeline that
        knows these would count it alike.
        """
        change, self._change = self._change, Tally()
        for (labels, _), counter in sorted(self._counters.items(), key=_in_order):
            counter.drain_into(change.part(labels))
        change.add_writers(self._roll.take())
        return change

    def take_exemplars(self) -> Exemplars:
        """Return the requests with a trace id that were noted since the last call."""
        return self._exemplars.take() if self._exemplars is not None else {}

    def format_of(self, generation: int) -> str | None:
        """Return the name of the format that was found for a generation, None while no request was seen."""
        counter = self._chosen.get(generation)
        return counter.format.name if counter is not None else None

    def resume(self, generation: int, source: str, fmt: str | None) -> None:
        """Go on with a generation for which another pipeline has found a format, None if it found none."""
        if fmt is not None:
            labels = self._sources.get(source, SourceOptions()).labels
            self._chosen[generation] = self._counter_for(labels, format_named(fmt))

    @property
    def routes(self) -> Mapping[Constant, frozenset[str]]:
        """The routes that count as they are, by constant labels, as far as routes are learned from them."""
        return {labels: frozenset(segments.kept) for labels, segments in self._segments.items()}

    def candidates_of(self, generation: int) -> frozenset[str] | None:
        """Return the names of the formats that claimed the same lines of a generation, so that these were rejected.

        None when there was no such line; nothing at all when they are wrapped by a container runtime.
        """
        return self._candidates.get(generation)

    def forget(self, generation: int) -> None:
        """Drop what is known of a generation that will not come again."""
        self._chosen.pop(generation, None)
        self._candidates.pop(generation, None)
        if self._window is not None:
            self._window.forget(generation)

    def _inside(self, generation: int, source: SourceOptions, lines: bytes, window: WindowCutter) -> bytes:
        """Return the lines inside the window; the others are noted, so that none of them seems to be lost."""
        chosen = self._chosen.get(generation)
        fmt = chosen.format if chosen is not None else format_named(source.format) if source.format else None
        if fmt is None:
            fmt = window.format_of(generation) or detect(lines).format
        inside, outside = window.cut(generation, fmt, lines)
        self._change.part(source.labels).outside += len(outside) - len(outside.replace(b"\n", b""))  # `count` is slow
        if inside and outside:
            self._counter_for(source.labels, fmt or UNDECIDED).note_numbers(outside)
        return inside

    def _count(self, generation: int, source: SourceOptions, lines: bytes) -> FormatCounter:
        """Count `lines`; return what counts the last of them. The division into batches must not matter."""
        chosen = self._chosen.get(generation)
        if chosen is None and source.format is not None:
            chosen = self._chosen[generation] = self._counter_for(source.labels, format_named(source.format))
        if chosen is None:
            found = detect(lines)
            chosen = self._count_undecided(generation, source, found)
            lines = found.rest
        if lines:
            chosen.count(lines)
        return chosen

    def _count_undecided(self, generation: int, source: SourceOptions, found: Detected) -> FormatCounter:
        """Count the lines before the first request; return what counts those from it on."""
        if found.before:
            self._counter_for(source.labels, UNDECIDED).count(found.before)
        if found.refused:
            self._change.part(source.labels).rejected.update(found.refused)
            self._candidates[generation] = self._candidates.get(generation, frozenset()) | found.candidates
        if found.format is None:
            return self._counter_for(source.labels, UNDECIDED)
        chosen = self._chosen[generation] = self._counter_for(source.labels, found.format)
        return chosen

    def _counter_for(self, labels: Constant, fmt: Format) -> FormatCounter:
        counter = self._counters.get((labels, fmt.name))
        if counter is None:
            segments = self._segments.setdefault(labels, self._new_segments())
            counter = FormatCounter(fmt, self._routes_of_urls, segments, self._roll, self._options, own=self._own)
            self._counters[labels, fmt.name] = counter
        return counter


def _in_order(counted: tuple[tuple[Constant, str], FormatCounter]) -> tuple[Constant, bool, str]:
    """Return what sorts counters as their lines come in a file: those before the first request shows the format."""
    (labels, name), _ = counted
    return labels, name != UNDECIDED.name, name


def _routes(tally: Tally) -> set[str]:
    return {labels.route for labels in tally.series}
