"""Find the times in which nothing was logged: chunks of lines come in, the gaps between all of them go out.

Only the ends of a chunk are looked at, unless so much time lies between them that a gap may be inside.
How much that is depends on the chunks before. Who counts a part of the inputs and does not know those looks closer than
may be needed; `Coverage.after` then takes as much of it as it would have seen itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import NamedTuple

SHORTEST_SECONDS = 60.0
"""Shorter silences are not looked for."""

UNUSUAL_TIMES = 100
"""A gap is so many times as long as the usual distance of two lines."""

_MAX_RUNS = 10_000
_SAMPLE_BYTES = 8192

Times = Callable[[bytes], list[float]]
"""Gives the times of the first and the last of some lines, as far as they have one."""


class Gap(NamedTuple):
    """A time without any line, in seconds since the epoch."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


class Stretch(NamedTuple):
    """The time from the first to the last of some lines, and those of their parts if they were looked at."""

    start: float
    end: float
    parts: tuple[Stretch, ...] = ()


class Seen(NamedTuple):
    """What a chunk says of the times: about how many lines it has, and what they cover."""

    lines: int
    stretches: tuple[Stretch, ...]


def seen(lines: bytes, ends: list[float], times: Times, short: float) -> Seen:
    r"""Return what `lines` say, each ended by `\n`, whose first and last times are `ends`; `short` as in `Coverage`."""
    return Seen(_about_how_many(lines), tuple(_stretches(lines, ends, times, short)))


class Coverage:
    """The times in which there were lines, as runs that rise and lie far enough from each other."""

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._near = SHORTEST_SECONDS
        self._lines = 0
        self._covered = 0.0

    def see(self, lines: bytes, ends: list[float], times: Times) -> None:
        r"""Take note of the times of `lines`, each ended by `\n`, whose first and last are `ends`."""
        self.take(seen(lines, ends, times, self.short))

    @property
    def short(self) -> float:
        """In a chunk over less time than this no gap is looked for, in seconds."""
        usual = self._covered / self._lines if self._lines else 0.0
        return max(self._near, UNUSUAL_TIMES / 2 * usual)

    def after(self, chunks: Iterable[Seen], short: float) -> Coverage | None:
        """Return what has seen `chunks`, too, which were looked at with `short`; None if that was not close enough."""
        more = deepcopy(self)
        return more if all(more.short >= short and more.take(chunk) for chunk in chunks) else None

    def gaps(self) -> list[Gap]:
        """Return the gaps, by time."""
        spaces = [Gap(end, start) for end, start in zip(self._ends, self._starts[1:], strict=False)]
        least = max(self._near, UNUSUAL_TIMES * self._usual_distance(spaces))
        return [gap for gap in spaces if gap.seconds > least]

    def _usual_distance(self, spaces: list[Gap]) -> float:
        """Return the median of the distances of lines; those within runs are as good as equal."""
        inside = max(0, self._lines - len(self._starts))  # they were not all counted
        if inside > len(spaces):
            return self._covered / inside
        return sorted(gap.seconds for gap in spaces)[(inside + len(spaces)) // 2 - inside] if spaces else 0.0

    def take(self, chunk: Seen) -> bool:
        """Take note of a chunk that was looked at closely enough; say so."""
        short = self.short
        for start, end in _spans(chunk.stretches, short):
            self._add(start, end)
        self._lines += chunk.lines
        if len(self._starts) > _MAX_RUNS:
            self._thin()
        return True

    def _add(self, start: float, end: float) -> None:
        """Add a run; it becomes one with those that it comes near to."""
        first = bisect_left(self._ends, start - self._near)
        behind = bisect_right(self._starts, end + self._near)
        if first < behind:
            start, end = min(start, self._starts[first]), max(end, self._ends[behind - 1])
        self._covered += end - start - sum(self._ends[first:behind]) + sum(self._starts[first:behind])
        self._starts[first:behind] = [start]
        self._ends[first:behind] = [end]

    def _thin(self) -> None:
        """Look for longer gaps only, so that few enough runs are left."""
        while len(self._starts) > _MAX_RUNS // 2:
            self._near *= 2
            starts, ends = self._starts, self._ends
            self._starts, self._ends, self._covered = [], [], 0.0
            for start, end in zip(starts, ends, strict=True):
                self._add(start, end)


def _about_how_many(lines: bytes) -> int:
    """Return the number of lines, of many as those at the beginning tell it: to count takes time."""
    beginning = lines[:_SAMPLE_BYTES]
    sample = len(beginning) - len(beginning.replace(b"\n", b""))  # `count` takes three times as long
    return sample if len(lines) <= _SAMPLE_BYTES else max(1, sample * len(lines) // _SAMPLE_BYTES)


def _stretches(lines: bytes, ends: list[float], times: Times, short: float) -> Iterator[Stretch]:
    """Yield the times that `lines` cover, with those of their parts if it is not a `short` one: a gap may be inside."""
    middle = lines.find(b"\n", len(lines) // 2, len(lines) - 1) + 1 or lines.rfind(b"\n", 0, len(lines) // 2) + 1
    if ends and (not middle or (len(ends) > 1 and abs(ends[-1] - ends[0]) < short)):
        yield Stretch(min(ends), max(ends))
        return
    parts = tuple(
        stretch
        for part in ((lines[:middle], lines[middle:]) if middle else ())
        for stretch in _stretches(part, times(part), times, short)
    )
    if len(ends) > 1:
        yield Stretch(min(ends), max(ends), parts)
    else:  # an end has no time: what is covered shows in the parts
        yield from parts


def _spans(stretches: Iterable[Stretch], short: float) -> Iterator[tuple[float, float]]:
    """Yield the times that are covered; of more than a `short` one those of its parts."""
    for start, end, parts in stretches:
        if parts and end - start >= short:
            yield from _spans(parts, short)
        else:
            yield start, end
