"""From a health check of an application to Prometheus: real processes, real files, live and from the archive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, get, wait_for
from hosting import gunicorn, records_in, served, uvicorn
from loopback import free_port

pytestmark = pytest.mark.integration

LOGSHIP = [sys.executable, "-m", "logship"]


def check(directory: Path, disk: Path) -> int:
    """Run the health checks of an application that logs into a directory; return the exit code."""
    limits = ["--memory", "1", "--min-free", "0", "--min-free-bytes", "0"]
    ran = subprocess.run(
        [sys.executable, "-m", "app_logging.health", *limits, "--disk", str(disk)],
        env={**os.environ, "LOG_DIR": str(directory)},
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=DEADLINE,
    )
    return ran.returncode


@contextmanager
def tailing(directory: Path) -> Iterator[str]:
    """Run a tailer with a state file; yield the address of its metrics."""
    talk = directory / "talk"
    with talk.open("wb") as out:
        command = [*LOGSHIP, "tail", f"{directory}/combined*.log", "--state", f"{directory}/a.db"]
        process = subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stderr=out)
    try:
        yield wait_for(lambda: re.search(r"url=(http://\S+)", talk.read_text()))[1]
    finally:
        process.terminate()
        process.wait(DEADLINE)


def shown(exposition: str) -> dict[str, float]:
    samples = re.findall(r'^health_check_status\{check="(\w+)"\} (\S+)$', exposition, re.MULTILINE)
    return {name: float(value) for name, value in samples}


def scrape(url: str) -> dict[str, float]:
    return shown(get(url).text)


def test_each_run_is_seen_by_the_next_scrape_after_a_restart_and_by_a_replay(tmp_path: Path) -> None:
    with tailing(tmp_path) as url:
        assert scrape(url) == {}
        assert check(tmp_path, tmp_path) == 0
        assert scrape(url) == {"memory": 1.0, "disk": 1.0}
        assert check(tmp_path, tmp_path / "none") == 1
        assert scrape(url) == {"memory": 1.0, "disk": 0.0}
    with tailing(tmp_path) as url:
        assert scrape(url) == {"memory": 1.0, "disk": 0.0}
    replayed = subprocess.run(
        [*LOGSHIP, "replay", tmp_path / "combined.log", "--output", "prom"],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )
    assert shown(replayed.stdout) == {"memory": 1.0, "disk": 0.0}


APP = """
import pathlib, app_logging
from app_logging import health

app_logging.configure(service="heroes-api", console=False)
checks = health.HealthChecks(
    health.Check("switch", lambda: pathlib.Path("on").exists()), timeout_seconds=10, cache_seconds=0.05
)
asgi = health.HealthEndpoint(checks)
wsgi = health.WSGIHealthEndpoint(checks)
"""


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_a_real_server_answers_the_probe_of_docker(tmp_path: Path, server: str) -> None:
    (tmp_path / "shop.py").write_text(APP)
    port = free_port()
    asgi = uvicorn("shop:asgi", "--port", str(port))
    wsgi = gunicorn("shop:wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload")
    with served(asgi if server == "uvicorn" else wsgi, port, tmp_path):
        assert probe(port) == 1
        (tmp_path / "on").touch()
        wait_for(lambda: probe(port) == 0)
    records = [record for record in records_in(tmp_path) if record["message"] == "health check"]
    assert (records[0]["health"], records[-1]["health"]) == ("unhealthy", "healthy")


def probe(port: int) -> int:
    """Ask as Docker would; return the exit code."""
    command = [*LOGSHIP, "healthcheck", f"http://127.0.0.1:{port}/healthz"]
    return subprocess.run(command, capture_output=True, check=False).returncode
