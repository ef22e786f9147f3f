"""`logship doctor` as its users meet it: the real command beside real tailers, dead ones, and what is none."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bcrypt
import msgspec
import pytest
from crash.tailing import command, wait_for
from integration.certificates import Authority
from integration.serving import serving
from loopback import free_port
from words import request, write

pytestmark = pytest.mark.integration


class Finding(msgspec.Struct, forbid_unknown_fields=True):
    check: str
    severity: str
    subject: str | None
    says: str
    promises: list[str]
    remedy: str | None


class Report(msgspec.Struct, forbid_unknown_fields=True):
    """The documented shape of `--json`."""

    shape: int
    version: str
    at: str
    severity: str
    exit_code: int
    findings: list[Finding]

    def of(self, check: str) -> Finding:
        found = [each for each in self.findings if each.check == check]
        assert found, (check, self.findings)
        return found[0]


def doctor(*arguments: str | Path, **settings: Any) -> Report:
    done = subprocess.run([*command(), "doctor", "--json", *arguments], capture_output=True, check=False, **settings)
    assert done.stderr == b""
    report = msgspec.json.decode(done.stdout, type=Report)
    assert done.returncode == report.exit_code
    return report


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "a.log"
    path.parent.mkdir()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    write(path, *(request(f"/{number}").replace("2026-11-23T06:41:58", stamp) for number in range(3)))
    return path


@pytest.fixture
def listen() -> str:
    return f"127.0.0.1:{free_port()}"


AS_NOBODY = """
import os, sys
from logship.cli.main import main
out = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
main(sys.argv[1:])  # as root: so that everything is imported, from wherever nobody may not read
os.dup2(out, 1)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
main(sys.argv[1:])
"""

Tail = Callable[..., "subprocess.Popen[bytes]"]


def is_ready(address: str) -> bool:
    return subprocess.run([*command(), "healthcheck", address], capture_output=True, check=False).returncode == 0


@pytest.fixture
def tail(tmp_path: Path, listen: str) -> Iterator[Tail]:
    """Start a tailer there, and wait until it is ready."""
    with ExitStack() as running:

        def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
            with (tmp_path / "talk").open("wb") as talk:
                process = subprocess.Popen([*command(), "tail", "--listen", listen, *arguments], stderr=talk)
            running.callback(process.wait, 20)
            running.callback(process.kill)
            wait_for(lambda: is_ready(f"http://{listen}/readyz"))
            return process

        yield start


def test_beside_a_tailer_that_is_well_all_is_well(tmp_path: Path, log: Path, tail: Tail, listen: str) -> None:
    state = tmp_path / "state.db"
    process = tail(log, "--state", state)
    report = doctor(log, "--state", state, "--listen", listen)
    assert report.severity == "ok", report.findings
    assert f"held by process {process.pid}" in report.of("state.lock").says
    assert report.of("tailer.ready").subject == f"http://{listen}"
    assert "winston" in report.of("lines.format").says
    assert doctor(log, "--listen", listen).of("state.file").severity == "note", "the tailer has one"
    before = state.stat().st_mtime_ns
    assert doctor(f"http://{listen}", log, "--state", state).exit_code == 0
    assert state.stat().st_mtime_ns == before


def test_a_tailer_that_is_stopped_dead_is_critical_and_keeps_nobody(
    tmp_path: Path, log: Path, tail: Tail, listen: str
) -> None:
    process = tail(log, "--state", tmp_path / "state.db")
    process.send_signal(signal.SIGSTOP)
    try:
        report = doctor(log, "--state", tmp_path / "state.db", "--listen", listen)
    finally:
        process.send_signal(signal.SIGCONT)
    found = report.of("tailer.answers")
    assert (report.exit_code, found.severity, found.promises) == (3, "critical", ["P3"])
    assert f"process {process.pid}" in found.says


def test_a_port_that_another_program_has_is_critical_with_its_number(log: Path) -> None:
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        thief.settimeout(20)
        report = doctor(log, "--listen", f"127.0.0.1:{thief.getsockname()[1]}")
    found = report.of("tailer.answers")
    assert found.severity == "critical"
    assert f"process {os.getpid()} (" in found.says


def test_a_tailer_with_other_options_is_found_with_the_call_that_asks_about_it(
    log: Path, tail: Tail, tmp_path: Path
) -> None:
    tail(log, "--state", tmp_path / "state.db")
    report = doctor(log, "--state", tmp_path / "state.db", "--listen", f"127.0.0.1:{free_port()}")
    found = report.of("tailer.answers")
    assert found.severity == "warning"
    assert found.remedy is not None
    assert found.remedy.startswith("logship doctor --listen 127.0.0.1:")
    assert found.remedy.endswith(f"{log} --state {tmp_path}/state.db")


def test_a_named_url_where_nobody_answers_is_critical(log: Path, listen: str) -> None:
    assert doctor(log, f"http://{listen}").of("tailer.answers").severity == "critical"


def test_pipes_and_hostile_lines_neither_hang_nor_show(tmp_path: Path, log: Path, listen: str) -> None:
    os.mkfifo(tmp_path / "logs" / "b.log")
    write(log, *['{"password":"hunter2","url":"/x'] * 5)
    report = doctor(log.parent / "*.log", "--listen", listen)
    assert "pipe" in report.of("files.readable").says
    assert "invalid_json" in report.of("lines.rejected").says
    assert "hunter2" not in json.dumps(msgspec.to_builtins(report))


def test_the_warnings_of_check_are_told(tmp_path: Path, log: Path, listen: str) -> None:
    config = tmp_path / "logship.yml"
    config.write_text(f"sources: [{{paths: ['{log}']}}]\nmeasure: {{buckets: [100, 500]}}\n")
    found = doctor("--config", config, "--listen", listen).of("configuration")
    assert found.subject == "measure.buckets"
    assert "milliseconds" in found.says


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Return a directory that others may enter, as they may not where pytest keeps its own."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_says_what_it_may_not_and_cannot_see(open_directory: Path, tail: Tail, listen: str) -> None:
    log, state = open_directory / "a.log", open_directory / "state.db"
    write(log, request())
    process = tail(log, "--state", state)
    log.chmod(0o600)
    asked = ["doctor", "--json", str(log), "--state", str(state), "--listen", listen]
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, *asked], capture_output=True, check=True)
    assert done.stderr == b""
    report = msgspec.json.decode(done.stdout, type=Report)
    readable = report.of("files.readable")
    assert (readable.severity, "the tailer, user 0, may read it" in readable.says) == ("note", True), report.findings
    assert f"process {process.pid} belongs to another user" in report.of("doctor").says


def test_text_is_plain_where_nobody_looks_and_ends_with_a_sum(log: Path, listen: str) -> None:
    done = subprocess.run(
        [*command(), "doctor", str(log), "--listen", listen], capture_output=True, text=True, check=False
    )
    assert "\x1b" not in done.stdout
    assert re.fullmatch(r"\d+ criticals?, \d+ warnings?, \d+ notes?, \d+ ok", done.stdout.splitlines()[-1])


@pytest.mark.parametrize("arguments", [["http://a", "http://b"], ["--config", "none.yml"], ["--buckets", "x"]])
def test_a_wrong_call_ends_with_2_and_one_line(arguments: list[str]) -> None:
    done = subprocess.run([*command(), "doctor", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_tailer_that_encrypts_is_asked_all_the_same(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("server")
    tls = {"tls_server_config": {"cert_file": "server.pem", "key_file": "server.key"}}
    with serving(tmp_path, tls) as running:
        listen = ("--listen", f"127.0.0.1:{running.port}")
        report = doctor(running.log, "--web.config.file", running.web_config, *listen)
        assert report.of("tailer.ready").severity == "ok"
        assert report.of("tailer.ready").subject == running.url
        in_the_clear = doctor(running.log, *listen).of("tailer.answers")
        assert in_the_clear.severity == "critical"
        assert "https://" in (in_the_clear.remedy or "")


def test_a_tailer_that_wants_a_password_is_alive(tmp_path: Path) -> None:
    users = {"basic_auth_users": {"prometheus": bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()}}
    with serving(tmp_path, users) as running:
        listen = ("--listen", f"127.0.0.1:{running.port}")
        assert doctor(running.log, *listen).of("tailer.answers").severity == "note"
        report = doctor(running.log, running.url.replace("://", "://prometheus:hunter2@"))
    assert report.of("tailer.ready").subject == running.url
    assert "hunter2" not in json.dumps(msgspec.to_builtins(report))


def test_a_web_configuration_that_cannot_be_obeyed_is_told(tmp_path: Path, log: Path, listen: str) -> None:
    (tmp_path / "web.yml").write_text("basic_auth_users: {prometheus: hunter2}\n")
    found = doctor(log, "--listen", listen, "--web.config.file", tmp_path / "web.yml").of("configuration")
    assert (found.severity, found.subject) == ("warning", "serve.web_config_file")
    assert "hunter2" not in found.says
