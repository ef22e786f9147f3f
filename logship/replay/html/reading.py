"""Read for a report: inputs are read once, and come to the same result as in any replay, by time and one by one too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from logship.config import Config, counted
from logship.measure import Tally, fold
from logship.model import OTHER, LabelSet
from logship.pipeline import SlotPipeline, SlowReader, SlowRequest, Window
from logship.replay.batches import Advance
from logship.replay.gaps import Coverage
from logship.replay.html.slowest import Slowest
from logship.replay.html.timeline import Timeline
from logship.replay.interrupt import Interrupt
from logship.replay.pieces import Piece, batches_in
from logship.replay.plan import Plan
from logship.replay.selection import LabelCondition
from logship.replay.work import Begin, Result, Work


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report is made of.

    Attributes:
        result: What any replay of the same inputs comes to.
        timeline: The requests that were chosen, by time.
        slowest: The slowest of them.
    """

    result: Result
    timeline: Timeline
    slowest: Sequence[SlowRequest]


def read_for_report(
    plan: Plan,
    config: Config,
    advance: Advance,
    *,
    timeline: Timeline,
    begin: Begin = lambda _path: None,
    window: Window | None = None,
    where: Sequence[LabelCondition] = (),
    interrupt: Interrupt | None = None,
) -> Reading:
    """Count the lines of all inputs of `plan`, one after the other, as `replay` does.

    Args:
        plan: What is read.
        config: How it is counted; it keeps sketches.
        advance: Told of the progress.
        timeline: Takes the requests by time.
        begin: Told of each input.
        window: Lines outside of it are left out.
        where: Conditions on the labels of the slowest requests.
        interrupt: Ends it early.
    """
    work, interrupt = Work(config), interrupt or Interrupt()
    pipeline = _pipeline(config, timeline, window, work.coverage)
    slowest = Slowest(SlowReader(config.own), where)

    def add_shares() -> None:
        for share in pipeline.take_shares():
            admitted = work.add(share.change)
            timeline.see(share.start, admitted)
            slowest.see(admitted, share.counted, partial(_label, admitted.whole()))

    def count(piece: Piece) -> None:
        try:
            for batch in batches_in(piece, config, advance, interrupt):
                pipeline.feed(batch)
                if pipeline.is_crowded:
                    pipeline.close_share()
                add_shares()
        finally:
            pipeline.close_share()
            add_shares()

    return Reading(work.done(plan, pipeline, count, begin), timeline, slowest.requests)


def _pipeline(config: Config, timeline: Timeline, window: Window | None, coverage: Coverage) -> SlotPipeline:
    return SlotPipeline(
        config.measure,
        counted(config.sources),
        config.own,
        width=lambda: timeline.width,
        max_routes=config.limits.max_routes,
        window=window,
        watch=coverage.see,
    )


def _label(admitted: Tally, labels: LabelSet) -> LabelSet:
    """Return what a request was counted under, which may be without a series, or a method, of its own."""
    candidates = (labels, labels._replace(method=OTHER))
    return next((each for each in candidates if each in admitted.series), fold(labels))
