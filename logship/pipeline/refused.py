"""Find which lines of a batch were refused, and why: the pipeline that counts takes halves until one line is left.

Nothing on the hot path is noted for this: only when a turn refused something are its last batches looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from logship.measure import OwnMetrics
from logship.model import Batch, Reason
from logship.pipeline.batches import Pipeline
from logship.pipeline.options import MeasureOptions, SourceOptions


class Refused(NamedTuple):
    """A line that was refused: why, and between which offsets of its generation it stands."""

    reason: Reason
    start: int
    end: int


class RefusalFinder:
    """Find refused lines.

    Args:
        options: What to make of the records.
        sources: How the lines of each source are read, by its name.
        own: Own metrics and drop rules.
    """

    def __init__(self, options: MeasureOptions, sources: Mapping[str, SourceOptions], own: OwnMetrics) -> None:
        self._options = options
        self._sources = sources
        self._own = own
        self._pipelines: dict[tuple[str, str | None], Pipeline] = {}

    def find(self, batch: Batch, fmt: str | None, most: int) -> list[Refused]:
        """Return the last refused lines of `batch`, at most so many, the last one first.

        `fmt` is the format of its generation as far as it is known. Where some lines were too long to be kept, all that
        is known of the place is the batch.
        """
        if not batch.lines:
            return [Refused(Reason.TOO_LONG, batch.start, batch.end)][: batch.oversize]
        pipeline = self._pipeline(batch.source, fmt)
        found = list(islice(self._search(pipeline, batch, batch.start), most))
        pipeline.forget(batch.generation)
        if not batch.oversize:
            return found
        too_long = Refused(Reason.TOO_LONG, batch.start, batch.end)
        return [too_long, *(Refused(each.reason, batch.start, batch.end) for each in found)][:most]

    def _search(self, pipeline: Pipeline, batch: Batch, start: int) -> Iterator[Refused]:
        lines = batch.lines
        piece = replace(batch, start=start, end=start + len(lines), oversize=0)
        pipeline.feed(piece)
        rejected = pipeline.take().whole().rejected
        if not rejected:
            return
        middle = lines.find(b"\n", len(lines) // 2, len(lines) - 1) + 1 or lines.rfind(b"\n", 0, len(lines) // 2) + 1
        if not middle:
            yield Refused(next(iter(rejected)), piece.start, piece.end)
            return
        yield from self._search(pipeline, replace(piece, lines=lines[middle:]), start + middle)
        yield from self._search(pipeline, replace(piece, lines=lines[:middle]), start)

    def _pipeline(self, source: str, fmt: str | None) -> Pipeline:
        pipeline = self._pipelines.get((source, fmt))
        if pipeline is None:
            options = self._sources.get(source, SourceOptions())
            known = replace(options, format=options.format or fmt)
            pipeline = self._pipelines[source, fmt] = Pipeline(self._options, {source: known}, self._own)
        return pipeline
