"""Count a unit of the inputs, wherever that is done: a task comes in, an outcome goes out, and nothing else matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from logship.config import Config
from logship.errors import InputError
from logship.measure import Tally, Writer, merge
from logship.pipeline import Pipeline, Window
from logship.replay.batches import Advance
from logship.replay.gaps import Seen, Times, seen
from logship.replay.interrupt import Interrupt, Stopped
from logship.replay.parallel.known import (
    Known,
    both,
    counted_before,
    held_in,
    is_alike,
    known_in,
    knows_routes,
    learn,
    without,
)
from logship.replay.pieces import Piece, changes

Unit = tuple[Piece, ...]
"""Pieces that follow each other and are counted together."""


@dataclass(frozen=True, slots=True)
class Task:
    """A unit, and what is assumed to be there before it.

    Attributes:
        unit: What is counted.
        config: How it is counted.
        window: Lines outside of it are left out.
        known: The labels that are known.
        format: Name of the format found so far for an input in whose middle the unit begins, None for none.
        short: How closely gaps are looked for: see `Coverage.short`.
    """

    unit: Unit
    config: Config
    window: Window | None
    known: Known
    format: str | None
    short: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one unit, or several that follow each other, came to.

    Attributes:
        units: How many units they were.
        pieces: What was counted; all of them, unless it was interrupted.
        tally: The numbers, without those of writing processes.
        writers: What was found of writing processes, fold by fold.
        grown: The labels that are new.
        chunks: What all chunks say of the times.
        short: How closely these were looked at.
        assumed_format: The format that was assumed at the beginning.
        formats: The formats found, by the number of the input.
        damage: What could not be read, by the number of the input.
        is_interrupted: Whether it was ended early.
    """

    units: int
    pieces: Unit
    tally: Tally
    writers: tuple[Mapping[str, Writer], ...]
    grown: Known
    chunks: tuple[Seen, ...]
    short: float
    assumed_format: str | None
    formats: Mapping[int, str | None]
    damage: Mapping[int, str]
    is_interrupted: bool = False


def count(task: Task, advance: Advance = lambda _more: None, interrupt: Interrupt | None = None) -> Outcome:
    """Count a unit."""
    return Counting(task.config, task.window).outcome(task, advance, interrupt or Interrupt())


class Counting:
    """Count units one after another; what was learned from one is used for the next where that changes nothing."""

    def __init__(self, config: Config, window: Window | None) -> None:
        self._config = config
        self._window = window
        self._admission = config.admission
        self._pipeline: Pipeline | None = None
        self._chunks: list[Seen] = []
        self._short = 0.0
        self._tally = Tally()
        self._held = Tally()
        self._writers: list[Mapping[str, Writer]] = []

    def fits(self, task: Task) -> bool:
        """Return whether a task is to be counted so."""
        return (task.config, task.window) == (self._config, self._window)

    def outcome(self, task: Task, advance: Advance, interrupt: Interrupt) -> Outcome:
        """Count a unit, unless it is interrupted."""
        self._chunks, self._short = [], task.short
        self._held, self._tally, self._writers = held_in(task.known), Tally(), []
        pipeline = self._pipeline = self._pipeline_for(task.known)
        first = task.unit[0]
        if first.start:
            pipeline.resume(first.number, first.source, task.format)
        formats: dict[int, str | None] = {}
        damage: dict[int, str] = {}
        is_interrupted = False
        for piece in task.unit:
            try:
                for change in changes(piece, pipeline, self._config, advance, interrupt):
                    self._add(change)
            except InputError as error:
                damage[piece.number] = str(error)
            except Stopped:
                is_interrupted = True
            formats[piece.number] = pipeline.format_of(piece.number)
            pipeline.forget(piece.number)
            if is_interrupted:
                break
        return Outcome(
            1,
            task.unit[: len(formats)],
            self._tally,
            tuple(self._writers),
            without(known_in(self._held, pipeline), task.known),
            tuple(self._chunks),
            task.short,
            task.format,
            formats,
            damage,
            is_interrupted,
        )

    def _pipeline_for(self, known: Known) -> Pipeline:
        """Return a pipeline that knows the routes that are known: the last one if it does."""
        if self._pipeline is not None and knows_routes(self._pipeline, known):
            return self._pipeline
        pipeline = self._config.pipeline(counted_before(known), window=self._window, watch=self._see)
        pipeline.take()  # the series that exist from the beginning are known already
        return pipeline

    def _add(self, change: Tally) -> None:
        if change.writers:
            self._writers.append(change.writers)
        admitted = replace(self._admission.admit(self._held, change), writers={})
        self._tally.add(admitted)
        learn(self._held, admitted)

    def _see(self, lines: bytes, ends: list[float], times: Times) -> None:
        self._chunks.append(seen(lines, ends, times, self._short))


def joined(known: Known, config: Config, *several: Sequence[Outcome]) -> list[Outcome]:
    """Return outcomes that follow each other, and were counted with the same labels `known`, as few as possible."""
    done: list[Outcome] = []
    for outcome in (each for some in several for each in some):
        if done and _follows(done[-1], outcome, known, config):
            done[-1] = _together(done[-1], outcome)
        else:
            done.append(outcome)
    return done


def _follows(one: Outcome, other: Outcome, known: Known, config: Config) -> bool:
    """Return whether counting `other` behind `one` would have come to the same."""
    first, last = other.pieces[0], one.pieces[-1]
    if first.goes_on(last) and (last.number in one.damage or one.formats[last.number] != other.assumed_format):
        return False
    return not one.is_interrupted and is_alike(known, both(known, one.grown), other.grown, config)


def _together(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        one.units + other.units,
        one.pieces + other.pieces,
        merge(one.tally, other.tally),
        one.writers + other.writers,
        both(one.grown, other.grown),
        one.chunks + other.chunks,
        one.short,
        one.assumed_format,
        {**one.formats, **other.formats},
        {**one.damage, **other.damage},
        other.is_interrupted,
    )
