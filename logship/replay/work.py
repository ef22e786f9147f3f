"""Do the work of a replay: inputs come in, one tally goes out, by the same pipeline as live (P5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from logship.config import Config, followed
from logship.errors import InputError
from logship.measure import Tally
from logship.model import Batch
from logship.pipeline import Pipeline, Window
from logship.read import Archive, Cutter, cutter_for
from logship.replay.batches import Advance, batches_of
from logship.replay.gaps import Coverage, Gap
from logship.replay.interrupt import Interrupt, Stopped
from logship.replay.plan import Plan

FOLD_BYTES = 16 << 20
"""Bytes between two folds: the more, the fewer lists to fold, and still only a few megabytes of durations."""

Begin = Callable[[str], None]
"""Told the name of each input before it is read."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a replay came to.

    Attributes:
        tally: The numbers of all inputs.
        formats: Name of the format found, by input; None where no request showed it.
        damage: What could not be read, one line for each damaged input.
        gaps: Times in which nothing was logged.
        is_interrupted: Whether the user ended it before the inputs did.
    """

    tally: Tally
    formats: dict[str, str | None]
    damage: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()
    is_interrupted: bool = False


def replay(
    plan: Plan,
    config: Config,
    advance: Advance,
    *,
    begin: Begin = lambda _path: None,
    window: Window | None = None,
    known: Tally | None = None,
    interrupt: Interrupt | None = None,
) -> Result:
    """Count the lines of all inputs of `plan`, one after the other.

    Args:
        plan: What is read.
        config: How it is counted.
        advance: Told of the progress.
        begin: Told of each input.
        window: Lines outside of it are left out.
        known: Numbers whose routes are known from the start, as those of another replay that this is compared with.
        interrupt: Ends it early.
    """
    coverage = Coverage()
    work = _Work(config, config.pipeline(known, window=window, watch=coverage.see), advance, interrupt or Interrupt())
    is_interrupted = False
    try:
        for number, path in enumerate(plan.paths):
            begin(path)
            work.read(number, path)
    except Stopped:
        is_interrupted = True
    total = work.total
    total.settle()
    return Result(total, work.formats, tuple(work.damage), tuple(coverage.gaps()), is_interrupted)


class _Work:
    """Add up what the inputs come to."""

    def __init__(self, config: Config, pipeline: Pipeline, advance: Advance, interrupt: Interrupt) -> None:
        self.total = Tally()
        self.formats: dict[str, str | None] = {}
        self.damage: list[str] = []
        self._pipeline = pipeline
        self._admission = config.admission
        self._sources = followed(config.sources)
        self._sources.expand()
        self._max_line_bytes = config.follow.max_line_bytes
        self._advance = advance
        self._interrupt = interrupt

    def read(self, number: int, path: str) -> None:
        """Count the lines of one input."""
        source = self._sources.of(path)
        cutter = cutter_for(self._sources.wrap_of(source), self._max_line_bytes)
        try:
            for change in _changes(self._batches(path, number, source, cutter), self._pipeline):
                self.total.add(self._admission.admit(self.total, change))
                self.total.bound_writers()
        except InputError as error:
            self.damage.append(str(error))
        finally:
            self.formats[path] = self._pipeline.format_of(number)
            self._pipeline.forget(number)

    def _batches(self, path: str, number: int, source: str, cutter: Cutter) -> Iterator[Batch]:
        archive = Archive(path)
        blocks = iter(partial(self._interrupt.next_of, archive.blocks()), b"")
        return batches_of(archive, blocks, cutter, number=number, source=source, advance=self._advance)


def _changes(batches: Iterator[Batch], pipeline: Pipeline) -> Iterator[Tally]:
    """Yield what some megabytes of an input came to, again and again; also before an error or an interruption."""
    unfolded = 0
    try:
        for batch in batches:
            pipeline.feed(batch)
            unfolded += batch.end - batch.start
            if unfolded >= FOLD_BYTES or pipeline.is_crowded:
                yield pipeline.take()
                unfolded = 0
    except (InputError, Stopped):
        yield pipeline.take()
        raise
    yield pipeline.take()
