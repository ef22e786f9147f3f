from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from app_logging.rotation import lock_path, renames, should_recheck, should_roll

LOG = Path("/logs/combined.log")


@pytest.mark.parametrize(
    ("bytes_since", "seconds_since", "expected"),
    [(0, 0.0, False), (65_535, 0.099, False), (65_536, 0.0, True), (0, 0.1, True)],
)
def test_the_name_is_looked_at_after_64_kib_or_100_ms(bytes_since: int, seconds_since: float, expected: bool) -> None:  # noqa: FBT001
    assert should_recheck(bytes_since, seconds_since) is expected


@pytest.mark.parametrize(
    ("size", "incoming", "limit", "expected"),
    [(90, 10, 100, False), (91, 10, 100, True), (0, 1000, 100, False), (10**9, 1, 0, False)],
    ids=["fits exactly", "too big", "an empty file takes anything", "zero is never"],
)
def test_a_file_rolls_before_it_gets_too_big(size: int, incoming: int, limit: int, expected: bool) -> None:  # noqa: FBT001
    assert should_roll(size, incoming, limit) is expected


def planned(existing: set[int], backups: int) -> list[tuple[str, str]]:
    there = {LOG.with_name(f"combined.log.{number}") for number in existing}
    return [(source.name, target.name) for source, target in renames(LOG, backups, there.__contains__)]


def test_the_first_rotation_renames_the_live_file_only() -> None:
    assert planned(set(), 5) == [("combined.log", "combined.log.1")]


def test_a_full_chain_overwrites_the_oldest() -> None:
    assert planned({1, 2, 3}, 3) == [
        ("combined.log.2", "combined.log.3"),
        ("combined.log.1", "combined.log.2"),
        ("combined.log", "combined.log.1"),
    ]


def test_a_gap_in_the_chain_is_filled_and_what_is_behind_it_stays() -> None:
    assert planned({1, 3}, 5) == [("combined.log.1", "combined.log.2"), ("combined.log", "combined.log.1")]


def test_with_one_backup_nothing_else_is_touched() -> None:
    assert planned({1}, 1) == [("combined.log", "combined.log.1")]


def test_a_reader_of_the_files_does_not_find_the_lock() -> None:
    assert not fnmatch(lock_path(LOG).name, "combined.log*")
    assert lock_path(LOG).parent == LOG.parent
