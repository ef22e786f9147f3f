"""The sidecar's turn: read → fold → commit → publish, again and again, in one thread.

A drain looks at the files once and reads them up to the sizes seen, in turns that are committed one by one, so that
catching up with gigabytes publishes on the way. The clock, the waker and everything that acts are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from logship.checkpoint import Ledger
from logship.expose import Standing
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.model import Batch
from logship.pipeline import Pipeline
from logship.read import Follower, Waker

TURN_BYTES = 4 << 20
"""Bytes read between two commits while catching up: some ten milliseconds of work."""

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
            for turn in _turns(self._batches(now)):
                self._take_turn(turn)
                has_more = self._follower.has_waiting
                if until():
                    return
        if self._follower.retired:
            self._take_turn(())
        self._publish_standing()
        self.has_drained = True
        self._gate.served(ticket)

    def _batches(self, looked_at: float) -> Iterator[Batch]:
        """Yield everything there was at the look; files are let go by its time, as nothing later is known of them."""
        yield from self._follower.batches()
        yield from self._follower.let_go(looked_at)

    def _take_turn(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._pipeline.feed(batch)
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


def _turns(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    """Divide batches into turns of a bounded number of bytes."""
    turn: list[Batch] = []
    size = 0
    for batch in batches:
        turn.append(batch)
        size += batch.end - batch.start
        if size >= TURN_BYTES:
            yield turn
            turn, size = [], 0
    if turn:
        yield turn
