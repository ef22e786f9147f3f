"""What cannot work is said before anything is read, with the remedy."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from logship.cli.main import main

LINE = (
    '{"timestamp":"2026-11-23T08:00:00Z","message":"HTTP Request","method":"GET","url":"/","status":%d,"duration":5}\n'
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_text(LINE % 200 + LINE % 503)
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--output html needs --to FILE, which it writes; - is standard output"),
        (("--to", "r.html", "--label", "a=b"), "--label needs --output openmetrics"),
        (("--to", "r.html", "--step", "5"), "--step '5' is no length of a slot in a report: 15s, 5m, 1h or 1d are"),
    ],
)
def test_options_that_cannot_work_are_refused(
    log: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert main(["replay", str(log), "--output", "html", *arguments]) == 2
    assert said in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--to", "--step"])
def test_options_of_files_are_refused_with_a_table(log: Path, capfd: pytest.CaptureFixture[str], option: str) -> None:
    assert main(["replay", str(log), option, "5s"]) == 2
    assert f"{option} needs --output openmetrics or --output html" in capfd.readouterr().err


def test_without_plotly_the_remedy_is_named(
    log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    target = tmp_path / "r.html"
    assert main(["replay", str(log), "--output", "html", "--to", str(target)]) == 2
    assert "pip install '.[report]' in the clone of logship" in capfd.readouterr().err
    assert not target.exists()


def test_a_gate_judges_a_report_too(log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "r.html"
    arguments = ["--output", "html", "--to", str(target), "--fail-if", "error_rate > 10%"]
    assert main(["replay", str(log), *arguments]) == 1
    assert "--fail-if 'error_rate > 10%'" in capfd.readouterr().err
    assert target.exists()


def test_a_target_that_cannot_be_written_is_said(log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log), "--output", "html", "--to", str(tmp_path / "no" / "r.html")]) == 1
    assert "cannot be written: No such file or directory" in capfd.readouterr().err


def test_a_log_that_is_read_is_not_replaced(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = log.read_bytes()
    assert main(["replay", str(log), "--output", "html", "--to", str(log)]) == 2
    assert f"--to {log} is one of the logs that are read" in capfd.readouterr().err
    assert log.read_bytes() == before


def test_a_pipe_is_written_to_and_stays_one(log: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(pipe.read_text, encoding="utf-8")
        assert main(["replay", str(log), "--output", "html", "--to", str(pipe)]) == 0
        assert page.result().endswith("</html>\n")
    assert pipe.is_fifo()
