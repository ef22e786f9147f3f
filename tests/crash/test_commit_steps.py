"""Kill the tailer at each step of each of its commits: the next one goes on with exact numbers (P1, P2)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crash.dying import AFTER_COMMIT

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parent.parent
STATEMENTS = (
    *("BEGIN", "INSERT INTO series", "UPDATE series", "INSERT INTO own"),
    *("INSERT OR REPLACE INTO counts", "INSERT OR REPLACE INTO generations"),
)


def test_a_kill_at_any_step_of_any_commit_leaves_exact_numbers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crash.dying", tmp_path],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each for each in outcomes if each["taken_back"] or each["wrong"]] == []
    steps = [each["died_before"] for each in outcomes]
    assert steps.count("COMMIT") == steps.count(AFTER_COMMIT) > 5
    for statement in (*STATEMENTS, "DELETE FROM generations", "INSERT OR REPLACE INTO facts"):
        assert any(step.startswith(statement) for step in steps), statement
