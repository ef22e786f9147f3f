"""Look at the ends of the inputs before they are read: which come first, which are outside a window, which are one.

Only regular files and URLs are looked at: whatever is taken from a pipe would be missing later.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from logship.config import Config, counted, followed
from logship.errors import InputError
from logship.parse import UNDECIDED, UNWRAPS, Decoder, Format, detect, format_named
from logship.pipeline import SourceOptions, Window
from logship.read import STDIN, Archive, is_url, stored_span
from logship.replay.duplicates import HEAD_BYTES, duplicates
from logship.replay.plan import Plan

_END_BYTES = 1 << 16
_CONNECTIONS = 16
"""URLs that are looked at at once: what takes time there is the way."""

_DISORDER_SECONDS = 3600.0
"""How far lines may be out of order in a file that is judged by its ends."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What the ends of an input show.

    Attributes:
        head: Its first bytes, decompressed.
        stored_bytes: Its size as it is stored, None where a server does not say it.
        is_plain: Whether it is not compressed.
        first: Time of the first line that has one, in seconds since the epoch.
        last: Time of the last line that has one; None where it is compressed, or nobody asked.
    """

    head: bytes
    stored_bytes: int | None
    is_plain: bool
    first: float | None = None
    last: float | None = None

    def is_outside(self, window: Window) -> bool:
        """Return whether no line of it can be inside `window`."""
        if self.first is None or self.last is None:
            return False
        ends = sorted((self.first, self.last))
        return ends[1] + _DISORDER_SECONDS < window.since or ends[0] - _DISORDER_SECONDS >= window.until


def survey(plan: Plan, config: Config, window: Window | None = None, *, allow_duplicates: bool = False) -> Plan:
    """Return `plan` in the order of the first events, without files of the same content and those outside `window`."""
    glances = dict(_glances(plan, config, with_ends=window is not None))
    sizes = {path: glance.stored_bytes if glance.is_plain else None for path, glance in glances.items()}
    heads = {path: glance.head for path, glance in glances.items()}
    copies = {} if allow_duplicates else duplicates(heads, sizes)
    outside = [
        path
        for path, glance in glances.items()
        if path not in copies and window is not None and glance.is_outside(window)
    ]
    left_out = {*copies, *outside}
    paths = [path for path in plan.paths if path not in left_out]
    size = plan.total_bytes
    if size is not None:
        size -= sum(glances[path].stored_bytes or 0 for path in left_out)
    return replace(plan, paths=_ordered(paths, glances), copies=copies, outside=tuple(outside), total_bytes=size)


def _ordered(paths: list[str], glances: Mapping[str, Glance]) -> tuple[str, ...]:
    """Return `paths` in the order of their first events; those that do not show it keep their places."""
    firsts = {path: glances[path].first for path in paths if path in glances}
    timed = iter(sorted((first, place) for place, path in enumerate(paths) if (first := firsts.get(path)) is not None))
    return tuple(path if firsts.get(path) is None else paths[next(timed)[1]] for path in paths)


def _glances(plan: Plan, config: Config, *, with_ends: bool) -> Iterator[tuple[str, Glance]]:
    sources, options = followed(config.sources), counted(config.sources)
    sources.expand()

    def look(path: str) -> Glance | None:
        source = options.get(sources.of(path), SourceOptions())
        with suppress(OSError, InputError):  # whatever is wrong with it is said when it is read
            if is_url(path) or (path != STDIN and stat.S_ISREG(Path(path).stat().st_mode)):
                return _glance(path, source, with_end=with_ends)
        return None

    remote = [path for path in plan.paths if is_url(path)]
    looked = _at_once(remote, look) if remote else {}
    for path in plan.paths:
        glance = looked[path] if path in looked else look(path)
        if glance is not None:
            yield path, glance


def _at_once(paths: Sequence[str], look: Callable[[str], Glance | None]) -> dict[str, Glance | None]:
    """Look at several inputs whose answers take time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="survey") as pool:
        return dict(zip(paths, pool.map(look, paths), strict=True))


def _glance(path: str, source: SourceOptions, *, with_end: bool) -> Glance:
    with closing(Archive(path)) as archive:
        head = _head(archive)
        size, is_plain = archive.stored_bytes, archive.is_plain
    lines = _lines(head, source)
    fmt = format_named(source.format) if source.format is not None else detect(lines).format or UNDECIDED
    first, last = _first_time(fmt, lines.split(b"\n")), None
    if with_end and is_plain and size is not None:
        last_lines = _lines(_end(path, size), source).split(b"\n")
        last = _first_time(fmt, reversed(last_lines))
    return Glance(head[:HEAD_BYTES], size, is_plain, first, last)


def _head(archive: Archive) -> bytes:
    head = b""
    with suppress(InputError):
        for block in archive.blocks():
            head += block
            if len(head) >= _END_BYTES:
                break
    return head


def _end(path: str, size: int) -> bytes:
    """Return the last lines of a plain file, none where a server cannot begin in the middle."""
    start = max(0, size - _END_BYTES)
    with suppress(InputError):
        end = stored_span(path, start, _END_BYTES)
        return end.partition(b"\n")[2] if start else end
    return b""


def _lines(block: bytes, source: SourceOptions) -> bytes:
    """Return the lines of a block, each ended by a newline, out of what wraps them."""
    lines = block.rstrip(b"\n") + b"\n"
    return lines if source.wrap is None else UNWRAPS[source.wrap](lines).lines


def _first_time(fmt: Format, lines: Iterable[bytes]) -> float | None:
    """Return the time of the first of `lines`, without newlines, that has one."""
    times = _times_of(fmt)
    return next((time for line in lines for time in times(line + b"\n")), None)


@cache
def _times_of(fmt: Format) -> Callable[[bytes], list[float]]:
    return Decoder(fmt).times
