"""Decide what a replay reads: paths and globs come in, existing readable inputs go out, each once."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from logship.errors import InputError, UsageError
from logship.read import STDIN, Found, found, is_url, shown, without_repeats


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs of a replay in reading order, and what was left out of it.

    Attributes:
        paths: Files, URLs, or `-` for standard input.
        repeats: Error logs whose lines stand in the combined logs beside them.
        total_bytes: Size of all inputs as stored, None when that of one is not known, as of standard input.
        copies: Files whose content stands in another input, with the name of that.
        outside: Files without a line in the window of time that was asked for.
    """

    paths: tuple[str, ...]
    repeats: tuple[str, ...]
    total_bytes: int | None
    copies: Mapping[str, str] = field(default_factory=dict)
    outside: tuple[str, ...] = ()


def plan(patterns: Sequence[str], *, with_error_logs: bool = False) -> Plan:
    """Return the plan; raise UsageError for a pattern that means nothing, InputError for what is unreadable."""
    sizes: dict[str, int | None] = {}
    for pattern in patterns:
        meant = [Found(STDIN, None)] if pattern == STDIN else found(pattern)
        if not meant:
            raise UsageError(_nothing_there(pattern))
        sizes.update(meant)
    kept, repeats = (list(sizes), []) if with_error_logs else without_repeats(list(sizes))
    inputs = _each_file_once(kept)
    if STDIN in inputs and sys.stdin is None:
        raise InputError("standard input is closed")
    known = [size for path in inputs if (size := sizes[path]) is not None]
    return Plan(tuple(inputs), tuple(repeats), sum(known) if len(known) == len(inputs) else None)


def _each_file_once(paths: Sequence[str]) -> list[str]:
    seen: dict[object, str] = {}
    for path in paths:
        seen.setdefault(path if path == STDIN or is_url(path) else _identity(path), path)
    return list(seen.values())


def _identity(path: str) -> tuple[int, int]:
    """Return what tells a file from others while it exists; raise InputError when it cannot be read."""
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode):  # opening a pipe to try it would end its writer
            Path(path).open("rb").close()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    return status.st_dev, status.st_ino


def _nothing_there(pattern: str) -> str:
    if is_url(pattern):
        return f"nothing at {shown(pattern)}: no such object, or no logs (*.log, *.log.*, *.ndjson, *.jsonl) below it"
    try:
        is_directory = bool(pattern) and Path(pattern).is_dir()
    except OSError as error:
        raise InputError(f"{pattern} cannot be read: {error.strerror or error}") from error
    if is_directory:
        return f"no logs (*.log, *.log.*, *.ndjson, *.jsonl) in the directory {pattern}"
    if any(each in pattern for each in "*?["):
        return f"no file matches {pattern!r} (seen from {Path.cwd()})"
    return f"there is no file {pattern!r} (seen from {Path.cwd()})"
