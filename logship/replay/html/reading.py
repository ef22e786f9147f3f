"""Read for a report: inputs are read once, and come to the same result as in any replay, by time and one by one too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from logship.config import Config, counted, followed
from logship.errors import InputError
from logship.measure import Tally, fold
from logship.model import OTHER, LabelSet
from logship.pipeline import Share, SlotPipeline, SlowReader, SlowRequest, Window
from logship.read import Archive, cutter_for
from logship.replay.batches import Advance, batches_of
from logship.replay.gaps import Coverage
from logship.replay.html.slowest import Slowest
from logship.replay.html.timeline import Timeline
from logship.replay.interrupt import Interrupt, Stopped
from logship.replay.plan import Plan
from logship.replay.selection import LabelCondition
from logship.replay.work import Begin, Result


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
    coverage = Coverage()
    pipeline = SlotPipeline(
        config.measure,
        counted(config.sources),
        config.own,
        width=lambda: timeline.width,
        max_routes=config.limits.max_routes,
        window=window,
        watch=coverage.see,
    )
    slowest = Slowest(SlowReader(config.own), where)
    work = _Work(config, pipeline, timeline, slowest)
    interrupt = interrupt or Interrupt()
    is_interrupted = False
    try:
        for number, path in enumerate(plan.paths):
            begin(path)
            work.read(number, path, interrupt, advance)
    except Stopped:
        is_interrupted = True
    work.total.settle()
    result = Result(work.total, work.formats, tuple(work.damage), tuple(coverage.gaps()), is_interrupted)
    return Reading(result, timeline, slowest.requests)


class _Work:
    """Add up what the inputs come to."""

    def __init__(self, config: Config, pipeline: SlotPipeline, timeline: Timeline, slowest: Slowest) -> None:
        self.total = Tally()
        self.formats: dict[str, str | None] = {}
        self.damage: list[str] = []
        self._pipeline = pipeline
        self._timeline = timeline
        self._slowest = slowest
        self._admission = config.admission
        self._sources = followed(config.sources)
        self._sources.expand()
        self._max_line_bytes = config.follow.max_line_bytes

    def read(self, number: int, path: str, interrupt: Interrupt, advance: Advance) -> None:
        """Count the lines of one input; also up to an interruption."""
        source = self._sources.of(path)
        cutter = cutter_for(self._sources.wrap_of(source), self._max_line_bytes)
        try:
            archive = Archive(path)
            blocks = iter(partial(interrupt.next_of, archive.blocks()), b"")
            for batch in batches_of(archive, blocks, cutter, number=number, source=source, advance=advance):
                self._pipeline.feed(batch)
                if self._pipeline.is_crowded:
                    self._pipeline.close_share()
                self._add_shares()
        except InputError as error:
            self.damage.append(str(error))
        finally:
            self._pipeline.close_share()
            self._add_shares()
            self.formats[path] = self._pipeline.format_of(number)
            self._pipeline.forget(number)

    def _add_shares(self) -> None:
        for share in self._pipeline.take_shares():
            self._add(share)

    def _add(self, share: Share) -> None:
        admitted = self._admission.admit(self.total, share.change)
        self.total.add(admitted)
        self.total.bound_writers()
        self._timeline.see(share.start, admitted)
        self._slowest.see(admitted, share.counted, partial(_label, admitted.whole()))


def _label(admitted: Tally, labels: LabelSet) -> LabelSet:
    """Return what a request was counted under, which may be without a series, or a method, of its own."""
    candidates = (labels, labels._replace(method=OTHER))
    return next((each for each in candidates if each in admitted.series), fold(labels))
