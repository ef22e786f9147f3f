"""A real disk that is full: a tmpfs of 128 KiB, which only root can mount."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import app_logging

pytestmark = pytest.mark.integration


@pytest.fixture
def small_disk(mounted: Callable[[str], Path]) -> Iterator[Path]:
    yield mounted("128k")
    app_logging.reset()


@pytest.mark.parametrize("options", [{}, {"strict": True}, {"max_bytes": 20_000, "backups": 9}], ids=str)
def test_a_full_disk_costs_only_what_does_not_fit_and_all_of_that_is_owned_up_to(
    small_disk: Path, capfd: pytest.CaptureFixture[str], options: dict[str, Any]
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 60_000)
    app_logging.configure(log_dir=small_disk, console=False, **options)
    log = app_logging.get_logger("x")
    for number in range(1000):
        log.info("record", number=number)
    ballast.unlink()
    log.info("behind")
    log.info("end")
    lines = b"".join(path.read_bytes() for path in sorted(small_disk.glob("combined.log*"), reverse=True))
    # What does not end as a record was cut short; the next one must not be glued to it.
    records = [json.loads(line) for line in lines.split(b"\n") if line.endswith(b"}")]
    dropped = [record for record in records if record["message"] == "log records dropped"]
    written = [record for record in records if record["message"] == "record"]
    assert 0 < len(written) < 1000
    assert [record["number"] for record in written] == sorted({record["number"] for record in written})
    assert sum(record["dropped"] for record in dropped) == 1000 - len(written)
    assert {record["error"] for record in dropped} == {"ENOSPC"}
    assert [record["message"] for record in records if record not in dropped][-2:] == ["behind", "end"]
    complaints = capfd.readouterr().err.splitlines()
    assert len(complaints) == 1
    assert "No space left on device" in complaints[0]


def test_what_is_dropped_and_what_is_written_add_up_to_the_numbers(small_disk: Path) -> None:
    app_logging.configure(log_dir=small_disk, console=False, max_bytes=0)
    (small_disk / "ballast").write_bytes(b"x" * 100_000)
    log = app_logging.get_logger("x")
    for _ in range(500):
        log.error("to both files")
    (small_disk / "ballast").unlink()
    log.error("behind")
    combined = (small_disk / "combined.log").read_bytes().split(b"\n")
    records = [json.loads(line) for line in combined if line.endswith(b"}")]
    dropped = {record["file"]: record["dropped"] for record in records if record["message"] == "log records dropped"}
    assert set(dropped) == {"combined.log", "error.log"}
    last = records[-1]["seq"]
    assert len(records) + dropped["combined.log"] == last
