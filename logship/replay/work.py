"""Do the work of a replay: inputs come in, one tally goes out, by the same pipeline as live (P5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logship.config import Config, followed
from logship.errors import InputError
from logship.measure import Tally
from logship.pipeline import Pipeline, Window
from logship.replay.batches import Advance
from logship.replay.gaps import Coverage, Gap
from logship.replay.interrupt import Interrupt, Stopped
from logship.replay.pieces import FOLD_BYTES, Piece, changes
from logship.replay.plan import Plan

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
    fold_bytes: int = FOLD_BYTES,
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
        fold_bytes: Bytes of an input between two folds.
    """
    work, interrupt = Work(config), interrupt or Interrupt()
    pipeline = config.pipeline(known, window=window, watch=work.coverage.see)

    def count(piece: Piece) -> None:
        for change in changes(piece._replace(fold_bytes=fold_bytes), pipeline, config, advance, interrupt):
            work.add(change)

    return work.done(plan, pipeline, count, begin)


class Work:
    """Add up what inputs come to.

    Attributes:
        total: The numbers so far.
        coverage: The times of the lines that are counted.
    """

    def __init__(self, config: Config) -> None:
        self.total = Tally()
        self.coverage = Coverage()
        self._admission = config.admission
        self._sources = followed(config.sources)
        self._sources.expand()

    def add(self, change: Tally) -> Tally:
        """Add numbers within the limits; return what they are then."""
        return self._admission.add(self.total, change)

    def done(self, plan: Plan, pipeline: Pipeline, count: Callable[[Piece], None], begin: Begin) -> Result:
        """Return what all inputs of `plan` come to, each counted by `count` with `pipeline`, up to an interruption."""
        formats: dict[str, str | None] = {}
        damage: list[str] = []
        is_interrupted = False
        try:
            for number, path in enumerate(plan.paths):
                begin(path)
                try:
                    count(Piece(number, path, self._sources.of(path)))
                except InputError as error:
                    damage.append(str(error))
                finally:
                    formats[path] = pipeline.format_of(number)
                    pipeline.forget(number)
        except Stopped:
            is_interrupted = True
        self.total.settle()
        return Result(self.total, formats, tuple(damage), tuple(self.coverage.gaps()), is_interrupted)
