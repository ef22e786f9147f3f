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
    coverage = Coverage()
    work = _Work(config, config.pipeline(known, window=window, watch=coverage.see), advance, interrupt or Interrupt())
    is_interrupted = False
    try:
        for number, path in enumerate(plan.paths):
            begin(path)
            work.read(number, path, fold_bytes)
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
        self._config = config
        self._pipeline = pipeline
        self._admission = config.admission
        self._sources = followed(config.sources)
        self._sources.expand()
        self._advance = advance
        self._interrupt = interrupt

    def read(self, number: int, path: str, fold_bytes: int) -> None:
        """Count the lines of one input."""
        piece = Piece(number, path, self._sources.of(path), fold_bytes=fold_bytes)
        try:
            for change in changes(piece, self._pipeline, self._config, self._advance, self._interrupt):
                self.total.add(self._admission.admit(self.total, change))
                self.total.bound_writers()
        except InputError as error:
            self.damage.append(str(error))
        finally:
            self.formats[path] = self._pipeline.format_of(number)
            self._pipeline.forget(number)
