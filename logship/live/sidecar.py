"""The sidecar's turn: read → fold → commit → publish, again and again, in one thread.

A drain looks at the files once and reads them up to the sizes seen, in turns that are committed one by one, so that
catching up with gigabytes publishes on the way. The clock, the waker and everything that acts are passed in.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from logship.checkpoint import Ledger
from logship.expose import Standing, View
from logship.live.chronicle import Committed, NoChronicle
from logship.live.formats import FormatTalk
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import GRACE_SECONDS, Exemplars, LossWatch, Settled, latest_exemplars
from logship.model import Batch, Position
from logship.pipeline import Pipeline
from logship.read import Follower, Waker

TURN_BYTES = 32 << 20
"""Bytes read between two commits while catching up: a tenth of a second of work, beside which a commit is little."""

FAREWELL_SECONDS = 1.0
"""How long the last drain may take: a stop must be over long before an orchestrator loses patience."""


class Sidecar:
    """Drive follower, pipeline and ledger."""

    def __init__(
        self,
        *,
        follower: Follower,
        pipeline: Pipeline,
        ledger: Ledger,
        gate: TurnGate,
        waker: Waker,
        vitals: Vitals,
        watch: Callable[[], None],
        monotonic: Callable[[], float],
        poll_seconds: float,
        turn_bytes: int = TURN_BYTES,
        loss_grace_seconds: float = GRACE_SECONDS,
        chronicle: NoChronicle | None = None,
    ) -> None:
        self.follower = follower
        """Reads the files; may be replaced between two turns, after `leave`."""
        self.pipeline = pipeline
        """Counts the lines; may be replaced between two turns."""
        self.poll_seconds = poll_seconds
        """Longest time between two drains."""
        self._ledger = ledger
        self._gate = gate
        self._waker = waker
        self._vitals = vitals
        self._watch = watch
        self._monotonic = monotonic
        self._turn_bytes = turn_bytes
        self._committed_number = follower.last_number
        self._chronicle = chronicle or NoChronicle()
        self._losses = LossWatch(loss_grace_seconds)
        self._stopping = False
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._formats = FormatTalk(vitals)
        self._unrecognised = set(ledger.published.positions)
        self.turned_at = monotonic()
        """When the loop last looked at the files, by the clock; it does at least every `poll_seconds`."""
        self.has_drained = False
        """Whether everything that was there at the start has been counted."""
        self.exemplars: Exemplars = {}
        """Requests with a trace id, by series and bucket."""
        self.view = View()
        """What a scrape shows: the last commit, and how the tailer stands since the last look; replaced as a whole."""
        self.publish()

    def run(self) -> None:
        """Follow the files until `stop`; what was written before that is still counted, as far as a second goes."""
        while not self._stopping:
            self.drain(until=lambda: self._stopping or not self._errands.empty())
            if not (self._run_errands() or self._stopping):
                self._waker.wait(self.poll_seconds)
        deadline = self._monotonic() + FAREWELL_SECONDS
        self.drain(until=lambda: self._monotonic() > deadline)
        self._gate.close()
        self.follower.close()  # without a commit: their positions are the last ones committed
        self._ledger.close()

    def stop(self) -> None:
        """End `run` after the turn under way; from any thread, or a signal handler."""
        self._stopping = True
        self._waker.wake()

    def between_turns(self, errand: Callable[[], None]) -> None:
        """Run `errand` in the thread of `run` before its next turn; from any thread, or a signal handler."""
        self._errands.put(errand)
        self._waker.wake()

    def drain(self, until: Callable[[], bool] = lambda: False) -> None:
        """Count everything that is in the files now, or, when `until` says so between two turns, a part of it."""
        ticket = self._gate.begin()
        self._watch()
        has_more, has_committed, passes = True, False, 0
        while has_more:
            now = self.turned_at = self._monotonic()
            self.follower.look(now)  # also between turns: files come and go while there is much to catch up
            self.publish()  # a scrape that will not wait sees how much there is to catch up
            fed, is_all = self._feed(now)
            self._chronicle.looked(self.follower.generations, now)
            passes += is_all
            has_more = not is_all or (self.follower.has_waiting and passes < self.follower.passes)
            if fed:
                self.commit()
                has_committed = True
            if (fed or has_more) and until():
                return
        is_news = self.follower.retired or self.follower.last_number > self._committed_number
        if is_news or not (self._ledger.is_saved or has_committed):
            self.commit()
        self._tell_losses(now)
        self._recognise()
        self._formats.tell(self.pipeline, self.follower.generations)
        self._show_exemplars(self.pipeline.take_exemplars())
        self.publish()
        self.has_drained = True
        self._chronicle.begin()
        self._gate.served(ticket)

    def commit(self, lost: Settled | None = None) -> None:
        """Fold what was fed since the last commit, commit it with the positions it led to, publish."""
        change = self.pipeline.take()
        if lost is not None:
            change.settle(lost)
        change.lost_bytes = self._vitals.take_lost_bytes()
        ended, self._committed_number = self.follower.take_retired(), self.follower.last_number
        positions = self.follower.positions()
        committed = self._ledger.commit(self._chronicle.lasting(change), positions, ended)
        self._chronicle.committed(Committed(change, committed.tally, {**positions, **ended}, self.pipeline.format_of))
        for generation in ended:
            self.pipeline.forget(generation)
        self.publish()

    def _show_exemplars(self, found: Exemplars) -> None:
        """Show exemplars from now on; they are not kept, and gone after a restart."""
        parts = self._ledger.published.tally.by_labels() if found else ()
        shown = ((constant, labels) for constant, part in parts for labels in part.series)
        self.exemplars = latest_exemplars(self.exemplars, found, shown) if found else self.exemplars

    def _tell_losses(self, now: float) -> None:
        """Count missing records as lost when everything is read and no file that is still sought can hold them."""
        writers = self._ledger.published.tally.writers
        if self._losses.is_due(writers, now) and self.follower.is_settled:
            lost = self._losses.losses(writers)
            if lost.lost:
                self.commit(lost)

    def leave(self, ended: Mapping[int, Position]) -> None:
        """Commit where every file stands, and that some ended; close them, for another follower to go on."""
        self.follower.retire(ended)
        self.commit()
        self.follower.close()

    def publish(self) -> None:
        """Show what is committed, and how the tailer stands now."""
        committed, vitals = self._ledger.published, self._vitals
        standing = Standing(
            followed_files=self.follower.followed_files,
            behind_bytes=self.follower.behind_bytes,
            happenings=vitals.counts,
            saved_at=self._ledger.saved_at(),
            checkpoint_errors=vitals.checkpoint_errors,
            is_reload_successful=vitals.is_reload_successful and vitals.is_web_config_obeyed,
            configured_at=vitals.configured_at,
        )
        numbers = (committed.tally, committed.buckets, committed.created, committed.durations_since)
        self.view = View(*numbers, standing, committed.metrics, self.exemplars)

    def _run_errands(self) -> bool:
        """Run what was asked for meanwhile; return whether there was anything."""
        has_run = False
        with suppress(queue.Empty):
            while True:
                self._errands.get_nowait()()
                has_run = True
        return has_run

    def _feed(self, looked_at: float) -> tuple[int, bool]:
        """Feed what there was at the look, up to the size of a turn; return how many bytes, and whether that is all."""
        fed = 0
        for batch in self._batches(looked_at):
            self.pipeline.feed(batch)
            self._chronicle.fed(batch)
            fed += batch.end - batch.start
            if fed >= self._turn_bytes or self.pipeline.is_crowded:
                return fed, False
        return fed, not self.follower.has_unread

    def _batches(self, looked_at: float) -> Iterator[Batch]:
        """Yield everything there was at the look; files are let go by its time, as nothing later is known of them."""
        yield from self.follower.batches()
        yield from self.follower.let_go(looked_at)

    def _recognise(self) -> None:
        """Tell, once, when nothing of what the state file knew is found: it may be that of other logs."""
        if self._unrecognised and self._vitals.counts.get("resumed"):
            self._unrecognised = set()
        elif self._unrecognised and self._unrecognised.isdisjoint(self.follower.positions()):
            self._vitals.state_is_strange(len(self._unrecognised))
            self._unrecognised = set()
