"""Do the work of a replay: inputs come in, one tally goes out, by the same pipeline as live (P5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logship.config import Config
from logship.errors import InputError
from logship.measure import Admission, Tally
from logship.model import Batch
from logship.pipeline import Pipeline
from logship.read import Archive, LineCutter
from logship.replay.plan import Plan

FOLD_BYTES = 16 << 20
"""Bytes between two folds: the more, the fewer lists to fold, and still only a few megabytes of durations."""

Advance = Callable[[int], None]
"""Told how many more stored bytes have been read."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a replay came to.

    Attributes:
        tally: The numbers of all inputs.
        formats: Name of the format found, by input; None where no request showed it.
        damage: What could not be read, one line for each damaged input.
    """

    tally: Tally
    formats: dict[str, str | None]
    damage: tuple[str, ...]


def replay(plan: Plan, config: Config, advance: Advance) -> Result:
    """Count the lines of all inputs of `plan`, one after the other."""
    pipeline = Pipeline(config.measure)
    admission = Admission(config.limits.max_series)
    total = Tally()
    formats: dict[str, str | None] = {}
    damage = []
    for number, path in enumerate(plan.paths):
        try:
            for change in _changes(path, number, pipeline, config, advance):
                total.add(admission.admit(total, change))
                total.bound_writers()
        except InputError as error:
            damage.append(str(error))
        formats[path] = pipeline.format_of(number)
        pipeline.forget(number)
    total.settle()
    return Result(total, formats, tuple(damage))


def _changes(path: str, number: int, pipeline: Pipeline, config: Config, advance: Advance) -> Iterator[Tally]:
    """Yield what some megabytes of an input came to, again and again; also before an error."""
    unfolded = 0
    try:
        for batch in _batches(path, number, config.follow.max_line_bytes, advance):
            pipeline.feed(batch)
            unfolded += batch.end - batch.start
            if unfolded >= FOLD_BYTES or pipeline.is_crowded:
                yield pipeline.take()
                unfolded = 0
    except InputError:
        yield pipeline.take()
        raise
    yield pipeline.take()


def _batches(path: str, number: int, max_line_bytes: int, advance: Advance) -> Iterator[Batch]:
    archive = Archive(path)
    cutter = LineCutter(max_line_bytes)
    start = read = stored = 0
    try:
        for block in archive.blocks():
            read += len(block)
            lines = cutter.feed(block)
            if lines.data or lines.oversize:
                end = read - cutter.pending_bytes
                yield Batch(number, start, end, lines.data, lines.oversize)
                start = end
            advance(archive.stored_bytes_read - stored)
            stored = archive.stored_bytes_read
    finally:
        archive.close()
    last = cutter.flush()
    if last.data or last.oversize:
        yield Batch(number, start, read, last.data, last.oversize)
