"""`python -m app_logging.health` as Docker runs it: the real process, its exit code, its JSON, its record."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOMY = ("--min-free", "0", "--min-free-bytes", "0", "--memory", "1")
"""Limits that no machine for tests is beyond."""


class Ran:
    """One run of the command in a directory."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        variables = {**os.environ, "SERVICE_NAME": "heroes-api", **environment}
        ran = subprocess.run(
            [sys.executable, "-m", "app_logging.health", *arguments],
            cwd=directory,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.code, self.out, self.err = ran.returncode, ran.stdout, ran.stderr

    @property
    def found(self) -> dict[str, str]:
        return {check["name"]: check["status"] for check in self.report["checks"]}

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def test_who_is_healthy_exits_with_0_and_leaves_one_record(tmp_path: Path, logs: Path) -> None:
    ran = Ran(tmp_path, *ROOMY, LOG_LEVEL="error", ENVIRONMENT="development")
    assert (ran.code, ran.err) == (0, "")
    assert ran.found == {"memory": "healthy", "disk": "healthy"}
    (line,) = (logs / "combined.log").read_text().splitlines()
    record = json.loads(line)
    assert (record["message"], record["health"], record["service"]) == ("health check", "healthy", "heroes-api")
    assert record["checks"] == ran.report["checks"]


def test_who_is_not_exits_with_1_and_says_why(tmp_path: Path, logs: Path) -> None:
    ran = Ran(tmp_path, *ROOMY, "--disk", f"{tmp_path}/none", "--database", f"sqlite:///{tmp_path}/no/a.db")
    assert (ran.code, ran.report["status"]) == (1, "unhealthy")
    assert ran.found == {"database": "unhealthy", "memory": "healthy", "disk": "unhealthy"}
    assert "unable to open database file" in ran.report["checks"][0]["detail"]
    assert json.loads((logs / "error.log").read_text())["checks"] == ran.report["checks"]


def test_the_database_of_the_environment_is_checked(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db").close()
    ran = Ran(tmp_path, *ROOMY, "--disk", ".", HEALTH_DATABASE_URL=f"sqlite:///{tmp_path}/a.db")
    assert (ran.code, ran.found["database"]) == (0, "healthy")


def test_the_files_of_the_application_are_never_rotated_nor_made_in_a_new_directory(tmp_path: Path, logs: Path) -> None:
    (logs / "combined.log").write_bytes(b"x" * (6 << 20) + b"\n")
    assert Ran(tmp_path, *ROOMY).code == 0
    assert sorted(path.name for path in logs.iterdir() if not path.name.startswith(".")) == [
        "combined.log",
        "error.log",
    ]
    ran = Ran(tmp_path, *ROOMY, "--disk", ".", LOG_DIR=str(tmp_path / "elsewhere"))
    assert ran.code == 0
    assert ran.err == (
        f"the record is not written: there is no directory {tmp_path}/elsewhere; LOG_DIR names another\n"
    )
    assert not (tmp_path / "elsewhere").exists()
    assert Ran(tmp_path, *ROOMY, LOG_DIR=str(tmp_path / "elsewhere")).err == ran.err, "also when a check fails"


SHOP = """
import threading
from app_logging import health

async def ask():
    return "pong"

checks = health.HealthChecks(health.Check("cache", ask), health.Check("mail", lambda: False, essential=False))
stuck = health.HealthChecks(health.Check("cache", threading.Event().wait), timeout_seconds=0.1)
other = 5
"""


def test_the_checks_of_the_application_are_run(tmp_path: Path, logs: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    ran = Ran(tmp_path, "shop:checks")
    assert (ran.code, ran.report["status"], ran.found) == (0, "degraded", {"cache": "healthy", "mail": "unhealthy"})
    assert json.loads((logs / "combined.log").read_text())["health"] == "degraded"


def test_a_check_that_hangs_does_not_hold_up_the_end_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    ran = Ran(tmp_path, "shop:stuck")
    assert (ran.code, ran.report["checks"][0]["detail"]) == (1, "no answer within 0.1 s")


@pytest.mark.parametrize(("checks", "code"), [("shop:checks", 0), ("shop:stuck", 1)])
def test_the_exit_code_is_the_answer_even_if_nobody_can_read_the_report(
    tmp_path: Path, logs: Path, checks: str, code: int
) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "app_logging.health", checks],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (ran.returncode, ran.stderr) == (code, b"")
    assert (logs / "combined.log").read_bytes().count(b"health check") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--database", "nonsense://heroes:hunter2@db"],
            "database url: '…' (from argument) is not allowed: a URL such",
        ),
        (["--timeout", "0"], "timeout_seconds: 0.0 (from argument) is not allowed: a number of seconds over 0"),
        (["--timeout", "soon"], "argument --timeout: invalid float value: 'soon'"),
        (["--memory", "90"], "max_used: 90.0 (from argument) is not allowed: a share"),
        (["--min-free", "nan"], "min_free_share: nan (from argument) is not allowed: a share"),
        (["shop"], "checks: 'shop' (from argument) is not allowed: MODULE:ATTRIBUTE, such as"),
        (["nowhere.at.all:checks"], "a module that can be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (["broken:checks"], "a module that can be imported: KeyError: 'HEROES'"),
        (["script:checks"], "a module that can be imported: SystemExit: 0"),
        (["--database", ""], "database url: '…' (from argument) is not allowed: a URL such"),
        (["shop:other"], "an attribute that is HealthChecks, not int"),
        (["shop:none"], "an attribute that is HealthChecks, not NoneType"),
        (["shop:checks", "--memory", "0.5"], "MODULE:ATTRIBUTE and options exclude each other"),
    ],
)
def test_a_wrong_call_is_told_in_a_line_without_secrets(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "broken.py").write_text("import os\nos.environ['HEROES']\n")
    (tmp_path / "script.py").write_text("raise SystemExit(0)\n")
    ran = Ran(tmp_path, *arguments)
    assert (ran.code, ran.out) == (2, "")
    last = ran.err.splitlines()[-1]
    assert last.startswith("python -m app_logging.health: error: ")
    assert words in last
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err
