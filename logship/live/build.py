"""Wire a tailer from its configuration; the only place of `live` that knows all the parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import ProcessCollector

from logship.checkpoint import Ledger, NoStore, SqliteStore, Store, move_aside
from logship.config import Config
from logship.errors import StateDamagedError
from logship.expose import Server, StandingCollector, TallyCollector, application, bind, registry_of
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Say, Vitals
from logship.measure import Admission, Tally
from logship.pipeline import Pipeline
from logship.read import DirectoryWatch, Follower, TimedWaker, directories, expand


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
    store = _store(config, say)
    waker = TimedWaker()
    gate = TurnGate(waker.wake)
    watch = DirectoryWatch(waker.wake, vitals.unwatched)
    ledger = Ledger(Admission(config.limits.max_series), store, now=time.time, failed=vitals.unsaved)
    ledger.restore()
    sidecar = Sidecar(
        follower=Follower(
            config.paths, config.follow, vitals, positions=ledger.published.positions, ended=ledger.ended
        ),
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


def nothing_there(patterns: Iterable[str]) -> list[str]:
    """Return those of `patterns` that mean no file now: to be waited for, or mistyped."""
    return [pattern for pattern in patterns if not expand([pattern])]


def _store(config: Config, say: Say) -> Store:
    """Return the store that is configured, open; raise StateError when its file cannot be used."""
    if config.state.file is None:
        return NoStore()
    store = SqliteStore(config.state.file, buckets=config.measure.buckets)
    try:
        store.open()
    except StateDamagedError as error:
        if config.state.recovery != "reset":
            raise
        aside = move_aside(config.state.file, time.strftime("%Y%m%dT%H%M%S"))
        say("counting starts anew: the state file was damaged", why=str(error), kept_as=aside)
        store.open()
    return store
