"""Call a probe without ever waiting for it longer than its time-out, and never a second time beside a call that hangs.

Theory of operation. Nothing can end a thread that hangs in a driver. So each call has a daemon thread (a task, for a
coroutine function inside of a loop), is given its time, and left alone behind that. Whoever asks while a call goes on
joins it: its time counts from its beginning, so that a call that hangs is a failure at once from then on. A check
therefore holds one thread at the most, however often it is asked.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from app_logging.health.check import Check, Outcome, failed, passed
from app_logging.health.result import CheckResult, Status

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way, or over.

    Attributes:
        began: When, by the clock.
        outcome: What it came, or will come, to; never an exception.
        task: The task it runs in, with a loop of its own: None in a thread.
    """

    began: float
    outcome: Future[Outcome]
    task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether there will be no outcome any more, or there is one."""
        return self.outcome.done() or (self.task is not None and self.task.get_loop().is_closed())

    def give_up(self) -> None:
        """Cancel what can be cancelled."""
        if self.task is not None:
            with suppress(RuntimeError):  # its loop was closed meanwhile
                self.task.get_loop().call_soon_threadsafe(self.task.cancel)


class Caller:
    """Call the probe of one check; safe for threads and loops, a forked child begins anew.

    Args:
        check: What is called.
        timeout_seconds: How long it may take, unless the check says otherwise.
        clock: Monotonic seconds.
    """

    _call: Call | None

    def __init__(self, check: Check, timeout_seconds: float, clock: Clock) -> None:
        self._check = check
        self._timeout_seconds = check.timeout_seconds or timeout_seconds
        self._clock = clock
        self._is_coroutine = inspect.iscoroutinefunction(check.probe) or inspect.iscoroutinefunction(
            getattr(check.probe, "__call__", None)  # noqa: B004 - of an object: whether calling it gives a coroutine
        )
        self._begin_life()

    def begin(self) -> Call:
        """Begin a call in a thread, or join the one under way."""
        return self._begin(self._in_thread)

    def begin_in_loop(self) -> Call:
        """Begin a call, that of a coroutine function in the running loop, or join the one under way."""
        return self._begin(self._in_loop if self._is_coroutine else self._in_thread)

    def wait(self, call: Call) -> CheckResult:
        """Return what the call came to, or that it did not within its time."""
        with suppress(TimeoutError):
            return self._result(call, call.outcome.result(self._remaining(call)))
        return self._no_answer(call)

    async def wait_in_loop(self, call: Call) -> CheckResult:
        """Do as `wait` does, and let the loop go on meanwhile."""
        waiting = asyncio.wrap_future(call.outcome)
        await asyncio.wait({waiting}, timeout=self._remaining(call))
        if call.outcome.done():
            return self._result(call, call.outcome.result())
        waiting.cancel()  # the waiting alone: a call that runs cannot be cancelled by it
        return self._no_answer(call)

    def _begin(self, start: Callable[[], Call]) -> Call:
        if self._pid != os.getpid():
            self._begin_life()
        with self._lock:
            if self._call is None or self._call.is_over:
                self._call = start()
            return self._call

    def _begin_life(self) -> None:
        """Know of no call; in a forked child the threads of the parent are gone, and one may have held the lock."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._call = None

    def _in_thread(self) -> Call:
        call = Call(self._clock(), _running())
        name = f"app_logging health {self._check.name}"
        thread = threading.Thread(target=self._run, args=(call.outcome,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            call.outcome.set_result(failed(error, self._clock()))
        return call

    def _run(self, outcome: Future[Outcome]) -> None:
        try:
            answer = self._check.probe()
            found = passed(asyncio.run(self._awaited(answer)) if inspect.isawaitable(answer) else answer, self._clock())
        except BaseException as error:  # noqa: BLE001 - even sys.exit(): it would end this thread alone, in silence
            found = failed(error, self._clock())
        outcome.set_result(found)

    async def _awaited(self, answer: object) -> object:
        async with asyncio.timeout(self._timeout_seconds):
            return await answer  # type: ignore[misc]  # awaitable, or it would not be here

    def _in_loop(self) -> Call:
        outcome = _running()
        return Call(self._clock(), outcome, asyncio.get_running_loop().create_task(self._run_in_loop(outcome)))

    async def _run_in_loop(self, outcome: Future[Outcome]) -> None:
        try:
            found = passed(await self._check.probe(), self._clock())
        except BaseException as error:
            outcome.set_result(failed(error, self._clock()))
            if not isinstance(error, Exception):
                raise
        else:
            outcome.set_result(found)

    def _remaining(self, call: Call) -> float:
        return max(0.0, call.began + self._timeout_seconds - self._clock())

    def _result(self, call: Call, outcome: Outcome) -> CheckResult:
        status: Status = "healthy" if outcome.is_healthy else "unhealthy"
        seconds = outcome.ended - call.began
        return CheckResult(self._check.name, status, seconds, outcome.detail, self._check.essential)

    def _no_answer(self, call: Call) -> CheckResult:
        call.give_up()
        seconds = self._clock() - call.began
        detail = f"no answer within {self._timeout_seconds:g} s"
        return CheckResult(self._check.name, "unhealthy", seconds, detail, self._check.essential)


def _running() -> Future[Outcome]:
    """Return a future that nobody can cancel who only waits for it."""
    outcome: Future[Outcome] = Future()
    outcome.set_running_or_notify_cancel()
    return outcome
