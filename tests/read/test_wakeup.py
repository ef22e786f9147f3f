"""A ring is never lost; the directory watch is only a hint, and says so once when it is not to be had."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter
from words import write

from logship.read import DirectoryWatch, TimedWaker

DEADLINE = 60.0
"""Seconds after which something that happens at once has failed."""


def seconds_of(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_wait_ends_when_its_time_is_over() -> None:
    assert seconds_of(lambda: TimedWaker().wait(0.01)) >= 0.01


def test_a_ring_before_the_wait_ends_it_at_once_and_only_one() -> None:
    waker = TimedWaker()
    for _ in range(100):
        waker.wake()
    assert seconds_of(lambda: waker.wait(DEADLINE)) < DEADLINE / 2
    assert seconds_of(lambda: waker.wait(0.01)) >= 0.01, "many rings between two waits are one"


def test_a_ring_from_another_thread_ends_the_wait() -> None:
    waker = TimedWaker()
    ringer = threading.Thread(target=waker.wake)
    ringer.start()
    assert seconds_of(lambda: waker.wait(DEADLINE)) < DEADLINE / 2
    ringer.join()


def test_a_ring_may_interrupt_the_wait_at_any_step() -> None:
    """As a signal handler does, in the thread that waits: whatever lock the wait holds, the ring must not need it."""
    waker = TimedWaker()

    def ring(_frame: FrameType, _event: str, _argument: Any) -> Any:
        sys.settrace(None)
        waker.wake()
        sys.settrace(ring)
        return ring

    def wait_while_it_rings() -> None:
        sys.settrace(ring)
        try:
            for _ in range(10):
                waker.wait(0.0)
        finally:
            sys.settrace(None)

    waiter = threading.Thread(target=wait_while_it_rings, daemon=True)
    waiter.start()
    waiter.join(DEADLINE)
    assert not waiter.is_alive(), "the ring waits for a lock that the interrupted wait holds"


class Watching:
    """A directory watch and what it did."""

    def __init__(self, new_observer: Callable[[], BaseObserver] = Observer) -> None:
        self.rang = threading.Event()
        self.complaints: list[str] = []
        self.watch = DirectoryWatch(self.rang.set, self.complaints.append, new_observer)

    def rings_on(self, act: Callable[[], object]) -> bool:
        """Return whether `act` makes it ring, within the deadline."""
        self.rang.clear()
        act()
        return self.rang.wait(DEADLINE)


@pytest.fixture
def watching() -> Iterator[Watching]:
    watching = Watching()
    watching.watch.start()
    yield watching
    watching.watch.stop()


@pytest.mark.parametrize("starts_first", [True, False])
def test_files_that_come_go_or_are_renamed_ring(tmp_path: Path, *, starts_first: bool) -> None:
    watching = Watching()
    for step in (watching.watch.start, lambda: watching.watch.watch([str(tmp_path)]))[:: 1 if starts_first else -1]:
        step()
    log = tmp_path / "combined.log"
    assert watching.rings_on(log.touch)
    assert watching.rings_on(lambda: log.rename(tmp_path / "combined.log.1"))
    assert watching.rings_on((tmp_path / "combined.log.1").unlink)
    assert watching.rings_on((tmp_path / "directory").mkdir)
    watching.watch.stop()
    assert watching.complaints == []


def test_a_write_does_not_ring(tmp_path: Path, watching: Watching) -> None:
    """Each event would cost more than the poll that finds the line anyway."""
    log = tmp_path / "combined.log"
    log.touch()
    watching.watch.watch([str(tmp_path)])
    write(log, "one")
    assert watching.rings_on((tmp_path / "other").touch), "events come in order: this one is behind the write"
    watching.rang.clear()
    write(log, "two")
    assert not watching.rang.wait(0.05)


def test_a_directory_is_watched_once(tmp_path: Path, watching: Watching) -> None:
    for _ in range(3):
        watching.watch.watch([str(tmp_path)])
    assert watching.watch._observer is not None
    assert len(watching.watch._observer.emitters) == 1


def test_a_directory_that_went_is_tried_again_and_stops_nothing(tmp_path: Path, watching: Watching) -> None:
    late = tmp_path / "late"
    watching.watch.watch([str(late), str(tmp_path)])
    assert watching.rings_on(late.mkdir)
    watching.watch.watch([str(late)])
    assert watching.rings_on((late / "combined.log").touch)
    assert watching.complaints == []


class UselessEmitter(EventEmitter):
    """What an emitter is where the system has no inotify watch left."""

    def on_thread_start(self) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")


class UselessObserver(BaseObserver):
    def __init__(self) -> None:
        super().__init__(UselessEmitter)


@pytest.mark.parametrize("starts_first", [True, False])
def test_notification_that_is_not_to_be_had_is_told_once(tmp_path: Path, *, starts_first: bool) -> None:
    (tmp_path / "inside").mkdir()
    watching = Watching(UselessObserver)
    for step in (watching.watch.start, lambda: watching.watch.watch([str(tmp_path)]))[:: 1 if starts_first else -1]:
        step()
    watching.watch.watch([str(tmp_path), str(tmp_path / "inside")])
    watching.watch.stop()
    assert watching.complaints == ["inotify watch limit reached"]


def test_stop_joins_all_threads(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    watching = Watching()
    watching.watch.start()
    watching.watch.watch([str(tmp_path)])
    assert set(threading.enumerate()) > before
    watching.watch.stop()
    assert set(threading.enumerate()) == before


def test_a_watch_that_never_started_can_be_stopped(tmp_path: Path) -> None:
    watching = Watching()
    watching.watch.watch([str(tmp_path)])
    watching.watch.stop()
    assert watching.complaints == []
