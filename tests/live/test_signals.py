"""SIGINT and SIGTERM become a call once, SIGHUP each time; real signals to this process."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from logship.live import obeying_signals
from logship.read import TimedWaker

Handler = Callable[[int, FrameType | None], None]

both = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def caught_before() -> Iterator[list[int]]:
    """Install handlers as another program part would; return what they catch."""
    caught: list[int] = []

    def catch(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield caught
    for number, handler in before.items():
        signal.signal(number, handler)


@both
def test_the_first_signal_calls_and_the_second_acts_as_before(number: signal.Signals, caught_before: list[int]) -> None:
    calls: list[bool] = []
    with obeying_signals(stop=lambda: calls.append(True), reload=lambda: None):
        signal.raise_signal(number)
        assert (len(calls), caught_before) == (1, [])
        signal.raise_signal(number)
        assert (len(calls), caught_before) == (1, [number])


def test_after_one_signal_the_other_one_acts_as_before_too(caught_before: list[int]) -> None:
    calls: list[bool] = []
    with obeying_signals(stop=lambda: calls.append(True), reload=lambda: None):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert (len(calls), caught_before) == (1, [signal.SIGINT])


@pytest.mark.usefixtures("caught_before")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("is_signalled", [True, False])
def test_the_handlers_are_given_back(number: signal.Signals, *, is_signalled: bool) -> None:
    before = signal.getsignal(number)
    with obeying_signals(stop=lambda: None, reload=lambda: None):
        assert signal.getsignal(number) is not before
        if is_signalled:
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


@pytest.mark.usefixtures("caught_before")
def test_the_handlers_are_given_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), obeying_signals(stop=lambda: None, reload=lambda: None):
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.usefixtures("caught_before")
def test_a_second_interrupt_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job does not have
    with obeying_signals(stop=lambda: None, reload=lambda: None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_each_hangup_reloads_and_none_stops_not_even_during_a_stop(caught_before: list[int]) -> None:
    calls: list[str] = []
    with obeying_signals(stop=lambda: calls.append("stop"), reload=lambda: calls.append("reload")):
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
    assert calls == ["reload", "reload", "stop", "reload"]
    assert caught_before == []


@pytest.mark.usefixtures("caught_before")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_rings_by_itself_before_python_handles_it(number: signal.Signals) -> None:
    waker = TimedWaker()
    bell_before = signal.set_wakeup_fd(-1)
    with obeying_signals(stop=lambda: None, reload=lambda: None, bell=waker.bell):
        signal.raise_signal(number)
        assert select.select([waker._rung], [], [], 0)[0]
    assert signal.set_wakeup_fd(bell_before) == -1


def test_a_waker_that_is_gone_leaves_no_descriptor() -> None:
    waker = TimedWaker()
    bell = waker.bell
    del waker
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(bell)
