"""Real web servers on loopback: start one, ask it, stop it, read what it has logged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 60.0
"""After that something hangs: it is there to end a test, not to measure anything."""
Records = list[dict[str, Any]]


def uvicorn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "uvicorn", *arguments]


def hypercorn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hypercorn", *arguments]


def gunicorn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--no-control-socket", *arguments]


@contextmanager
def served(command: Sequence[str], port: int, directory: Path, **environment: str) -> Iterator[int]:
    """Run a server in the directory until the block ends; it is stopped as an operator does, and must end well."""
    talk = directory / "talk"
    variables = {**os.environ, "LOG_DIR": str(directory / "logs"), "PYTHONPATH": str(directory), **environment}
    with (
        talk.open("ab") as output,
        subprocess.Popen(command, cwd=directory, env=variables, stdout=output, stderr=output) as server,
    ):
        try:
            _wait_for(port, server, talk)
            yield server.pid
        except BaseException:
            server.kill()
            raise
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            raise


def ask(port: int, *targets: str, method: str = "GET", **headers: str) -> list[int]:
    """Ask for each on one connection; return the statuses."""
    statuses = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    for target in targets:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    return statuses


def records_in(directory: Path) -> Records:
    """Read combined.log and all it was before, the oldest first; every line must be whole."""
    live = directory / "logs" / "combined.log"
    rotated = sorted(live.parent.glob("combined.log.*"), key=lambda path: int(path.suffix[1:]), reverse=True)
    records: Records = []
    for path in [*rotated, live]:
        content = path.read_bytes()
        assert content == b"" or content.endswith(b"\n")
        records += [json.loads(line) for line in content.split(b"\n")[:-1]]
    return records


def assert_gapless(records: Records) -> None:
    """Fail if a process's numbers are not 1, 2, 3 …: nothing is lost, torn or doubled."""
    numbers: dict[str, list[int]] = {}
    for record in records:
        numbers.setdefault(record["boot_id"], []).append(record["seq"])
    for boot_id, found in numbers.items():
        assert sorted(found) == list(range(1, len(found) + 1)), boot_id


def _wait_for(port: int, server: subprocess.Popen[bytes], talk: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.05)
                break  # it has ended, and will never listen
        else:
            return
    raise AssertionError(talk.read_text())
