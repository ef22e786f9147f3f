"""The directory that files of days stand in: what is in it, and whether it may be written to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from logship.errors import InputError, UsageError

PROGRESS = ".remote-write.json"
"""How far a remote write of the files has come."""

UNFINISHED = ".unfinished"
"""Stands beside the files of days until the last of them is written."""

_DAY = re.compile(r"\d{4,}-\d\d-\d\d\.om", re.ASCII)
_PART = re.compile(r"\.\d{4,}-\d\d-\d\d\.om\.part", re.ASCII)


def days_in(directory: Path) -> list[Path]:
    """Return the files of days, by time; raise InputError where there are none, or not yet all."""
    try:
        found = complete_days(directory)
    except OSError as error:
        raise InputError(f"{directory} cannot be read: {error.strerror or error}") from error
    if (directory / UNFINISHED).exists():
        raise InputError(
            f"{directory} is not finished: the replay that wrote it was interrupted; run it again, or delete "
            f"{directory / UNFINISHED} to take the days that are there"
        )
    if not found:
        raise InputError(
            f"no files such as 2026-11-23.om in {directory}: logship replay … --output openmetrics --to DIR makes them"
        )
    return found


def complete_days(directory: Path) -> list[Path]:
    """Return the files of days, by time; raise OSError."""
    return sorted((path for path in directory.iterdir() if _DAY.fullmatch(path.name)), key=lambda path: path.name)


def prepare(directory: Path, *, force: bool = False) -> None:
    """Make the directory, empty of what an earlier run left in it.

    Raises:
        UsageError: Something else is in it, and `force` does not say to leave that there.
        InputError: It cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        foreign = sorted(path.name for path in directory.iterdir() if not _is_ours(path))
        if foreign and not force:
            raise UsageError(
                f"--to {directory} holds other files ({foreign[0]}): name a directory of its own, or --force to "
                "write beside them"
            )
        for path in [path for path in directory.iterdir() if _is_ours(path)]:
            path.unlink()
        (directory / UNFINISHED).touch()
    except OSError as error:
        raise InputError(f"--to {directory} cannot be written to: {error.strerror or error}") from error


def finished(directory: Path) -> None:
    """Say that all days are there."""
    (directory / UNFINISHED).unlink(missing_ok=True)


def abandoned(directory: Path) -> Iterator[Path]:
    """Yield the files that were never finished."""
    yield from [path for path in directory.iterdir() if _PART.fullmatch(path.name)]


def _is_ours(path: Path) -> bool:
    return bool(_DAY.fullmatch(path.name) or _PART.fullmatch(path.name) or path.name in {PROGRESS, UNFINISHED})
