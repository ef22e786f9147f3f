"""Divide the inputs of a replay into units of about equal work: a plan comes in, units in reading order go out.

A large plain file is divided into pieces; all else is read as a whole, and small inputs are put together. How it is
divided does not change a number.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path

from logship.config import Config, counted, followed
from logship.errors import InputError
from logship.parse import detect, format_named
from logship.pipeline import SourceOptions, Window
from logship.read import STDIN, is_url, stored_span
from logship.read.archive import BLOCK_BYTES, is_compressed_head
from logship.replay.parallel.outcomes import Unit
from logship.replay.pieces import FOLD_BYTES, Piece
from logship.replay.plan import Plan

LARGEST_UNIT_BYTES = 4 * FOLD_BYTES
"""What one core counts in a fraction of a second: lost when a worker dies, or an assumption was wrong."""

_UNITS_PER_WORKER = 4
"""So many at least, if there is enough to do: the last ones leave some workers without work."""

_COMPRESSION = 6
"""Logs are some times as large as they are stored."""

_MOST_PIECES = 200


def unit_bytes(total_bytes: int | None, workers: int) -> int:
    """Return how many bytes a unit should have, a multiple of `FOLD_BYTES`."""
    if total_bytes is None:
        return LARGEST_UNIT_BYTES
    folds = total_bytes // (workers * _UNITS_PER_WORKER) // FOLD_BYTES
    return min(max(1, folds) * FOLD_BYTES, LARGEST_UNIT_BYTES)


def divided(
    plan: Plan, config: Config, window: Window | None, size_bytes: int, *, fold_bytes: int = FOLD_BYTES
) -> Iterator[Unit]:
    """Yield the units of `plan`, of about `size_bytes` each, a multiple of `fold_bytes`."""
    sources = followed(config.sources)
    sources.expand()
    options = counted(config.sources)
    together: list[Piece] = []
    work_bytes = 0
    for number, path in enumerate(plan.paths):
        whole = Piece(number, path, sources.of(path), fold_bytes=fold_bytes)
        work = _work_of(path)
        pieces: Unit = (whole,)
        if work is not None and window is None:
            pieces = _pieces(whole, options.get(whole.source, SourceOptions()), size_bytes)
        if together and (len(pieces) > 1 or work is None or work_bytes + work > size_bytes):
            yield tuple(together)
            together, work_bytes = [], 0
        if len(pieces) > 1 or work is None:
            yield from ((piece,) for piece in pieces)
        else:
            together.append(whole)
            work_bytes += max(work, size_bytes // _MOST_PIECES)
    if together:
        yield tuple(together)


def is_work_over(paths: Iterable[str], limit_bytes: int) -> bool:
    """Return whether more than so many bytes are to be counted, as far as that is known: compressed ones are more."""
    work = accumulate(_work_of(path) or 0 for path in paths)
    return any(total > limit_bytes for total in work)


def is_repeatable(unit: Unit) -> bool:
    """Return whether a unit can be read anywhere, and again: a pipe cannot."""
    return all(is_url(piece.path) or _is_file(piece.path) for piece in unit)


def _is_file(path: str) -> bool:
    with suppress(OSError):
        return path != STDIN and stat.S_ISREG(Path(path).stat().st_mode)
    return True  # whatever is wrong with it is said when it is read


def _work_of(path: str) -> int | None:
    """Return about how many bytes there are to be counted, None where that is not known."""
    if path == STDIN or is_url(path) or not _is_file(path):
        return None
    with suppress(OSError, InputError):
        size = Path(path).stat().st_size
        return size * _COMPRESSION if is_compressed_head(stored_span(path, 0, BLOCK_BYTES)) else size
    return 0


def _pieces(whole: Piece, source: SourceOptions, size_bytes: int) -> tuple[Piece, ...]:
    """Return the pieces of a file; itself if it is small, compressed or wrapped."""
    with suppress(OSError, InputError):
        size = Path(whole.path).stat().st_size
        if source.wrap is None and size > size_bytes:
            head = stored_span(whole.path, 0, BLOCK_BYTES)
            if not is_compressed_head(head):
                fmt = format_named(source.format) if source.format is not None else detect(_lines(head)).format
                starts = [(0, 0), *_borders(whole.path, size, size_bytes), (0, None)]
                return tuple(
                    whole._replace(line=line, start=start or 0, end=end, format=fmt.name if fmt is not None else None)
                    for (line, start), (_, end) in pairwise(starts)
                )
    return (whole,)


def _borders(path: str, size: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield where the line begins that goes over a border, and the border; none where that is not near."""
    for border in range(size_bytes, size, size_bytes):
        before = stored_span(path, border - BLOCK_BYTES, BLOCK_BYTES)
        newline = before.rfind(b"\n") + 1
        if newline:
            yield border - BLOCK_BYTES + newline, border


def _lines(head: bytes) -> bytes:
    return head[: head.rfind(b"\n") + 1]
