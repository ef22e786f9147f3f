"""A volume is healthy while who is not root can write to it for a while."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app_logging import health
from app_logging.health.check import Unhealthy
from app_logging.health.disk import judge

LOGS = Path("/logs")


def volume(*, free: int = 40, reserved: int = 0, inodes: int = 10, all_inodes: int = 100, flags: int = 0) -> object:
    """Return a volume of 100 MiB: `free` MiB for all, `reserved` ones for root."""
    blocks = (1 << 20, 1 << 20, 100, free + reserved, free)
    return os.statvfs_result((*blocks, all_inodes, inodes, inodes, flags, 255))


def judged(found: object, share: float = 0.05, least: int = 0) -> str:
    assert isinstance(found, os.statvfs_result)
    return judge(LOGS, found, share, least)


def test_room_enough_is_healthy_and_told() -> None:
    assert judged(volume(free=40)) == "40.0%, 40 MiB free on the volume of /logs"
    assert judged(volume(free=40, reserved=20)) == "50.0%, 40 MiB free on the volume of /logs", "as df has it"
    assert judged(volume(all_inodes=0, inodes=0)), "a file system without a table of inodes"


@pytest.mark.parametrize(
    ("found", "share", "least", "why"),
    [
        (volume(free=4), 0.05, 0, "4.0%, 4 MiB free on the volume of /logs, less than 5.0%"),
        (volume(free=4), 0, 5 << 20, "4.0%, 4 MiB free on the volume of /logs, less than 5 MiB"),
        (volume(free=0, reserved=50), 0.05, 0, "0.0%, 0 MiB free on the volume of /logs, less than 5.0%"),
        (volume(inodes=0), 0, 0, "no inodes left on the volume of /logs"),
        (volume(flags=os.ST_RDONLY), 0, 0, "the volume of /logs is read-only"),
    ],
)
def test_too_little_is_unhealthy(found: object, share: float, least: int, why: str) -> None:
    with pytest.raises(Unhealthy) as told:
        judged(found, share, least)
    assert str(told.value) == why


def ask(check: health.Check) -> health.CheckResult:
    (result,) = health.HealthChecks(check, timeout_seconds=30).run().results
    return result


def test_a_real_volume_is_looked_at(tmp_path: Path) -> None:
    result = ask(health.disk(tmp_path, min_free_share=0.000001, min_free_bytes=1))
    assert result.status == "healthy"
    assert result.detail.endswith(f"MiB free on the volume of {tmp_path}")
    assert ask(health.disk(tmp_path, min_free_bytes=1 << 62)).status == "unhealthy"


def test_a_directory_that_is_not_there_is_unhealthy(tmp_path: Path) -> None:
    result = ask(health.disk(tmp_path / "logs"))
    assert (result.status, result.detail) == ("unhealthy", f"{tmp_path}/logs: No such file or directory")


def test_the_directory_stays_the_same_when_the_process_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    monkeypatch.chdir(tmp_path)
    check = health.disk("logs", min_free_share=0, min_free_bytes=0)
    monkeypatch.chdir("/")
    assert ask(check).status == "healthy"
