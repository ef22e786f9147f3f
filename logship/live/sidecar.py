"""The sidecar's turn: read → fold → commit → publish, again and again, in one thread.

A drain looks at the files once and reads them up to the sizes seen, in turns that are committed one by one, so that
catching up with gigabytes publishes on the way. The clock, the waker and everything that acts are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from logship.checkpoint import Ledger
from logship.expose import Standing
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.model import Batch
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
    ) -> None:
        self._follower = follower
        self._pipeline = pipeline
        self._ledger = ledger
        self._gate = gate
        self._waker = waker
        self._vitals = vitals
        self._watch = watch
        self._monotonic = monotonic
        self._poll_seconds = poll_seconds
        self._turn_bytes = turn_bytes
        self._stopping = False
        self.standing = Standing()
        """How the tailer stands since the last commit; replaced as a whole."""
        self.has_drained = False
        """Whether everything that was there at the start has been counted."""

    def run(self) -> None:
        """Follow the files until `stop`; what was written before that is still counted, as far as a second goes."""
        while not self._stopping:
            self.drain(until=lambda: self._stopping)
            if not self._stopping:
                self._waker.wait(self._poll_seconds)
        deadline = self._monotonic() + FAREWELL_SECONDS
        self.drain(until=lambda: self._monotonic() > deadline)
        self._gate.close()
        self._follower.close()  # without a commit: their positions are the last ones committed
        self._ledger.close()

    def stop(self) -> None:
        """End `run` after the turn under way; from any thread, or a signal handler."""
        self._stopping = True
        self._waker.wake()

    def drain(self, until: Callable[[], bool] = lambda: False) -> None:
        """Count everything that is in the files now, or, when `until` says so between two turns, a part of it."""
        ticket = self._gate.begin()
        self._watch()
        has_more = True
        while has_more:
            now = self._monotonic()
            known_files = self._follower.followed_files
            self._follower.look(now)
            has_more = self._follower.has_waiting and self._follower.followed_files > known_files
            fed = 0
            for batch in self._batches(now):
                self._pipeline.feed(batch)
                fed += batch.end - batch.start
                if fed >= self._turn_bytes or self._pipeline.is_crowded:
                    self._commit()
                    fed = 0
                    if until():
                        return
            if fed:
                self._commit()
                has_more = self._follower.has_waiting
                if until():
                    return
        if self._follower.retired:
            self._commit()
        self._publish_standing()
        self.has_drained = True
        self._gate.served(ticket)

    def _batches(self, looked_at: float) -> Iterator[Batch]:
        """Yield everything there was at the look; files are let go by its time, as nothing later is known of them."""
        yield from self._follower.batches()
        yield from self._follower.let_go(looked_at)

    def _commit(self) -> None:
        """Fold what was fed since the last commit, commit it with the positions it led to, publish."""
        change = self._pipeline.take()
        change.lost_bytes = self._vitals.take_lost_bytes()
        ended, self._follower.retired = self._follower.retired, {}
        self._ledger.commit(change, self._follower.positions(), ended)
        for generation in ended:
            self._pipeline.forget(generation)
        self._publish_standing()

    def _publish_standing(self) -> None:
        generations = self._follower.generations
        self.standing = Standing(
            followed_files=self._follower.followed_files,
            behind_bytes=sum(generation.behind_bytes for generation in generations),
            happenings=self._vitals.counts,
        )
