"""Moments are put together by the sidecar's own thread; who asks waits no longer than he will."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from logship.config import Config
from logship.expose import View
from logship.live.chronicle import Chronicle
from logship.live.desk import Desk
from logship.live.sidecar import Sidecar
from logship.live.vitals import Vitals

PATIENCE_SECONDS = 60.0


class Errands:
    """A sidecar that runs its errands when it is told to."""

    def __init__(self) -> None:
        self.errands: list[Callable[[], None]] = []
        self.asked = threading.Semaphore(0)
        self.view = View()
        self.has_drained = True
        self.follower = type("Follower", (), {"generations": []})()

    def between_turns(self, errand: Callable[[], None]) -> None:
        self.errands.append(errand)
        self.asked.release()

    def run(self) -> None:
        errands, self.errands = self.errands, []
        for errand in errands:
            errand()


def desk_of(sidecar: Errands, clock: Callable[[], float]) -> Desk:
    chronicle = Chronicle(cast("Any", None), now=clock, monotonic=clock)
    vitals = Vitals(lambda *_, **__: None)
    return Desk(cast("Sidecar", sidecar), chronicle, vitals, Config, now=clock, monotonic=clock)


def test_a_moment_is_of_after_the_question() -> None:
    times = iter(range(100))
    sidecar = Errands()
    desk = desk_of(sidecar, lambda: float(next(times)))
    before = desk.ask(0.0).at
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(desk.ask, PATIENCE_SECONDS)
        sidecar.asked.acquire(timeout=PATIENCE_SECONDS)
        sidecar.run()
        assert asked.result(PATIENCE_SECONDS).at > before


def test_a_sidecar_that_stands_still_leaves_the_last_moment() -> None:
    sidecar = Errands()
    desk = desk_of(sidecar, lambda: 7.0)
    assert desk.ask(0.01).at == 7.0


def test_however_many_ask_there_is_one_errand() -> None:
    sidecar = Errands()
    desk = desk_of(sidecar, lambda: 7.0)
    for _ in range(50):
        desk.ask(0.0)
    assert len(sidecar.errands) == 1
    sidecar.run()
    desk.ask(0.0)
    assert len(sidecar.errands) == 1
