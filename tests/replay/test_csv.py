"""CSV is for programs and spreadsheets: plain numbers, and no text that either would run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from logship.cli.main import main
from logship.config import Config
from logship.replay import as_json, plan, print_csv, replay
from logship.replay.summary import COLUMNS, EVERYTHING

LINE = (
    '{"timestamp":"2026-11-23T12:00:%02dZ","message":"HTTP Request","method":"GET","route":%s,"status":200,'
    '"boot_id":"b"}\n'
)


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        ("/a,b", "/a,b"),
        ('/"quoted"', '/"quoted"'),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("/\x1b[2J\n", r"/\x1b[2J\n"),
        ("\tx", r"\tx"),
    ],
)
def test_hostile_routes_stay_text(tmp_path: Path, route: str, shown: str, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text(LINE % (0, json.dumps(route)))
    assert main(["replay", str(tmp_path / "a.log"), "--output", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capfd.readouterr().out))
    assert (row["route"], row["requests"], row["p99"], row["rate"]) == (shown, "1", "", "")


def test_the_numbers_are_those_of_the_json(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(LINE % (second, '"/a"') for second in range(10)))
    result = replay(plan([str(tmp_path)]), Config(), lambda _more: None)
    out = io.StringIO()
    print_csv(result, EVERYTHING, out)
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    (route,) = as_json(result, Config().measure.buckets)["routes"]
    assert tuple(row) == COLUMNS
    assert {name: str(value) if value is not None else "" for name, value in route.items()} == row


def test_lines_at_other_times_are_lines_all_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("".join(LINE % (second, '"/a"') for second in range(10)))
    assert main(["replay", str(tmp_path), "--since", "2026-11-23T12:00:08Z", "--output", "prom"]) == 0
    shown = capfd.readouterr().out
    assert 'logship_lines_total{outcome="request",reason=""} 2.0' in shown
    assert 'logship_lines_total{outcome="outside",reason=""} 8.0' in shown
