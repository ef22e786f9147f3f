"""Find the log files that paths and globs mean; say what was left out and why.

app_logging and the first user's winston both write `error.log` beside `combined.log`, and every line of it stands in
`combined.log` as well. Counting both would count errors twice, so where both are meant, `error*.log` is left out.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from logship.model import FileKey
from logship.read.urls import Found, is_url, without_file_scheme, without_query

_ERROR_LOG = re.compile(r"error[-.\d]*\.log(?:[-.]|$)", re.ASCII)
_COMBINED_LOG = re.compile(r"combined[-.\d]*\.log(?:[-.]|$)", re.ASCII)
"""Numbers stand before or behind `.log`, and so do dates: `error-2026-01-31.log`, logrotate's `error.log-20260131`."""

_NUMBER = re.compile(r"0*(\d+)", re.ASCII)
_NAMES = 4096
_DIRECTORY_GLOBS = ("*.log", "*.log.*", "*.ndjson", "*.jsonl")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A regular file that was seen: its name, its identity for now, its size in bytes, its change time."""

    path: str
    key: FileKey
    size: int
    modified_ns: int


def expand(patterns: Iterable[str]) -> list[str]:
    """Return the existing paths that `patterns` mean, sorted within a pattern, each once.

    A pattern is a path, a glob (`**` included; hidden files only by name) or a directory, which stands for the logs
    in it.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        for path in _matches(pattern):
            # behind a link to a directory, `..` is not what the spelling says
            found.setdefault(path if ".." in path else _normal(path))
    return list(found)


def found(pattern: str) -> list[Found]:
    """Return what a path, a glob, a directory or a URL means, sorted, with its size; raise UsageError or InputError.

    Where the size says nothing, as of a pipe, or cannot be had, it is 0.
    """
    if is_url(pattern):
        from logship.read import remote

        return sorted(remote.found(pattern, _DIRECTORY_GLOBS), key=lambda each: natural(each.url))
    return [Found(path, _size_of(path)) for path in expand([without_file_scheme(pattern)])]


def sightings(paths: Iterable[str]) -> list[Sighting]:
    """Return the regular files at `paths` now; a link and its target are one."""
    seen: dict[FileKey, Sighting] = {}
    for path in paths:
        sighting = look(path)
        if sighting is not None:
            seen.setdefault(sighting.key, sighting)
    return list(seen.values())


def look(path: str) -> Sighting | None:
    """Return what stands at `path` if it is a regular file, links followed."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path object for each file and poll costs more than the call
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Sighting(path, FileKey(status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns)


def combined_beside(paths: Iterable[str]) -> set[str]:
    """Return the directories of `paths` in which a `combined.log` stands."""
    return {name.directory for name in map(_named, paths) if name.is_combined}


def without_repeats(paths: Sequence[str], known: Iterable[str] = ()) -> tuple[list[str], list[str]]:
    """Return the paths to read, and those left out because their lines repeat those of `combined.log` beside them.

    In the directories `known` a `combined.log` is known to come and go; seen now or not, error logs repeat its lines.
    """
    combined = combined_beside(paths).union(known)
    if not combined:
        return list(paths), []
    repeats = [path for path in paths if _named(path).is_error and _named(path).directory in combined]
    left_out = set(repeats)
    return [path for path in paths if path not in left_out], repeats


def base_names(pattern: str) -> Sequence[str]:
    """Return the names, themselves patterns, of the files that a pattern means."""
    return _DIRECTORY_GLOBS if os.path.isdir(pattern) else [os.path.basename(pattern)]  # noqa: PTH112, PTH119


def directories(patterns: Iterable[str]) -> list[str]:
    """Return the existing directories in which files that `patterns` mean can appear."""
    found: dict[str, None] = {}
    for pattern in patterns:
        base = pattern if os.path.isdir(pattern) else os.path.dirname(pattern) or "."  # noqa: PTH112, PTH120
        for directory in glob.glob(base, recursive=True) if glob.has_magic(base) else [base]:  # noqa: PTH207
            if os.path.isdir(directory):  # noqa: PTH112 - it tells of no error
                found.setdefault(os.path.normpath(directory))
    return list(found)


def _matches(pattern: str) -> list[str]:
    if os.path.isdir(pattern):  # noqa: PTH112
        inside = [os.path.join(glob.escape(pattern), each) for each in _DIRECTORY_GLOBS]  # noqa: PTH118
        return sorted({path for each in inside for path in glob.glob(each)}, key=natural)  # noqa: PTH207
    if os.path.lexists(pattern):
        return [pattern]  # a file called `a[1].log` is meant before the glob of that spelling
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207
    return sorted((path for path in found if not os.path.isdir(path)), key=natural)  # noqa: PTH112


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as in `look`
    except OSError:
        return 0


class _Name(NamedTuple):
    """What the name of a path says."""

    directory: str
    is_combined: bool
    is_error: bool


# Looked up for each followed file at each poll: what a name says never changes.
@lru_cache(maxsize=_NAMES)
def _named(path: str) -> _Name:
    directory, name = os.path.split(without_query(path))
    return _Name(directory, _COMBINED_LOG.match(name) is not None, _ERROR_LOG.match(name) is not None)


@lru_cache(maxsize=_NAMES)
def _normal(path: str) -> str:
    return os.path.normpath(path)


@lru_cache(maxsize=_NAMES)
def natural(path: str) -> str:
    """Return a key that sorts `combined.log` before `combined2.log`, and that before `combined10.log`."""
    return _NUMBER.sub(lambda number: f"{len(number[1]):03}{number[1]}", path)
