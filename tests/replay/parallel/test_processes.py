"""Worker processes: one that is killed is replaced and doubles nothing, none outlives the command, signals end all."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flaky_servers import Gate, serving_files

from logship.config import Config
from logship.errors import LogshipError
from logship.replay import plan, replay
from logship.replay.parallel import Outcome, Processes, divided, replay_by
from logship.replay.pieces import Piece
from logship.replay.plan import Plan

FOLD_BYTES = 1 << 20
LINES = 12_000
COPIES = 8


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a log of some units."""
    path = tmp_path_factory.mktemp("logs") / "app.log"
    record = {"level": "info", "message": "HTTP Request", "method": "GET", "status": 200, "userAgent": "x" * 300}
    with path.open("w") as out:
        for number in range(LINES):
            out.write(json.dumps({**record, "url": f"/api/{number % 7}a", "duration": number % 3000}) + "\n")
    return str(path)


class Watched(Processes):
    """Worker processes that are killed while they are about the first `deaths` orders that are waited for."""

    def __init__(self, jobs: int, deaths: int) -> None:
        super().__init__(jobs)
        self.deaths = deaths
        self.seen: set[int] = set()

    def wait(self, order: int, seconds: float) -> Sequence[Outcome] | None:
        if self.deaths:
            self.deaths -= 1
            for pid in self.pids:
                with suppress(ProcessLookupError):  # it was killed before
                    os.kill(pid, signal.SIGKILL)
        self.seen.update(self.pids)
        return super().wait(order, seconds)


def by(crew: Processes, planned: Plan) -> object:
    units = divided(planned, Config(), None, FOLD_BYTES, fold_bytes=FOLD_BYTES)
    with crew:
        return replay_by(crew, units, planned, Config(), lambda _more: None)


def alone(planned: Plan) -> object:
    return replay(planned, Config(), lambda _more: None, fold_bytes=FOLD_BYTES)


@pytest.mark.parametrize("jobs", [1, 3])
def test_processes_come_to_the_result_of_one(log: str, jobs: int) -> None:
    planned = plan([log])
    read: list[int] = []
    units = list(divided(planned, Config(), None, FOLD_BYTES, fold_bytes=FOLD_BYTES))
    assert len(units) > 3
    with Processes(jobs) as crew:
        found = replay_by(crew, units, planned, Config(), read.append)
    assert found == alone(planned)
    assert sum(read) == planned.total_bytes


def test_a_process_with_threads_is_not_forked_and_still_counts(log: str) -> None:
    planned = plan([log])
    over = threading.Event()
    beside = threading.Thread(target=over.wait)
    beside.start()
    try:
        assert by(Processes(2), planned) == alone(planned)
    finally:
        over.set()
        beside.join()


def test_killed_workers_are_replaced_and_nothing_is_doubled(log: str) -> None:
    planned = plan([log])
    crew = Watched(2, deaths=2)
    assert by(crew, planned) == alone(planned)
    assert len(crew.seen) > 2, "no worker was killed"


def test_a_unit_that_kills_every_worker_is_an_error_that_says_so(log: str) -> None:
    with pytest.raises(LogshipError, match=r"worker processes died 3 times \(SIGKILL\) while they read .*app.log"):
        by(Watched(1, deaths=99), plan([log]))


def test_no_worker_is_left_behind(log: str) -> None:
    crew = Watched(2, deaths=0)
    by(crew, plan([log]))
    assert crew.seen
    for pid in crew.seen:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_failure_in_a_worker_is_raised_here(log: str) -> None:
    planned = plan([log])
    with Processes(1) as crew, pytest.raises(ZeroDivisionError):
        replay_by(crew, [(Piece(0, log, "", fold_bytes=0),)], planned, Config(), lambda _more: None)


def workers_of(pid: int) -> list[int]:
    """Return the children of a process."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


@pytest.fixture(scope="module")
def large(log: str) -> str:
    """Return a log that is worth two workers."""
    path = Path(log).with_name("large.log")
    path.write_bytes(Path(log).read_bytes() * COPIES)
    return str(path)


@contextmanager
def working(large: str, log: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a replay that has counted a large log, and each of whose two workers is in the middle of one from afar."""
    gate = Gate(2)
    kept_back = Path(log).read_bytes()
    with serving_files({"/1.log": kept_back, "/2.log": kept_back}) as (url, server):
        server.cut = staticmethod(gate)
        inputs = (large, f"{url}/1.log", f"{url}/2.log")
        command = [sys.executable, "-m", "logship", "replay", "--jobs", "2", "--allow-duplicates", *options, *inputs]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as child:
            try:
                gate.wait()
                yield child
            finally:
                gate.open()
                child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_and_shows_what_was_counted(large: str, log: str, number: signal.Signals) -> None:
    with working(large, log, "--output", "json") as child:
        workers = workers_of(child.pid)
        assert len(workers) == 2
        os.killpg(child.pid, signal.SIGINT) if number == signal.SIGINT else child.send_signal(number)  # as a terminal
        out, err = child.communicate()
    assert child.returncode == 130
    assert "interrupted: these are the numbers of what was read until then" in err
    assert "Traceback" not in err
    assert 0 < json.loads(out)["lines"]["request"] <= LINES * COPIES
    for pid in workers:
        assert not Path(f"/proc/{pid}").exists()


def test_workers_end_when_the_command_is_killed(large: str, log: str) -> None:
    with working(large, log) as child:
        workers = workers_of(child.pid)
        assert len(workers) == 2
        handles = [os.pidfd_open(worker) for worker in workers]
        child.kill()
        ended = [bool(select.select([handle], [], [], 30)[0]) for handle in handles]
        for handle in handles:
            os.close(handle)
    assert ended == [True, True]
