"""Checks run together, each within its time, and one that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

import app_logging
from app_logging import health
from app_logging.health.call import Call, Caller
from app_logging.settings import SettingsError

Records = list[dict[str, Any]]
ReadRecords = Callable[[Path], Records]
Run = Callable[[health.HealthChecks], health.Report]

LONG = 30.0
"""Seconds that no test waits: what is waited for comes true at once, or is timed out by a clock in hand."""


def run_async(checks: health.HealthChecks) -> health.Report:
    return asyncio.run(checks.run_async())


RUNS = pytest.mark.parametrize("run", [health.HealthChecks.run, run_async], ids=["threads", "loop"])


class Stuck:
    """A probe that hangs until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.entered = threading.Event()
        self._free = threading.Event()

    def __call__(self) -> None:
        self.calls += 1
        self.entered.set()
        self._free.wait(LONG)

    def free(self) -> None:
        self._free.set()


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    probe = Stuck()
    yield probe
    probe.free()


def threads_of(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"app_logging health {name}"]


def found(report: health.Report) -> dict[str, tuple[str, str]]:
    return {result.name: (result.status, result.detail) for result in report.results}


async def passes() -> str:
    await asyncio.sleep(0)
    return "asked"


async def fails() -> None:
    raise OSError("nobody there")


def finds() -> None:
    raise health.Unhealthy("too slow by half")


def leaves() -> None:
    raise SystemExit("bye")


@RUNS
def test_each_probe_is_judged_by_what_it_returns_or_raises(run: Run) -> None:
    class Ask:
        async def __call__(self) -> bool:
            return False

    report = run(
        health.HealthChecks(
            health.Check("none", lambda: None),
            health.Check("true", lambda: True),
            health.Check("zero", lambda: 0),
            health.Check("text", lambda: "3 of 4\nnodes"),
            health.Check("false", lambda: False),
            health.Check("finds", finds),
            health.Check("raises", lambda: 1 // 0),
            health.Check("leaves", leaves),
            health.Check("passes", passes),
            health.Check("fails", fails),
            health.Check("object", Ask()),
            health.Check("coroutine of a lambda", lambda: passes()),  # noqa: PLW0108 - it is the point
        )
    )
    assert found(report) == {
        "none": ("healthy", ""),
        "true": ("healthy", ""),
        "zero": ("healthy", ""),
        "text": ("healthy", "3 of 4 nodes"),
        "false": ("unhealthy", ""),
        "finds": ("unhealthy", "too slow by half"),
        "raises": ("unhealthy", "ZeroDivisionError: integer division or modulo by zero"),
        "leaves": ("unhealthy", "SystemExit: bye"),
        "passes": ("healthy", "asked"),
        "fails": ("unhealthy", "OSError: nobody there"),
        "object": ("unhealthy", ""),
        "coroutine of a lambda": ("healthy", "asked"),
    }


@pytest.mark.parametrize(
    ("essential", "other", "status", "code"),
    [(True, True, "healthy", 200), (True, False, "degraded", 200), (False, True, "unhealthy", 503)],
)
def test_an_essential_check_decides_and_another_one_degrades(
    essential: object, other: object, status: str, code: int
) -> None:
    report = health.HealthChecks(
        health.Check("database", lambda: essential), health.Check("mail", lambda: other, essential=False)
    ).run()
    assert (report.status, report.http_status, report.is_healthy) == (status, code, code == 200)


@RUNS
def test_checks_run_at_the_same_time(run: Run) -> None:
    meeting = threading.Barrier(3)
    checks = [health.Check(f"check {number}", lambda: meeting.wait(LONG) >= 0) for number in range(3)]
    assert run(health.HealthChecks(*checks, timeout_seconds=LONG)).status == "healthy"


@RUNS
def test_a_check_that_hangs_fails_in_time_and_the_others_are_told(run: Run, stuck: Stuck) -> None:
    checks = health.HealthChecks(
        health.Check("database", stuck, timeout_seconds=0.01), health.Check("disk", lambda: None), timeout_seconds=LONG
    )
    assert found(run(checks)) == {"database": ("unhealthy", "no answer within 0.01 s"), "disk": ("healthy", "")}


@RUNS
def test_a_check_that_hangs_holds_one_thread_however_often_it_is_asked(run: Run, stuck: Stuck) -> None:
    checks = health.HealthChecks(health.Check("database", stuck, timeout_seconds=0.01))
    for _ in range(20):
        assert run(checks).status == "unhealthy"
    assert stuck.calls == 1
    assert len(threads_of("database")) == 1


def test_a_call_that_hung_is_a_failure_at_once_and_asked_anew_when_it_is_over(stuck: Stuck) -> None:
    now = [100.0]
    checks = health.HealthChecks(health.Check("database", stuck, timeout_seconds=5.0), clock=lambda: now[0])
    asking = threading.Thread(target=checks.run)
    asking.start()
    stuck.entered.wait(LONG)
    now[0] = 142.0
    (result,) = checks.run().results
    assert (result.status, result.seconds, result.detail) == ("unhealthy", 42.0, "no answer within 5 s")
    stuck.free()
    for thread in (asking, *threads_of("database")):
        thread.join(LONG)
    assert checks.run().status == "healthy"
    assert stuck.calls == 2


def test_who_asks_during_a_call_joins_it(stuck: Stuck) -> None:
    waiting: set[int] = set()
    all_wait = threading.Event()

    def clock() -> float:
        """Note who asks: those that joined a call do it first to see how long to wait."""
        waiting.add(threading.get_ident())
        if len(waiting) == len(asking):
            all_wait.set()
        return time.monotonic()

    checks = health.HealthChecks(health.Check("database", stuck), timeout_seconds=LONG, clock=clock)
    reports: list[health.Report] = []
    asking = [threading.Thread(target=lambda: reports.append(checks.run())) for _ in range(8)]
    for thread in asking:
        thread.start()
    assert all_wait.wait(LONG)
    stuck.free()
    for thread in asking:
        thread.join(LONG)
    assert [report.status for report in reports] == ["healthy"] * 8
    assert stuck.calls == 1


def test_a_coroutine_that_hangs_is_cancelled_and_one_that_refuses_is_not_called_beside_itself() -> None:
    calls = []

    async def refuses() -> None:
        calls.append(1)
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if len(calls) < 2:
                    calls.append(2)
                    continue
                raise

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def ask() -> list[str]:
        checks = health.HealthChecks(health.Check("a", refuses), health.Check("b", hangs), timeout_seconds=0.01)
        return [(await checks.run_async()).status for _ in range(3)]

    assert asyncio.run(ask()) == ["unhealthy"] * 3
    assert calls == [1, 2, 1], "it gave in when it was cancelled again, and was called anew"


def test_a_check_whose_loop_was_closed_under_it_is_asked_anew_in_another_one() -> None:
    calls = []

    async def refuses_once() -> None:
        calls.append(1)
        while len(calls) == 1:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    checks = health.HealthChecks(health.Check("cache", refuses_once, timeout_seconds=0.01))
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(checks.run_async()).status == "unhealthy"
    loop.close()
    assert asyncio.run(checks.run_async()).status == "healthy"


def test_a_call_that_hung_longer_than_its_time_is_not_waited_for() -> None:
    now = 100.0
    caller = Caller(health.Check("database", lambda: None), 5.0, lambda: now)
    call = Call(98.0, Future())
    assert caller._remaining(call) == 3.0
    now = 140.0
    assert caller._remaining(call) == 0.0


def test_a_storm_of_probes_runs_the_checks_once(stuck: Stuck) -> None:
    now = [0.0]
    checks = health.HealthChecks(health.Check("database", stuck, timeout_seconds=LONG), clock=lambda: now[0])
    asking = [threading.Thread(target=checks.recent) for _ in range(20)]
    for thread in asking:
        thread.start()
    stuck.entered.wait(LONG)
    stuck.free()
    for thread in asking:
        thread.join(LONG)
    assert checks.recent() is checks.recent()
    assert stuck.calls == 1
    now[0] = 4.9
    checks.recent()
    assert stuck.calls == 1
    now[0] = 5.0
    checks.recent()
    assert stuck.calls == 2


def test_a_storm_in_a_loop_runs_the_checks_once_even_when_who_asked_first_leaves() -> None:
    calls = []

    async def probe() -> None:
        calls.append(1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def storm() -> set[health.Report]:
        checks = health.HealthChecks(health.Check("database", probe))
        asking = [asyncio.create_task(checks.recent_async()) for _ in range(20)]
        await asyncio.sleep(0)
        asking[0].cancel()
        return {await task for task in asking[1:]}

    assert len(asyncio.run(storm())) == 1
    assert calls == [1]


def test_a_forked_child_asks_for_itself_though_the_parent_was_asking(stuck: Stuck) -> None:
    checks = health.HealthChecks(health.Check("database", stuck), timeout_seconds=LONG)
    asking = threading.Thread(target=checks.recent)
    asking.start()
    stuck.entered.wait(LONG)
    child = os.fork()
    if not child:
        signal.alarm(int(LONG))  # a child that waits for a thread of its parent would wait for ever
        stuck.free()
        os._exit(0 if checks.recent().status == "healthy" else 1)
    stuck.free()
    asking.join(LONG)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: health.Check("", print), "1 to 64 printable characters"),
        (lambda: health.Check("x" * 65, print), "1 to 64 printable characters"),
        (lambda: health.Check("a\nb", print), "1 to 64 printable characters"),
        (lambda: health.Check("a", cast("Any", None)), "something to call"),
        (lambda: health.Check("a", print, timeout_seconds=0), "over 0 and up to 3600"),
        (lambda: health.HealthChecks(health.Check("a", print), health.Check("a", print)), "each name once"),
        (health.HealthChecks, "1 to 50"),
        (lambda: health.HealthChecks(health.Check("a", print), timeout_seconds=float("nan")), "timeout_seconds"),
        (lambda: health.HealthChecks(health.Check("a", print), cache_seconds=-1), "cache_seconds"),
        (lambda: health.memory(90), "a share over 0 and up to 1"),
        (lambda: health.disk(".", min_free_share=10), "a share from 0 to below 1"),
        (lambda: health.disk(".", min_free_bytes=-1), "a number of bytes from 0 on"),
    ],
)
def test_a_wrong_value_is_refused_when_the_check_is_made(make: Callable[[], object], words: str) -> None:
    with pytest.raises(SettingsError, match="is not allowed") as refused:
        make()
    assert words in str(refused.value)


def logged(directory: Path, read: ReadRecords, name: str = "combined.log") -> Records:
    return [record for record in read(directory / name) if record["message"] == "health check"]


def test_each_run_writes_one_record_whatever_the_level_is(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, level="critical", rate_limits={"root": 1}, console=False)
    now = [10.0]
    answers = [True, True]
    checks = health.HealthChecks(
        health.Check("session token", lambda: answers[0]),
        health.Check("mail", lambda: answers[1], essential=False),
        clock=lambda: now[0],
    )
    for database, mail in ((True, True), (True, False), (False, True)):
        answers[:] = database, mail
        checks.run()
    records = logged(tmp_path, read_records)
    assert [(record["level"], record["health"]) for record in records] == [
        ("info", "healthy"),
        ("warning", "degraded"),
        ("error", "unhealthy"),
    ]
    assert records[1]["logger"] == "app_logging.health"
    assert records[1]["checks"] == [
        {"name": "session token", "status": "healthy", "duration": 0.0},
        {"name": "mail", "status": "unhealthy", "duration": 0.0, "essential": False},
    ]
    assert logged(tmp_path, read_records, "error.log") == records[2:]


def test_a_report_given_again_writes_no_record(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    checks = health.HealthChecks(health.Check("disk", lambda: None))
    for _ in range(5):
        checks.recent()
    assert len(logged(tmp_path, read_records)) == 1


def test_the_largest_report_fits_into_a_record_whole(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    health.HealthChecks(*(health.Check(f"{number:064}", lambda: "\U0001f600" * 9999) for number in range(50))).run()
    (record,) = logged(tmp_path, read_records)
    assert "truncated" not in record
    assert len(record["checks"]) == 50


def test_without_configure_a_run_is_told_by_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    health.HealthChecks(health.Check("disk", lambda: False)).run()
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("app_logging.health", "ERROR")
    assert "health check" in record.getMessage()
