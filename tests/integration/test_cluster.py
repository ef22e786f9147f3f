"""A replay on a real Dask cluster: a scheduler and two workers on loopback, one of which is killed in the middle."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flaky_servers import Gate, serving_files

pytestmark = pytest.mark.integration

LINES = 20_000
FILES = 12
HELD = 2


class Dask:
    """A scheduler, and the processes of workers."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._stack = stack
        self._directory = directory
        scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = found(scheduler, r"Scheduler at:\s+(tcp://\S+)")
        self.workers: list[subprocess.Popen[str]] = []

    def worker(self) -> subprocess.Popen[str]:
        """Start a worker of one thread."""
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        worker = self._start("worker", self.address, *arguments, "--local-directory", str(self._directory))
        found(worker, r"Registered to:\s+(tcp://\S+)")
        self.workers.append(worker)
        return worker

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        child = self._stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments], stderr=subprocess.PIPE, text=True, cwd=self._directory
            )
        )
        self._stack.callback(child.kill)
        return child


def found(child: subprocess.Popen[str], pattern: str) -> str:
    """Return what a process says of itself."""
    assert child.stderr is not None
    for line in child.stderr:
        if match := re.search(pattern, line):
            return match[1]
    pytest.fail(f"{child.args!r} has not said {pattern}")


@contextmanager
def running(directory: Path) -> Iterator[Dask]:
    """Run a cluster of two workers."""
    with ExitStack() as stack:
        cluster = Dask(stack, directory)
        cluster.worker()
        cluster.worker()
        yield cluster


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A cluster for all tests that do it no harm."""
    with running(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("logs")
    for number in range(FILES):
        (directory / f"{number:02}.log").write_bytes(log(number))
    return directory


def log(hour: int) -> bytes:
    """Return the records of an hour."""
    record = {"level": "info", "message": "HTTP Request", "method": "GET", "status": 200, "userAgent": "x" * 200}
    lines = []
    for number in range(LINES):
        record["timestamp"] = f"2026-11-23T{hour:02}:{number // 400:02}:{number % 60:02}.000Z"
        lines.append(json.dumps({**record, "url": f"/api/{number % 7}a", "duration": number % 3000}))
    return "\n".join([*lines, ""]).encode()


def replay(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "logship", "replay", "--output", "json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def numbers(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stderr == ""
    assert done.returncode == 0
    return json.loads(done.stdout)


class Counting:
    """A replay on the cluster, with some files counted and each worker in the middle of one that a gate keeps back."""

    def __init__(self, dask: Dask, logs: Path, url: str, gate: Gate) -> None:
        self.inputs = [str(logs), *(f"{url}/{hour}.log" for hour in range(FILES, FILES + HELD))]
        self.gate = gate
        self.child = subprocess.Popen(
            [sys.executable, "-m", "logship", "replay", "--output", "json", *self.inputs, "--cluster", dask.address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def counting(dask: Dask, logs: Path) -> Iterator[Counting]:
    """Begin a replay on the cluster; yield it when it is in the middle."""
    gate = Gate(HELD)
    with serving_files({f"/{hour}.log": log(hour) for hour in range(FILES, FILES + HELD)}) as (url, server):
        server.cut = staticmethod(gate)
        counting = Counting(dask, logs, url, gate)
        with counting.child as child:
            try:
                gate.wait()
                yield counting
            finally:
                gate.open()
                child.kill()


def test_a_cluster_comes_to_the_result_of_one_process(dask: Dask, logs: Path) -> None:
    assert numbers(replay(str(logs), "--cluster", dask.address)) == numbers(replay(str(logs), "--jobs", "1"))


def test_a_worker_killed_in_the_middle_doubles_nothing(tmp_path: Path, logs: Path) -> None:
    with running(tmp_path) as dask, counting(dask, logs) as work:
        dask.workers[0].send_signal(signal.SIGKILL)
        assert dask.workers[0].wait() == -signal.SIGKILL
        work.gate.open()
        out, _ = work.child.communicate()
        assert work.child.returncode == 0
        assert json.loads(out) == numbers(replay(*work.inputs, "--jobs", "1"))


def test_names_of_files_do_not_depend_on_where_workers_run(dask: Dask, logs: Path) -> None:
    done = replay("00.log", "--cluster", dask.address, cwd=logs)
    assert numbers(done)["lines"]["request"] == LINES


def test_a_signal_ends_it(dask: Dask, logs: Path) -> None:
    with counting(dask, logs) as work:
        work.child.send_signal(signal.SIGINT)
        out, err = work.child.communicate()
    assert work.child.returncode == 130
    assert err.splitlines()[-1] == "logship: interrupted: these are the numbers of what was read until then"
    assert 0 < json.loads(out)["lines"]["request"] <= FILES * LINES


def test_a_scheduler_that_is_not_there_is_an_error_that_says_so(logs: Path) -> None:
    done = replay(str(logs), "--cluster", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "--cluster tcp://127.0.0.1:1: no Dask scheduler answers there within 10 seconds" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_only_this_process_sees_is_an_error_that_says_so(dask: Dask, logs: Path) -> None:
    code = (  # a name that means another thing in each process
        "import os, sys; from logship.cli.main import main; "
        f"os.dup2(os.open({str(logs / '00.log')!r}, os.O_RDONLY), 200); "
        f"sys.exit(main(['replay', '/proc/self/fd/200', '--cluster', {dask.address!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a cluster reads URLs, and directories that all its workers have under the same name" in done.stderr
    assert done.stderr.count("\n") == 1
