"""The decisions of a rotating file, on values alone: when to look, when to roll, what is renamed to what.

Theory of operation (the acting side is `app_logging.files`):

Several processes append to one file. Each record is one write(2) to a descriptor with O_APPEND, so records never mix.
Anybody may rename the file: another process that rotates, or logrotate. A writer notices at its next *look*, which
compares the file of that name with the one it holds; it comes after `LOOK_BYTES` of its own or `LOOK_SECONDS`,
because a stat per record would cost as much as the write. Until then it goes on in the renamed file: nothing is lost,
and readers must keep a renamed file open for a little longer than that.
The strict way looks before each record, under a shared lock: then nobody writes to a renamed file, ever.

To roll, a writer takes a lock beside the file and looks again under it: if somebody else has rolled meanwhile, it only
reopens. Else `name.1` becomes `name.2` and so on, from the oldest down, and last `name` becomes `name.1`.
Nothing is ever truncated or copied, so a reader that holds a file always gets to its end. A writer that is killed
between two renames leaves a number free, which the next rotation fills.

What this does not cover: file systems without atomic appends or locks (NFS, 9p), where each process needs a file of
its own; and a record torn by a full disk, or by a kill in the middle of its write(2), when another process writes
behind it: only the process that tore it could know that a newline is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOOK_BYTES = 64 * 1024
LOOK_SECONDS = 0.1
"""Bounds for writing on into a renamed file. Measured: no record lost, and 1.3 us per record cheaper than always."""

COMPRESSED = ".gz"


def should_roll(size_bytes: int, incoming_bytes: int, max_bytes: int) -> bool:
    """Say whether the record would make the file too big; an empty file takes any record, 0 means never."""
    return 0 < max_bytes < size_bytes + incoming_bytes and size_bytes > 0


def size_to_look_at(size_bytes: int, max_bytes: int) -> int:
    """Return the size up to which a writer may go on without a look, if the file has the given size now."""
    by_own_bytes = size_bytes + LOOK_BYTES
    return min(by_own_bytes, max_bytes) if max_bytes else by_own_bytes


def rotated(path: Path, number: int) -> Path:
    """Return the name of a rotated file: 1 is the newest; 0 is the live file itself."""
    return path.with_name(f"{path.name}.{number}") if number else path


def lock_path(path: Path) -> Path:
    """Return the name of the lock; its leading dot keeps it out of a reader's `combined.log*`."""
    return path.with_name(f".{path.name}.lock")


def names_lock_path(path: Path) -> Path:
    """Return the name of the lock for renaming rotated files, which writers need not share."""
    return path.with_name(f".{path.name}.names.lock")


def number_of(path: Path, name: str) -> int | None:
    """Return the number in the name of a rotated file of `path`, compressed or not; None for other names."""
    number = name.removesuffix(COMPRESSED).removeprefix(f"{path.name}.")
    is_rotated = name.startswith(f"{path.name}.") and number.isdecimal() and number.isascii()
    return int(number) if is_rotated else None


def renames(path: Path, backups: int, exists: Callable[[Path], bool]) -> list[tuple[Path, Path | None]]:
    """List the renames of one rotation in the order to be done; None as target means that the file goes.

    A number may stand for a plain file, a compressed one, or both, if a compressor was killed.
    """
    free = next((number for number in range(1, backups) if not _present(path, number, exists)), backups)
    pairs = [
        (source, rotated(path, number).with_name(rotated(path, number).name + suffix))
        for number in range(free, 0, -1)
        for source, suffix in _present(path, number - 1, exists)
    ]
    targets = {target for _source, target in pairs}
    over_the_edge = [(last, None) for last, _suffix in _present(path, free, exists) if last not in targets]
    return [*over_the_edge, *pairs]


def surplus(sizes_bytes: Mapping[int, int], live_bytes: int, total_bytes: int) -> list[int]:
    """List the numbers of the rotated files that must go, the oldest first, to keep all files within the total.

    Args:
        sizes_bytes: Sizes of the rotated files by number.
        live_bytes: What the live file may grow to.
        total_bytes: The bound; 0 is none.
    """
    gone = []
    kept = live_bytes + sum(sizes_bytes.values())
    for number in sorted(sizes_bytes, reverse=True):
        if not 0 < total_bytes < kept:
            break
        gone.append(number)
        kept -= sizes_bytes[number]
    return gone


def _present(path: Path, number: int, exists: Callable[[Path], bool]) -> list[tuple[Path, str]]:
    plain = rotated(path, number)
    if number == 0:
        return [(plain, "")]
    names = ((plain, ""), (plain.with_name(plain.name + COMPRESSED), COMPRESSED))
    return [(name, suffix) for name, suffix in names if exists(name)]
