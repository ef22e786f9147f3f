"""All health checks of an application: run together, each within its time, told in one record.

The record is written whatever the level of logging is, as a heartbeat is: logship makes a gauge of it, and a check that
recovered must not stand as failed because its record was too harmless to be written.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time

from app_logging import levels
from app_logging.health.call import Caller, Clock
from app_logging.health.check import Check, checked_timeout
from app_logging.health.result import Overall, Report
from app_logging.pipeline import active
from app_logging.record import HEALTH_MESSAGE
from app_logging.settings import SettingsError
from app_logging.structlog_door import logger_named

LOGGER = "app_logging.health"

DEFAULT_TIMEOUT_SECONDS = 2.0
"""Below the three seconds and more that probes are usually given for all of the answer."""

DEFAULT_CACHE_SECONDS = 5.0
"""Half of the usual ten seconds between two probes: each of those has a run of its own, and a storm of them has not."""

MAX_CHECKS = 50
"""Of one application; each has a label value in Prometheus."""

LEVELS: dict[Overall, str] = {"healthy": "info", "degraded": "warning", "unhealthy": "error"}


class HealthChecks:
    """Run checks together; safe for threads and loops.

    Args:
        checks: What to look at; each has a name of its own.
        timeout_seconds: How long each may take, unless it says otherwise.
        cache_seconds: How long `recent` gives the same report again; 0 is not at all.
        clock: Monotonic seconds.

    Raises:
        SettingsError: A value is not allowed.
    """

    _latest: tuple[float, Report] | None
    _running: asyncio.Task[Report] | None

    def __init__(
        self,
        *checks: Check,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        cache_seconds: float = DEFAULT_CACHE_SECONDS,
        clock: Clock = time.monotonic,
    ) -> None:
        names = [check.name for check in checks]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise SettingsError("name of a health check", twice, "argument", "each name once")
        if not 0 < len(checks) <= MAX_CHECKS:
            raise SettingsError("number of health checks", len(checks), "argument", f"1 to {MAX_CHECKS}")
        if cache_seconds:
            checked_timeout("cache_seconds", cache_seconds)
        checked_timeout("timeout_seconds", timeout_seconds)
        self._callers = [Caller(check, timeout_seconds, clock) for check in checks]
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._begin_life()

    def run(self) -> Report:
        """Run all checks at the same time, write the record, return what they found.

        Takes no longer than the longest time-out. A coroutine function runs in a thread and a loop of its own.
        """
        calls = [(caller, caller.begin()) for caller in self._callers]
        return self._told(Report(tuple(caller.wait(call) for caller, call in calls)))

    async def run_async(self) -> Report:
        """Do as `run` does, without holding up the loop; coroutine functions run in it."""
        calls = [(caller, caller.begin_in_loop()) for caller in self._callers]
        results = await asyncio.gather(*(caller.wait_in_loop(call) for caller, call in calls))
        return self._told(Report(tuple(results)))

    def recent(self) -> Report:
        """Return the last report, or that of a new run if it is too old; who asks during a run waits for it."""
        self._notice_fork()
        report = self._fresh()
        if report is not None:
            return report
        with self._lock:
            return self._fresh() or self.run()

    async def recent_async(self) -> Report:
        """Do as `recent` does, without holding up the loop."""
        self._notice_fork()
        report = self._fresh()
        if report is not None:
            return report
        if self._running is None or self._running.done() or self._running.get_loop() is not asyncio.get_running_loop():
            self._running = asyncio.create_task(self.run_async())
        return await asyncio.shield(self._running)  # who asked first may leave; the others still wait

    def _fresh(self) -> Report | None:
        latest = self._latest
        return latest[1] if latest is not None and self._clock() - latest[0] < self._cache_seconds else None

    def _told(self, report: Report) -> Report:
        self._latest = (self._clock(), report)
        level = LEVELS[report.status]
        found = report.as_dict()
        fields = {"health": found["status"], "checks": found["checks"]}
        pipeline = active.pipeline
        if pipeline is not None:
            pipeline.log(LOGGER, level, HEALTH_MESSAGE, fields)
        else:
            logger_named(LOGGER).log(levels.NUMBERS[level], HEALTH_MESSAGE, **fields)
        return report

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            self._begin_life()

    def _begin_life(self) -> None:
        """Know of no report and no run: in a forked child they are the parent's."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._latest = None
        self._running = None
