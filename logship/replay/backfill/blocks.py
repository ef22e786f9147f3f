"""Make blocks of a Prometheus out of files of days, by promtool, and say what may happen to them."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from logship.errors import LogshipError

DEFAULT_RETENTION_DAYS = 15
"""https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects"""

_DAY_SECONDS = 86400


class BlocksError(LogshipError):
    """promtool made no blocks of a file."""


def commands(files: Sequence[Path], tsdb: Path, promtool: str = "promtool") -> list[list[str]]:
    """Return the commands that make blocks of `files` in the storage directory of a Prometheus."""
    return [[promtool, "tsdb", "create-blocks-from", "openmetrics", str(file), str(tsdb)] for file in files]


def as_shell(command: Sequence[str]) -> str:
    """Return a command as it is typed."""
    return shlex.join(command)


def found_promtool() -> str | None:
    """Return the path of promtool, None where there is none."""
    return shutil.which("promtool")


def make_blocks(files: Sequence[Path], tsdb: Path, promtool: str) -> Iterator[Path]:
    """Make blocks of one file after the other; yield each that is done. Raise BlocksError for the first that fails."""
    for file, command in zip(files, commands(files, tsdb, promtool), strict=True):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, our own words
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())
            raise BlocksError(f"promtool made no blocks of {file} (exit code {done.returncode}): {said}")
        yield file


def traps(files: Sequence[Path], tsdb: Path, now: float, user: int | None = None) -> Iterator[str]:
    """Yield what may keep a Prometheus from showing the blocks.

    Args:
        files: The files of days, by time.
        tsdb: The storage directory.
        now: Seconds since the epoch.
        user: Who owns what is made; None is who runs this.
    """
    oldest = datetime.strptime(files[0].stem, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    days = math.ceil((now - oldest) / _DAY_SECONDS)
    if days >= DEFAULT_RETENTION_DAYS:
        yield (
            f"Prometheus deletes blocks older than its retention ({DEFAULT_RETENTION_DAYS} days unless told otherwise) "
            f"as soon as it has newer ones: --storage.tsdb.retention.time={days + 1}d or more keeps these"
        )
    try:
        owner = tsdb.stat().st_uid
    except OSError:
        return
    if owner != (os.geteuid() if user is None else user):
        yield f"{tsdb} belongs to user {owner}: chown -R --reference={tsdb} {tsdb}/* lets Prometheus read the blocks"
