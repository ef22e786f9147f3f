"""Before a replay: what stands in two files is read once, files come by their first event, others need no reading."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packers import zstd

from logship.cli.main import main
from logship.config import Config, Source
from logship.pipeline import Window
from logship.replay import Plan, plan, survey

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.fixture(autouse=True)
def _in_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def log_at(at: float, lines: int = 100, step: float = 1.0, note: str = "") -> bytes:
    """Return a log whose first event is `at`, in seconds since the epoch."""
    return b"".join(
        json.dumps(
            {
                "timestamp": datetime.fromtimestamp(at + number * step, UTC).isoformat(timespec="milliseconds"),
                "message": "HTTP Request",
                "method": "GET",
                "url": f"/{note}",
                "status": 200,
                "duration": 5,
                "seq": number + 1,
                "boot_id": "b",
            }
        ).encode()
        + b"\n"
        for number in range(lines)
    )


def surveyed(*patterns: str, window: Window | None = None, allow_duplicates: bool = False) -> Plan:
    return survey(plan(patterns), Config(), window, allow_duplicates=allow_duplicates)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_a_file_and_its_copy_however_compressed_are_read_once(compress: Callable[[bytes], bytes]) -> None:
    log = log_at(NOON, 2000)
    Path("a.log").write_bytes(log)
    Path("copy.log").write_bytes(compress(log))
    planned = surveyed("a.log", "copy.log")
    assert (planned.paths, planned.copies, planned.total_bytes) == (("a.log",), {"copy.log": "a.log"}, len(log))
    assert surveyed("copy.log", "a.log").copies == {"a.log": "copy.log"}
    assert len(surveyed("a.log", "copy.log", allow_duplicates=True).paths) == 2


def test_members_of_another_size_hold_the_same_content() -> None:
    log = log_at(NOON, 2000)
    Path("a.log.gz").write_bytes(gzip.compress(log))
    Path("b.log.gz").write_bytes(gzip.compress(log[:70_000]) + gzip.compress(log[70_000:], 1))
    assert surveyed("a.log.gz", "b.log.gz").copies == {"b.log.gz": "a.log.gz"}


@pytest.mark.parametrize("place", [0, 100_000, -2])
def test_files_that_differ_in_one_byte_are_both_read(place: int) -> None:
    log = bytearray(log_at(NOON, 2000))
    Path("a.log").write_bytes(log)
    log[place] ^= 1
    Path("b.log").write_bytes(log)
    Path("b.log.gz").write_bytes(gzip.compress(log))
    assert surveyed("a.log", "b.log").copies == {}
    assert surveyed("a.log", "b.log.gz").copies == {}


def test_a_log_that_goes_on_is_no_copy_of_its_beginning() -> None:
    Path("a.log").write_bytes(log_at(NOON, 100))
    Path("b.log").write_bytes(log_at(NOON, 101))
    Path("c.log.gz").write_bytes(gzip.compress(log_at(NOON, 102)))
    assert surveyed("a.log", "b.log", "c.log.gz").copies == {}


def test_an_archive_that_breaks_off_is_a_copy_of_what_it_is_made_of() -> None:
    log = log_at(NOON, 5000)
    packed = gzip.compress(log)
    Path("a.log").write_bytes(log)
    Path("a.log.gz").write_bytes(packed[: len(packed) // 2])
    assert surveyed("a.log.gz", "a.log").copies == {"a.log.gz": "a.log"}
    Path("a.log").write_bytes(log_at(NOON, 20) + log_at(NOON + 7, 5000))
    assert surveyed("a.log.gz", "a.log").copies == {}


def test_empty_files_are_copies_of_nothing() -> None:
    for name in ("a.log", "b.log"):
        Path(name).write_bytes(b"")
    assert surveyed("a.log", "b.log").paths == ("a.log", "b.log")


def test_what_is_left_out_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a.log").write_bytes(log_at(NOON))
    Path("a.log.gz").write_bytes(gzip.compress(log_at(NOON)))
    assert main(["replay", "a.log", "a.log.gz", "--output", "json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["lines"]["total"] == 100
    assert err == "logship: left out a.log.gz: a.log has the same content (--allow-duplicates counts all)\n"
    assert main(["replay", "a.log", "a.log.gz", "--output", "json", "--allow-duplicates"]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out)["lines"]["total"], err) == (200, "")


@pytest.mark.parametrize("seed", range(3))
def test_files_are_read_in_the_order_of_their_first_events(seed: int) -> None:
    names = [f"{name}.log" for name in "abcdef"]
    shuffled = random.Random(seed).sample(names, len(names))  # noqa: S311 - a repeatable choice
    for number, name in enumerate(shuffled):
        log = b'\nno record\n{"message":"no time"}\n' + log_at(NOON + number * HOUR, 10)
        Path(name).write_bytes(gzip.compress(log) if number % 2 else log)
    assert surveyed("*.log").paths == tuple(shuffled)


def test_files_without_a_time_keep_their_places() -> None:
    Path("late.log").write_bytes(log_at(NOON + HOUR))
    Path("early.log").write_bytes(log_at(NOON))
    Path("none.log").write_bytes(b'{"message":"no time"}\n')
    assert surveyed("late.log", "none.log", "early.log").paths == ("early.log", "none.log", "late.log")


def test_wrapped_lines_show_their_times_too() -> None:
    for name, at in (("late.log", NOON + HOUR), ("early.log", NOON)):
        lines = log_at(at, 3).decode().splitlines()
        wrapped = "".join(json.dumps({"log": f"{line}\n", "stream": "stdout", "time": ""}) + "\n" for line in lines)
        Path(name).write_text(wrapped)
    config = Config(sources=(Source(paths=("*.log",), wrap="docker"),))
    assert survey(plan(["late.log", "early.log"]), config).paths == ("early.log", "late.log")


def test_files_that_end_before_or_begin_behind_a_window_are_not_read() -> None:
    for name, at in (("night.log", NOON - 9 * HOUR), ("noon.log", NOON), ("evening.log", NOON + 7 * HOUR)):
        Path(name).write_bytes(log_at(at))
    planned = surveyed("night.log", "noon.log", "evening.log", window=Window(NOON - HOUR, NOON + HOUR))
    assert (planned.paths, set(planned.outside)) == (("noon.log",), {"night.log", "evening.log"})
    assert planned.total_bytes == Path("noon.log").stat().st_size


def test_a_file_of_one_line_is_judged_too() -> None:
    Path("old.log").write_bytes(log_at(NOON - 9 * HOUR, 1).rstrip())
    assert surveyed("old.log", window=Window(NOON)).outside == ("old.log",)


def test_files_near_a_window_and_archives_that_may_reach_into_it_are_read() -> None:
    window = Window(NOON, NOON + HOUR)
    Path("near.log").write_bytes(log_at(NOON - 600))
    Path("long.log.gz").write_bytes(gzip.compress(log_at(NOON - 20 * HOUR)))
    Path("late.log.gz").write_bytes(gzip.compress(log_at(NOON + 20 * HOUR) + log_at(NOON)))
    Path("late.log").write_bytes(log_at(NOON + 20 * HOUR, note="x") + log_at(NOON))
    planned = surveyed("near.log", "long.log.gz", "late.log.gz", "late.log", window=window)
    assert (len(planned.paths), planned.outside) == (4, ())


def test_a_damaged_head_leaves_the_say_to_the_reading(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a.log.gz").write_bytes(b"\x1f\x8b\x08nonsense")
    assert surveyed("a.log.gz").paths == ("a.log.gz",)
    assert main(["replay", "a.log.gz"]) == 1
    assert "a.log.gz ends too early" in capfd.readouterr().err
