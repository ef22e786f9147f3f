"""What docs/operations.md tells to type works, in that order: its tour, and its backup of the state."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from crash.tailing import Tail, wait_for
from crash.written import total
from loopback import free_port
from words import request, rotate, write

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
BACKUP = "Backup of the state"
PATIENCE_SECONDS = 60
IN_TESTS = (
    ("make demo SECONDS=20", ""),
    ("--seconds 20", "--seconds 2"),
    ("^(cp -r configs/prometheus .*)$", r"\1; sed -i 's/for: 1m/for: 0s/' tour/prometheus/rules/*.yml"),
    ("^(sed -i 's/logship:.* (.*))$", r"\1; sed -i -E 's/(_interval|_timeout): [0-9]+s/\\1: 1s/' \2"),
    # who types looks again until there is an answer
    ("^(promtool query .*)$", r'until SAID=$(\1) && [ -n "$SAID" ]; do sleep 0.2; done; echo "$SAID"'),
    ("^logship healthcheck$", "logship healthcheck http://127.0.0.1:9113/healthz"),
    ("^rm -r tour$", ""),
)
"""What differs from typing: patterns, each must be found, and what stands there instead."""


def typed(section: str) -> str:
    """Return what a section of the document tells to type."""
    (body,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"```console\n(.*?)```", body, re.DOTALL)
    return "\n".join(line.removeprefix("$ ") for block in blocks for line in block.splitlines())


def run(script: str, directory: Path, **environment: str) -> str:
    """Run a script that must succeed, with the programs beside this Python; return what it said."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with (directory / "said").open("wb") as said:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=directory,
            env=os.environ | {"PATH": path} | environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code: int | None = shell.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        with suppress(ProcessLookupError):  # what it left behind
            os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    text = (directory / "said").read_text()
    assert code == 0, text
    return text


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a directory with what the commands touch."""
    for name in ("examples", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_tour_ends_with_equal_counts(copy: Path, server_program: Callable[[str], str]) -> None:
    server_program("prometheus")
    script = typed("The tour: 15 minutes for who is new")
    for pattern, instead in IN_TESTS:
        script, found = re.subn(pattern, instead, script, flags=re.MULTILINE)
        assert found, pattern
    ports = {port: str(free_port()) for port in ("8000", "9090", "9113")}
    script = re.sub(r"(127\.0\.0\.1:|--port )(\d{4})\b", lambda found: found[1] + ports[found[2]], script)
    said = run(script, copy, LOGSHIP_LISTEN=f"127.0.0.1:{ports['9113']}")

    lines = (copy / "tour/logs/combined.log").read_bytes().splitlines()
    requests = sum(json.loads(line)["message"] == "HTTP Request" for line in lines)
    assert requests > 50
    assert re.search(rf"^{requests}$", said, re.MULTILINE), said
    assert 'alertname="APIDown", alertstate="firing"' in said
    assert "{} => 0 @" in said, said


def test_from_a_backup_of_a_running_tailer_the_same_numbers_are_reached_again(tmp_path: Path) -> None:
    log, tail = tmp_path / "app.log", Tail(tmp_path, [tmp_path / "app.log*"])
    backup, rollback = (typed(section).replace("logship.db", "state.db") for section in (BACKUP, "Rollback"))
    write(log, request(), request())
    try:
        tail.start()
        wait_for(lambda: tail.is_ready() and counted(tail) == 2)
        said = run(f"{backup}\nlogship state show logship.backup.db", tmp_path)
        write(log, request())
        rotate(log)
        write(log, request())
        wait_for(lambda: counted(tail) == 4)
        tail.kill()  # so that it leaves what SQLite has beside the state file
        run(f"ls state.db-wal\n{rollback}\nlogship state show state.db | grep '^2 requests'", tmp_path)
        tail.start()
        wait_for(lambda: tail.is_ready() and counted(tail) == 4)
    finally:
        tail.kill()
    assert "logship.backup.db: good" in said
    assert "2 requests" in said


def counted(tail: Tail) -> float:
    return total(tail.scrape(), "http_requests_total")
