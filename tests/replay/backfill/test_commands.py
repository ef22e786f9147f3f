"""The commands say what they did, what is missing, and what they cannot do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from replay.backfill.days_read import NOON, REQUESTS, line, log, samples_in

from logship.cli.main import main
from logship.replay.backfill import traps
from logship.replay.backfill.blocks import BlocksError, make_blocks


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            code = main([*map(str, arguments)])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def days(run: Run, tmp_path: Path) -> Path:
    log(tmp_path / "a.log", [line(NOON), line(NOON + 86400)])
    done = run("replay", "a.log", "--output", "openmetrics", "--to", "days", "--label", "job=api")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "days/2026-11-23.om\ndays/2026-11-24.om\n"
    assert "series; logship backfill brings them into a Prometheus\n" in done.stderr
    return tmp_path / "days"


def test_a_replay_writes_days_inside_a_window(run: Run, tmp_path: Path) -> None:
    log(tmp_path / "a.log", (line(NOON + at) for at in range(0, 3600, 10)))
    span = ("--since", "2026-11-23T12:10:05Z", "--until", "2026-11-23T12:20:00Z")
    run("replay", "a.log", "--output", "openmetrics", "--to", "days", *span)
    every = samples_in(tmp_path / "days")
    assert min(each[0][0] for each in every.values()) == NOON + 600, "there is nothing before the window"
    samples = every[REQUESTS]
    assert [*samples[:2], samples[-1]] == [(NOON + 600, 0), (NOON + 615, 1), (NOON + 1200, 59)]


def test_what_could_not_be_counted_is_told(run: Run, tmp_path: Path) -> None:
    log(tmp_path / "a.log", ["nonsense"])
    done = run("replay", "a.log", "--output", "openmetrics", "--to", "days")
    assert (done.returncode, done.stdout) == (1, "")
    assert "1 lines were left out: no line of their input before them has a time" in done.stderr
    (tmp_path / "b.log.gz").write_bytes(b"\x1f\x8b broken")
    done = run("replay", "b.log.gz", "--output", "openmetrics", "--to", "days")
    assert done.returncode == 1
    assert "b.log.gz" in done.stderr


def test_counters_that_go_on_from_nothing_are_told(run: Run, days: Path) -> None:
    (days.parent / "other.prom").write_text("other_total 1\n")
    written = ("replay", "a.log", "--output", "openmetrics", "--to", "more", "--label", "job=api", "--continue-from")
    assert "no counter goes on: what --continue-from names" in run(*written, "other.prom").stderr
    assert "no counter goes on" not in run(*written, days / "2026-11-24.om").stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--output", "openmetrics"], "--output openmetrics needs --to DIR"),
        (["--to", "days"], "--to needs --output openmetrics"),
        (["--step", "15s"], "--step needs --output openmetrics"),
        (["--output", "openmetrics", "--to", "x", "--fail-if", "p99 > 1s"], "--fail-if does not go with"),
        (["--output", "openmetrics", "--to", "x", "--step", "15"], "--step '15' is no scrape interval"),
        (["--output", "openmetrics", "--to", "x", "--label", "job"], "--label 'job' is no label"),
        (["--output", "openmetrics", "--to", "x", "--label", "route=a"], "--label 'route=a': the metrics have"),
        (["--output", "openmetrics", "--to", "."], "--to . holds other files (a.log)"),
        (["--output", "openmetrics", "--to", "x", "--continue-from", "none"], "--continue-from none cannot be read"),
    ],
)
def test_a_replay_that_cannot_write_days_says_why(
    run: Run, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    log(tmp_path / "a.log", [line(NOON)])
    done = run("replay", "a.log", *arguments)
    assert done.returncode in {1, 2}
    assert done.stderr.startswith(f"logship: {complaint}")
    assert "Traceback" not in done.stderr


def test_a_label_that_the_configuration_has_is_refused(run: Run, tmp_path: Path) -> None:
    log(tmp_path / "a.log", [line(NOON)])
    (tmp_path / "c.yml").write_text("sources: [{paths: [a.log], labels: {app: x}}]\n")
    done = run("replay", "a.log", "--config", "c.yml", "--output", "openmetrics", "--to", "x", "--label", "app=y")
    assert done.returncode == 2
    assert done.stderr.startswith("logship: --label app=y: the configuration gives app")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["days"], "either --into TSDB_DIR or --remote-write URL"),
        (["days", "--into", "x", "--remote-write", "http://x"], "either --into TSDB_DIR or --remote-write URL"),
        (["days", "--into", "x", "--header", "a: b"], "--header needs --remote-write"),
        (["none", "--into", "x"], "none cannot be read"),
        ([".", "--into", "x"], "no files such as 2026-11-23.om in ."),
    ],
)
def test_a_backfill_that_cannot_be_says_why(run: Run, days: Path, arguments: list[str], complaint: str) -> None:
    assert days.is_dir()
    done = run("backfill", *arguments)
    assert done.returncode in {1, 2}
    assert done.stderr.startswith(f"logship: {complaint}")


def test_without_promtool_the_commands_are_printed(run: Run, days: Path, promtool: str) -> None:
    done = run("backfill", days.name, "--into", "my tsdb", PATH="/nowhere")
    assert done.returncode == 1
    printed = done.stdout.splitlines()
    expected = [
        f"promtool tsdb create-blocks-from openmetrics days/{day}.om 'my tsdb'" for day in ("2026-11-23", "2026-11-24")
    ]
    assert printed == expected
    for each in printed:
        subprocess.run(
            ["sh", "-ec", each.replace("promtool", promtool, 1)], cwd=days.parent, check=True, capture_output=True
        )
    assert len([each for each in (days.parent / "my tsdb").iterdir() if each.is_dir()]) >= 2


def test_blocks_are_made_of_every_day(run: Run, days: Path, promtool: str) -> None:
    assert promtool
    done = run("backfill", "days", "--into", "tsdb")
    assert done.returncode == 0, done.stderr
    assert [each.split()[4] for each in done.stderr.splitlines()[:2]] == ["2026-11-23.om", "2026-11-24.om"]
    listed = subprocess.run(
        [promtool, "tsdb", "list", "tsdb"], cwd=days.parent, check=True, capture_output=True, text=True
    )
    held = sum(int(row.split()[4]) for row in listed.stdout.splitlines()[1:])
    assert held == sum(map(len, samples_in(days).values()))


def test_what_promtool_refuses_is_told(tmp_path: Path, promtool: str) -> None:
    broken = tmp_path / "2026-11-23.om"
    broken.write_text("a 1 1\n")
    with pytest.raises(BlocksError, match=r"no blocks of .*2026-11-23\.om \(exit code 1\): .*EOF"):
        list(make_blocks([broken], tmp_path / "tsdb", promtool))


def test_the_traps_of_old_blocks_and_foreign_owners_are_told(tmp_path: Path) -> None:
    files = [Path("2026-11-23.om"), Path("2026-11-24.om")]
    owner = tmp_path.stat().st_uid
    assert list(traps(files, tmp_path, NOON + 86400, owner)) == []
    (old,) = traps(files, tmp_path, NOON + 40 * 86400, owner)
    assert "--storage.tsdb.retention.time=42d" in old
    (foreign,) = traps(files, tmp_path, NOON + 86400, owner + 1)
    assert "chown" in foreign
