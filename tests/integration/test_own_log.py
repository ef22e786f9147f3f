"""The log of a real `logship tail`: JSON from the first line to the last, as loud as asked, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from crash.tailing import DEADLINE, command, wait_for
from words import request, write

pytestmark = pytest.mark.integration


BOUND = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Before a command: permissions bind even root then."""


def told(directory: Path, until: str, *arguments: str | Path, before: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Run a tailer until it has told of something; return what it told."""
    log = directory / "talk"
    asked = [*before, *command(), "tail", "--listen", "127.0.0.1:0", "--log-format", "json", *map(str, arguments)]
    with log.open("wb") as talk, subprocess.Popen(asked, stderr=talk) as process:
        wait_for(lambda: until in log.read_text() or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0, log.read_text()
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_each_line_is_a_record_of_the_service_logship(tmp_path: Path) -> None:
    write(tmp_path / "a.log", request())
    records = told(tmp_path, "winston", tmp_path / "a.log", tmp_path / "none.log")
    levels = {record["message"]: record["level"] for record in records}
    assert {record["service"] for record in records} == {"logship"}
    assert levels["following"] == levels["serving"] == levels["stopped"] == "info"
    assert levels["nothing there yet, waiting for it"] == "warning"


def test_only_what_was_asked_for_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.log", request())
    asked = ("--log-level", "warning", tmp_path / "a.log", tmp_path / "none.log")
    (record,) = told(tmp_path, "waiting for it", *asked)
    assert record["level"] == "warning"


def test_a_named_file_that_may_not_be_read_is_told_and_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, request())
    log.chmod(0)
    records = told(tmp_path, "cannot follow", log, before=BOUND)
    assert "Permission denied" in [record.get("why") for record in records]


def test_files_without_number_do_not_fill_the_log(tmp_path: Path) -> None:
    for number in range(200):
        write(tmp_path / f"{number}.log", request())
    records = told(tmp_path, "winston", tmp_path / "*.log")
    messages = [record["message"] for record in records]
    assert messages.count("following") == 60
    suppressed = [record for record in records if record["message"] == "log records suppressed"]
    assert [(record["kind"], record["suppressed"]) for record in suppressed] == [("following", 140)]
