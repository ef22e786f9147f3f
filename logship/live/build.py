"""Wire a tailer from its configuration; the only place of `live` that knows all the parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from prometheus_client import ProcessCollector
from starlette.routing import Route

from logship.checkpoint import Ledger, PlacedStore, SqliteStore, Store, files_of, move_aside
from logship.config import Config, counted, followed
from logship.config.web import load_web
from logship.errors import StateDamagedError
from logship.expose import Access, AccessFile, Renderer, Server, application, bind, open_to_all
from logship.expose.status import status_routes
from logship.live.chronicle import Chronicle
from logship.live.desk import Desk
from logship.live.events import Failure
from logship.live.probes import Probes
from logship.live.reload import Reload
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Say, Vitals
from logship.measure import Tally
from logship.pipeline import RefusalFinder
from logship.read import DirectoryWatch, Follower, TimedWaker, directories, expand


@dataclass(frozen=True, slots=True)
class Tailer:
    """A sidecar with its HTTP server and its file notification."""

    sidecar: Sidecar
    server: Server
    watch: DirectoryWatch
    waker: TimedWaker
    reload: Reload

    @property
    def tally(self) -> Tally:
        """What is committed, of all sources together."""
        return self.sidecar.view.tally.whole()

    def reload_soon(self) -> None:
        """Read the configuration again before the next turn; from any thread, or a signal handler."""
        self.sidecar.between_turns(self.reload)

    def run(self) -> None:
        """Follow and serve until the sidecar is stopped."""
        self.watch.start()
        self.server.start()
        try:
            self.sidecar.run()
        finally:
            self.server.stop()
            self.watch.stop()


def build(config: Config, say: Say, reread: Callable[[], Config] | None = None) -> Tailer:
    """Return a tailer for `config`, its address bound already; raise ListenError when that cannot be had.

    `reread` returns the configuration as it is meant when it is called; None when there is nothing to read again.
    """
    vitals = Vitals(say)
    vitals.configured(time.time())
    access = _access(config.serve.web_config_file, vitals)
    waker = TimedWaker()
    gate = TurnGate(waker.wake)
    ledger = _ledger(config, vitals, say)
    watch = DirectoryWatch(waker.wake, vitals.unwatched)

    def follower(wanted: Config) -> Follower:
        return Follower(
            followed(wanted.sources),
            wanted.follow,
            vitals,
            positions=ledger.published.positions,
            ended=ledger.ended,
            excluded=files_of(config.state.file) if config.state.file is not None else (),
        )

    chronicle = _chronicle(lambda: reload.config) if config.serve.ui else None
    sidecar = Sidecar(
        follower=follower(config),
        pipeline=config.live_pipeline(ledger.published.tally),
        ledger=ledger,
        gate=gate,
        waker=waker,
        vitals=vitals,
        watch=lambda: watch.watch(directories(reload.config.paths)),
        monotonic=time.monotonic,
        poll_seconds=config.poll_seconds,
        loss_grace_seconds=2 * config.follow.linger_seconds,  # as long as a late writer may still fill a gap, and again
        chronicle=chronicle,
    )
    reload = Reload(config, reread, sidecar=sidecar, ledger=ledger, vitals=vitals, new_follower=follower, now=time.time)
    if config.metrics:
        sidecar.commit()  # their series are to be seen before the first record counts
    probes = Probes(sidecar, vitals, lambda: reload.config, time.monotonic)
    web = application(
        render=Renderer(lambda: sidecar.view, [ProcessCollector(registry=None)]).render,
        freshen=gate.freshen,
        stall=probes.stall,
        missing=probes.missing,
        budget_seconds=lambda: reload.config.serve.scrape_budget_seconds,
        pages=_pages(sidecar, chronicle, vitals, lambda: reload.config) if chronicle is not None else (),
    )
    server = Server(web, bind(config.serve.listen), access, lambda: reload.config.serve.limits)
    return Tailer(sidecar, server, watch, waker, reload)


def nothing_there(patterns: Iterable[str]) -> list[str]:
    """Return those of `patterns` that mean no file now: to be waited for, or mistyped."""
    return [pattern for pattern in patterns if not expand([pattern])]


def _access(path: str | None, vitals: Vitals) -> Callable[[], Access]:
    """Return what tells who is let in; raise ConfigError when the web configuration at `path` cannot be obeyed."""
    if path is None:
        return open_to_all
    return AccessFile(path, lambda: load_web(path), partial(vitals.web_config_changed, path), time.monotonic)


def _chronicle(config: Callable[[], Config]) -> Chronicle:
    def finder() -> RefusalFinder:
        return RefusalFinder(config().measure, counted(config().sources), config().own)

    return Chronicle(finder, now=time.time, monotonic=time.monotonic)


def _pages(sidecar: Sidecar, chronicle: Chronicle, vitals: Vitals, config: Callable[[], Config]) -> list[Route]:
    desk = Desk(sidecar, chronicle, vitals, config, now=time.time, monotonic=time.monotonic)
    return status_routes(desk.ask)


def _ledger(config: Config, vitals: Vitals, say: Say) -> Ledger:
    """Return the ledger with what is saved; raise StateError when the state file cannot be used."""
    ledger = Ledger(
        config.admission,
        _store(config, vitals, say),
        buckets=config.measure.buckets,
        own=config.own,
        now=time.time,
        failed=vitals.unsaved,
        recovered=vitals.saved_again,
    )
    vitals.begun_anew(ledger.restore())
    return ledger


def _store(config: Config, vitals: Vitals, say: Say) -> Store | None:
    """Return the store that is configured, open; raise StateError when its file cannot be used."""
    path = config.state.file
    if path is None:
        return None
    buckets, definitions = config.measure.buckets, config.own.definitions
    store = PlacedStore(
        path, lambda: SqliteStore(path, buckets=buckets, definitions=definitions), vitals.state_rewritten
    )
    try:
        store.open()
    except StateDamagedError as error:
        if config.state.recovery != "reset":
            raise
        aside = move_aside(path, time.strftime("%Y%m%dT%H%M%S"))
        say(Failure("counting starts anew: the state file was damaged"), why=str(error), kept_as=aside)
        store.open()
    return store
