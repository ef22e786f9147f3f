"""Programs are told how far a replay is by JSON on stderr: once a second and at the end, nothing else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from logship.cli.main import main
from logship.replay import progress


def test_each_second_is_a_line_of_its_own_and_so_is_the_end() -> None:
    out, times = io.StringIO(), iter([10.0, 10.5, 12.0, 12.0, 12.5, 14.0])
    with progress(1000, out, "json", lambda: next(times)) as meter:
        meter.begin("a.log")
        meter.advance(100)
        assert out.getvalue() == ""
        meter.advance(100)
        meter.begin("b.log")
        meter.advance(800)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {
            "bytes": 200,
            "bytes_total": 1000,
            "bytes_per_second": 100,
            "seconds": 2.0,
            "seconds_left": 8.0,
            "input": "a.log",
        },
        {
            "bytes": 1000,
            "bytes_total": 1000,
            "bytes_per_second": 250,
            "seconds": 4.0,
            "seconds_left": 0.0,
            "input": "b.log",
        },
    ]


def test_what_is_not_known_is_null() -> None:
    out = io.StringIO()
    with progress(None, out, "json", lambda: 5.0):
        pass
    assert json.loads(out.getvalue()) == {
        "bytes": 0,
        "bytes_total": None,
        "bytes_per_second": None,
        "seconds": 0.0,
        "seconds_left": None,
        "input": None,
    }


def test_the_command_tells_all_bytes_that_it_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b'{"message":"x"}\n' * 20_000)
    assert main(["replay", str(log), "--progress", "json"]) == 0
    last = json.loads(capfd.readouterr().err.splitlines()[-1])
    size = log.stat().st_size
    assert (last["bytes"], last["bytes_total"], last["input"]) == (size, size, str(log))
