"""Look at the room that is left on a volume, that of the logs above all, for who is not root."""

from __future__ import annotations

import os
from pathlib import Path

from app_logging.health.check import Check, Unhealthy
from app_logging.settings import SettingsError

DEFAULT_MIN_FREE_SHARE = 0.05
DEFAULT_MIN_FREE_BYTES = 64 << 20
"""More than what combined.log and error.log take by default, with their five rotated files of 5 MiB each."""

_MEBIBYTE = 1 << 20


def disk(
    path: str | os.PathLike[str],
    *,
    min_free_share: float = DEFAULT_MIN_FREE_SHARE,
    min_free_bytes: int = DEFAULT_MIN_FREE_BYTES,
    name: str = "disk",
    essential: bool = True,
) -> Check:
    """Return a check that fails when the volume of a directory is nearly full, out of inodes, read-only or not there.

    Args:
        path: Any file or directory on the volume; made absolute now.
        min_free_share: Least share that is free, from 0 to 1.
        min_free_bytes: Least number of bytes that are free.
        name: Of the check.
        essential: Whether the application cannot do its work without it.

    Raises:
        SettingsError: A limit is none.
    """
    if not 0 <= min_free_share < 1:
        raise SettingsError("min_free_share", min_free_share, "argument", "a share from 0 to below 1")
    if min_free_bytes < 0:
        raise SettingsError("min_free_bytes", min_free_bytes, "argument", "a number of bytes from 0 on")
    place = Path(path).absolute()

    def probe() -> str:
        try:
            volume = os.statvfs(place)
        except OSError as error:
            raise Unhealthy(f"{place}: {error.strerror}") from None
        return judge(place, volume, min_free_share, min_free_bytes)

    return Check(name, probe, essential=essential)


def judge(path: Path, volume: os.statvfs_result, min_free_share: float, min_free_bytes: int) -> str:
    """Return how much is free, or raise Unhealthy; shares are those of df(1), without what is reserved for root."""
    available = volume.f_bavail * volume.f_frsize
    used = (volume.f_blocks - volume.f_bfree) * volume.f_frsize
    share = available / (used + available) if used + available else 0.0
    text = f"{share:.1%}, {available // _MEBIBYTE} MiB free on the volume of {path}"
    if volume.f_flag & os.ST_RDONLY:
        raise Unhealthy(f"the volume of {path} is read-only")
    if volume.f_files and not volume.f_favail:
        raise Unhealthy(f"no inodes left on the volume of {path}")
    if share < min_free_share:
        raise Unhealthy(f"{text}, less than {min_free_share:.1%}")
    if available < min_free_bytes:
        raise Unhealthy(f"{text}, less than {min_free_bytes / _MEBIBYTE:g} MiB")
    return text
