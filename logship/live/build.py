"""Wire a tailer from its configuration; the only place of `live` that knows all the parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import ProcessCollector

from logship.checkpoint import Ledger
from logship.config import Config
from logship.expose import Server, StandingCollector, TallyCollector, application, bind, registry_of
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Say, Vitals
from logship.measure import Admission, Tally
from logship.pipeline import Pipeline
from logship.read import DirectoryWatch, Follower, TimedWaker, directories


@dataclass(frozen=True, slots=True)
class Tailer:
    """A sidecar with its HTTP server and its file notification."""

    sidecar: Sidecar
    server: Server
    watch: DirectoryWatch
    tally: Callable[[], Tally]

    def run(self) -> None:
        """Follow and serve until the sidecar is stopped."""
        self.watch.start()
        self.server.start()
        try:
            self.sidecar.run()
        finally:
            self.server.stop()
            self.watch.stop()


def build(config: Config, say: Say) -> Tailer:
    """Return a tailer for `config`, its address bound already; raise ListenError when that cannot be had."""
    vitals = Vitals(say)
    waker = TimedWaker()
    gate = TurnGate(waker.wake)
    watch = DirectoryWatch(waker.wake, vitals.unwatched)
    ledger = Ledger(Admission(config.limits.max_series))
    sidecar = Sidecar(
        follower=Follower(config.paths, config.follow, vitals),
        pipeline=Pipeline(config.measure),
        ledger=ledger,
        gate=gate,
        waker=waker,
        vitals=vitals,
        watch=lambda: watch.watch(directories(config.paths)),
        monotonic=time.monotonic,
        poll_seconds=config.poll_seconds,
    )

    def tally() -> Tally:
        return ledger.published.tally

    registry = registry_of(TallyCollector(tally, config.measure.buckets), StandingCollector(lambda: sidecar.standing))
    ProcessCollector(registry=registry)
    web = application(
        registry=registry,
        freshen=gate.freshen,
        readiness=lambda: None if sidecar.has_drained else "still reading what was there at the start",
        budget_seconds=config.serve.scrape_budget_seconds,
    )
    return Tailer(sidecar, Server(web, bind(config.serve.listen)), watch, tally)
