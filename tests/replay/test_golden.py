"""Golden cases: a log, the arguments, and everything that the command then says (`tests/golden/*.yml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from logship.cli.main import main

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = [
    (case, run) for case in sorted(GOLDEN.glob("*.yml")) for run in yaml.safe_load(case.read_text("utf-8"))["runs"]
]


@pytest.mark.parametrize(("case", "run"), CASES, ids=[f"{case.stem}: {run['arguments']}" for case, run in CASES])
def test_a_golden_log_gives_its_golden_output(
    case: Path,
    run: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, lines in yaml.safe_load(case.read_text("utf-8"))["files"].items():
        (tmp_path / name).write_text(lines, encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    code = main(["replay", *run["arguments"].split()])
    out, err = capfd.readouterr()
    assert out == run.get("stdout", "")
    assert err == run.get("stderr", "")
    assert code == run.get("exit", 0)
