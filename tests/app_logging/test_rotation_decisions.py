from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from app_logging.rotation import lock_path, names_lock_path, number_of, renames, should_roll, size_to_look_at, surplus

LOG = Path("/logs/combined.log")


@pytest.mark.parametrize(
    ("size", "limit", "expected"), [(0, 0, 65_536), (1000, 0, 66_536), (0, 1000, 1000), (10**6, 10**7, 1_065_536)]
)
def test_the_name_is_looked_at_after_64_kib_or_when_the_file_is_full(size: int, limit: int, expected: int) -> None:
    assert size_to_look_at(size, limit) == expected


@pytest.mark.parametrize(
    ("size", "incoming", "limit", "expected"),
    [(90, 10, 100, False), (91, 10, 100, True), (0, 1000, 100, False), (10**9, 1, 0, False)],
    ids=["fits exactly", "too big", "an empty file takes anything", "zero is never"],
)
def test_a_file_rolls_before_it_gets_too_big(size: int, incoming: int, limit: int, expected: bool) -> None:  # noqa: FBT001
    assert should_roll(size, incoming, limit) is expected


def planned(existing: set[int | str], backups: int) -> list[tuple[str, str | None]]:
    there = {LOG.with_name(f"combined.log.{number}") for number in existing}
    return [
        (source.name, target.name if target else None) for source, target in renames(LOG, backups, there.__contains__)
    ]


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
    for path in (lock_path(LOG), names_lock_path(LOG)):
        assert not fnmatch(path.name, "combined*")
        assert path.parent == LOG.parent


def test_compressed_files_move_up_beside_plain_ones() -> None:
    assert planned({"1", "2.gz"}, 3) == [
        ("combined.log.2.gz", "combined.log.3.gz"),
        ("combined.log.1", "combined.log.2"),
        ("combined.log", "combined.log.1"),
    ]


def test_what_a_file_of_the_other_kind_does_not_overwrite_is_removed() -> None:
    assert planned({"1", "2.gz"}, 2) == [
        ("combined.log.2.gz", None),
        ("combined.log.1", "combined.log.2"),
        ("combined.log", "combined.log.1"),
    ]


@pytest.mark.parametrize(
    ("total", "expected"), [(0, []), (1000, []), (500, [4]), (499, [4, 3]), (200, [4, 3, 1]), (50, [4, 3, 1])]
)
def test_the_oldest_files_go_until_the_rest_fits(total: int, expected: list[int]) -> None:
    assert surplus({1: 200, 3: 100, 4: 100}, 200, total) == expected


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("combined.log.1", 1),
        ("combined.log.12.gz", 12),
        ("combined.log", None),
        ("combined.log.old", None),
        ("combined.log.²", None),
        ("error.log.1", None),
        (".combined.log.gz", None),
    ],
)
def test_only_rotated_files_have_a_number(name: str, number: int | None) -> None:
    assert number_of(LOG, name) == number
