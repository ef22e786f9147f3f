"""The unit is what systemd understands, exposes little, and the tailer works inside of what it allows."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from crash.tailing import DEADLINE, wait_for
from loopback import free_port

Command = list[str | Path]
HERE = Path(__file__).parent
UNIT = HERE.parents[1] / "configs/systemd/logship.service"
MOST_EXPOSURE = 18
"""Of 100; systemd's own word for it is OK, a unit without any hardening has 96."""
REQUEST = (
    '{"timestamp":"2026-01-01T00:00:00.000Z","level":"info","message":"HTTP Request","service":"heroes-api",'
    '"environment":"test","method":"GET","url":"/api/heroes","route":"/api/heroes","status":200,"duration":12}\n'
)


@pytest.fixture
def systemd_analyze(server_program: Callable[[str], str]) -> str:
    return server_program("systemd-analyze")


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """Return the unit with the logship of this environment, and paths of this test."""
    text = UNIT.read_text(encoding="utf-8")
    for there, here in {
        "/opt/logship/bin/logship": str(Path(sys.executable).parent / "logship"),
        "/etc/logship/logship.yml": str(tmp_path / "logship.yml"),
        "%S/logship": str(tmp_path),
    }.items():
        assert there in text
        text = text.replace(there, here)
    return text


def settings(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def verified(systemd_analyze: str, directory: Path, unit: str) -> str:
    """Return what systemd has to say against a unit."""
    path = directory / "logship.service"
    path.write_text(unit)
    ran = subprocess.run([systemd_analyze, "verify", "--man=no", path], capture_output=True, text=True, check=False)
    return "\n".join(line for line in ran.stderr.splitlines() if "logship" in line)


def test_systemd_has_nothing_against_the_unit(systemd_analyze: str, tmp_path: Path, unit: str) -> None:
    assert verified(systemd_analyze, tmp_path, unit) == ""


@pytest.mark.parametrize(
    ("shipped", "broken"),
    [
        ("ProtectSystem=strict", "ProtectSystem=very"),
        ("ProtectClock=yes", "ProtectClocks=yes"),
        ("RestrictAddressFamilies=AF_INET", "RestrictAddressFamilies=AF_INTERNET"),
        ("ExecStart=", "ExecStart=/nowhere/logship "),
    ],
)
def test_systemd_has_something_against_a_broken_unit(
    systemd_analyze: str, tmp_path: Path, unit: str, shipped: str, broken: str
) -> None:
    assert shipped in unit
    assert verified(systemd_analyze, tmp_path, unit.replace(shipped, broken))


@pytest.mark.parametrize(
    ("left_out", "exit_code"), [("nothing", 0), ("CapabilityBoundingSet=", 1), ("SystemCallFilter=@", 1)]
)
def test_the_unit_exposes_little(
    systemd_analyze: str, tmp_path: Path, unit: str, left_out: str, exit_code: int
) -> None:
    path = tmp_path / "logship.service"
    path.write_text("\n".join(line for line in unit.splitlines() if not line.startswith(left_out)))
    check: Command = [systemd_analyze, "security", "--offline=yes", f"--threshold={MOST_EXPOSURE}", "--no-pager", path]
    ran = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ran.returncode == exit_code, ran.stdout + ran.stderr


def allowed_system_calls(systemd_analyze: str, unit: str) -> set[str]:
    """Return the system calls that the unit's filter lets pass: those of its sets, less those of its sets with ~."""
    listed = subprocess.run(
        [systemd_analyze, "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True
    )
    sets: dict[str, list[str]] = {}
    name = ""
    for line in listed.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            sets[name].append(line.strip())

    def calls(names: list[str]) -> set[str]:
        return {call for each in names for call in (calls(sets[each]) if each.startswith("@") else {each})}

    allowed: set[str] = calls(["@default"])  # systemd adds it to every list of what is allowed
    for value in settings(unit, "SystemCallFilter"):
        named = calls(value.removeprefix("~").split())
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


@pytest.mark.integration
def test_the_tailer_starts_reloads_and_stops_inside_of_what_the_unit_allows(
    systemd_analyze: str, tmp_path: Path, unit: str
) -> None:
    address = f"127.0.0.1:{free_port()}"
    log = tmp_path / "combined.log"
    log.write_text(REQUEST)
    config = tmp_path / "logship.yml"
    config.write_text(f"sources: [{{paths: ['{log}*']}}]\nserve: {{listen: '{address}'}}\n")
    confined: Command = [sys.executable, HERE / "confined.py", ",".join(allowed_system_calls(systemd_analyze, unit))]
    (start,) = settings(unit, "ExecStart")
    check, hang_up = settings(unit, "ExecReload")
    assert hang_up == "/bin/kill -HUP $MAINPID"

    with subprocess.Popen([*confined, *shlex.split(start)], stderr=subprocess.PIPE, text=True) as tail:
        try:
            wait_for(lambda: tail.poll() is not None or is_ready(address))
            log.rename(tmp_path / "combined.log.1")
            log.write_text(REQUEST * 2)
            config.write_text(config.read_text() + "poll_seconds: 0.1\n")
            assert subprocess.run([*confined, *shlex.split(check)], check=False).returncode == 0
            tail.send_signal(signal.SIGHUP)
            wait_for(lambda: tail.poll() is not None or 'status="200"} 3.0' in metrics(address))
            tail.send_signal(signal.SIGTERM)
            said = tail.communicate(timeout=DEADLINE)[1]
        finally:
            tail.kill()
    assert tail.returncode == 0, said
    assert "reloaded" in said
    assert not re.search("error|not permitted|cannot", said), said


@pytest.mark.parametrize("setting", ["ExecStart", "ExecReload"])
def test_a_mistake_in_the_configuration_ends_with_the_exit_code_that_is_not_tried_again(
    tmp_path: Path, unit: str, setting: str
) -> None:
    (tmp_path / "logship.yml").write_text("pathz: []\n")
    ran = subprocess.run(shlex.split(settings(unit, setting)[0]), capture_output=True, text=True, check=False)
    assert [str(ran.returncode)] == settings(unit, "RestartPreventExitStatus"), ran.stderr


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/readyz", timeout=DEADLINE).is_success
    except httpx.TransportError:
        return False


def metrics(address: str) -> str:
    return httpx.get(f"http://{address}/metrics", timeout=DEADLINE).text
