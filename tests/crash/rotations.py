"""The ways in which logs are rotated; nothing is ever deleted that could be unread."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crash.logs import Log, Rotation
from packers import zstd

_PIECES = 4
"""Writes in which a copy or a compressed file comes into being, so that a look may fall between them."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to rotate.

    Attributes:
        patterns: What the tailer is told to follow, relative to the directory of the logs.
        first: The file that is written to at first.
        rotate: Rotates once.
    """

    name: str
    patterns: Sequence[str]
    first: str
    rotate: Rotation


def renamed_and_created(log: Log) -> Iterator[None]:
    """As logrotate's `create` does; the application goes on in the renamed file until it is told to reopen."""
    _shift(log.path)
    complete = log.half_a_line()
    log.path.rename(_numbered(log.path, 1))
    complete()
    yield
    log.reopen(log.path)


def renamed_several_times(log: Log) -> Iterator[None]:
    """Rotate three times with hardly a moment in between."""
    for _ in range(3):
        _shift(log.path)
        log.path.rename(_numbered(log.path, 1))
        log.reopen(log.path)
        log.burst()
    yield


def copied_and_truncated(log: Log) -> Iterator[None]:
    """As logrotate's `copytruncate` does, with an application that happens to be quiet between copy and truncation."""
    _shift(log.path)
    _write_slowly(log, _numbered(log.path, 1), log.path.read_bytes())
    os.truncate(log.path, 0)
    yield


def deleted_when_read(log: Log) -> Iterator[None]:
    """Delete the file and create it anew when a scrape has shown all of its lines; the inode comes again at once."""
    for _ in range(80):
        if log.is_read(log.lines.written.lines):
            log.path.unlink()
            log.reopen(log.path)
            break
        log.breathe()
    yield


def moved_to_next_date(log: Log) -> Iterator[None]:
    """Move on to a file with a later date in its name; what is written meanwhile still goes to the old one."""
    target = log.path.with_name(f"app-{_date(log)}.log")
    target.touch()
    yield
    log.reopen(target)


def link_swapped(log: Log) -> Iterator[None]:
    """Move on to a file with a later date, and let the link `current` mean it."""
    target = log.path.with_name(f"app-{_date(log)}.log")
    target.touch()
    complete = log.half_a_line()
    _link(target)
    complete()
    yield
    log.reopen(target)


def numbered_on(log: Log) -> Iterator[None]:
    """As winston does: the next file has the next number, `combined.log` is the oldest."""
    log.reopen(log.path.with_name(f"combined{log.rotations}.log"))
    yield


def numbered_back(log: Log) -> Iterator[None]:
    """As winston does with `tailable`: `combined.log` is always the live one, `combined1.log` the one before it."""
    _shift_tailable(log.path, ".log")
    log.path.rename(log.path.with_name("combined1.log"))
    log.reopen(log.path)
    yield


def numbered_back_and_zipped(log: Log) -> Iterator[None]:
    """As winston does with `tailable` and `zippedArchive`."""
    _shift_tailable(log.path, ".log.gz")
    old = log.path.with_name("combined1.log")
    log.path.rename(old)
    log.reopen(log.path)
    yield
    _compress(log, old, old.with_name(old.name + ".gz"), gzip.compress)


def compressed(suffix: str, compress: Callable[[bytes], bytes]) -> Rotation:
    """Return logrotate's `compress`: rename, create, compress, delete the plain one."""

    def rotate(log: Log) -> Iterator[None]:
        _shift(log.path)
        old = _numbered(log.path, 1)
        log.path.rename(old)
        log.reopen(log.path)
        yield
        _compress(log, old, old.with_name(old.name + suffix), compress)

    return rotate


def delayed(suffix: str, compress: Callable[[bytes], bytes]) -> Rotation:
    """Return logrotate's `delaycompress`: the newest backup stays plain until the next rotation."""

    def rotate(log: Log) -> Iterator[None]:
        previous = _numbered(log.path, 1)
        if previous.exists():
            _compress(log, previous, previous.with_name(previous.name + suffix), compress)
        _shift(log.path)
        complete = log.half_a_line()
        log.path.rename(previous)
        complete()
        yield
        log.reopen(log.path)

    return rotate


def modes(*, all_of_them: bool) -> Iterator[Mode]:
    """Yield the modes, each with rotations that know nothing of each other."""
    first = f"app-{0:014}.log"
    gzipped = compressed(".gz", gzip.compress)
    yield Mode("rename", ["app.log*"], "app.log", renamed_and_created)
    yield Mode("copytruncate", ["app.log*"], "app.log", copied_and_truncated)
    yield Mode("delete and create", ["app.log"], "app.log", deleted_when_read)
    yield Mode("symlink swap", ["current", "app-*.log"], first, link_swapped)
    yield Mode("winston", ["combined*.log"], "combined.log", numbered_on)
    yield Mode("winston tailable, zipped", ["combined*.log"], "combined.log", numbered_back_and_zipped)
    yield Mode("gzip, one name followed", ["app.log"], "app.log", gzipped)
    yield Mode("zstd, delayed", ["app.log"], "app.log", delayed(".zst", zstd.compress))
    if all_of_them:
        yield Mode("copytruncate, one name followed", ["app.log"], "app.log", copied_and_truncated)
        yield Mode("winston tailable", ["combined*.log"], "combined.log", numbered_back)
        yield Mode("dated names", ["app-*.log"], first, moved_to_next_date)
        yield Mode("rename, several at once", ["app.log*"], "app.log", renamed_several_times)
        yield Mode("several at once, one name followed", ["app.log"], "app.log", renamed_several_times)
        yield Mode("gzip", ["app.log*"], "app.log", gzipped)
        yield Mode("rename, one name followed", ["app.log"], "app.log", renamed_and_created)
        yield Mode("symlink swap, link followed", ["current"], first, link_swapped)
        yield Mode("symlink to another directory", ["current"], f"data/{first}", link_swapped)


def begin(mode: Mode, directory: Path) -> Path:
    """Make what the mode needs before the first line; return the file to write to."""
    first = directory / mode.first
    first.parent.mkdir(exist_ok=True)
    if "current" in mode.patterns:
        first.touch()
        _link(first)
    return first


def _link(target: Path) -> None:
    """Let `current` beside the data directory, or beside the file itself, mean `target`, in one step."""
    directory = target.parent.parent if target.parent.name == "data" else target.parent
    new = directory / ".current.new"
    new.symlink_to(target)
    new.rename(directory / "current")


def _date(log: Log) -> str:
    return f"{log.rotations:014}"


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _shift(path: Path) -> None:
    """Rename `path.1` to `path.2` and so on, whatever stands behind the number."""
    backups = [each for each in path.parent.iterdir() if each.name.startswith(path.name + ".")]
    for backup in sorted(backups, key=lambda each: -int(each.name.split(".")[2])):
        parts = backup.name.split(".")
        backup.rename(path.with_name(".".join([*parts[:2], str(int(parts[2]) + 1), *parts[3:]])))


def _shift_tailable(path: Path, suffix: str) -> None:
    count = sum(each.name.endswith(suffix) and each != path for each in path.parent.iterdir())
    for number in range(count, 0, -1):
        path.with_name(f"combined{number}{suffix}").rename(path.with_name(f"combined{number + 1}{suffix}"))


def _compress(log: Log, plain: Path, target: Path, compress: Callable[[bytes], bytes]) -> None:
    _write_slowly(log, target, compress(plain.read_bytes()))
    os.utime(target, ns=(plain.stat().st_atime_ns, plain.stat().st_mtime_ns))  # as gzip and zstd do
    plain.unlink()


def _write_slowly(log: Log, target: Path, content: bytes) -> None:
    step = len(content) // _PIECES + 1
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(content), step):
            file.write(content[start : start + step])
            log.breathe()
