"""Write samples as files of one UTC day each: samples come in by time, files come out in which they stand by series.

Only the points where a value changes are kept. They lie in memory until they are many, then in a file without a name:
memory is bounded by the number of series, not by the length of the archive.
"""

from __future__ import annotations

import math
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from logship.replay.backfill.naming import Family, Track, number

DAY_SECONDS = 86400

MAX_POINTS = 1_000_000
"""Points in memory, of 16 bytes each."""


class _Points:
    """Where the value of a series changes."""

    __slots__ = ("slots", "values")

    def __init__(self) -> None:
        self.slots = array("q")
        self.values = array("d")


class DayBook:
    """Collect the samples of one day after the other.

    Args:
        directory: Where the files are written.
        step: Length of a slot in seconds.
        max_points: Points that are kept in memory.
    """

    def __init__(self, directory: Path, step: int, max_points: int = MAX_POINTS) -> None:
        self.samples = 0
        self.series = 0
        self.written: list[Path] = []
        self._directory = directory
        self._step = step
        self._max_points = max_points
        self._day: int | None = None
        self._slots: list[int] = []
        self._held: dict[Track, float] = {}
        self._latest: dict[Track, float] = {}
        self._points: dict[Track, _Points] = {}
        self._count = 0
        self._spills: list[_Spill] = []

    def cover(self, slot: int) -> None:
        """Show all series at the end of a slot, with the values that they have had until then; slots rise."""
        day = slot * self._step // DAY_SECONDS
        if self._day is not None and day != self._day:
            self.finish()
        self._day = day
        self._slots.append(slot)

    def put(self, slot: int, track: Track, value: float) -> None:
        """Let a series have a value from a slot on, one of those covered last; NaN ends it."""
        before = self._latest.get(track)
        if value == before:
            return
        if before is None:
            self.series += 1
        elif before != before and value != value:  # noqa: PLR0124 - it had ended
            return
        self._latest[track] = value
        points = self._points.get(track)
        if points is None:
            points = self._points[track] = _Points()
        points.slots.append(slot)
        points.values.append(value)
        self._count += 1
        if self._count >= self._max_points:
            self._spills.append(_Spill(self._points, self._directory))
            self._points, self._count = {}, 0

    def finish(self) -> None:
        """Write the day, and forget it but for the values at its end."""
        if self._day is None:
            return
        path = self._directory / f"{_date(self._day)}.om"
        part = path.with_name(f".{path.name}.part")
        with part.open("w", encoding="utf-8", newline="\n") as file:
            times = [str(slot * self._step) for slot in self._slots]
            for family, tracks in self._families():
                file.write(family.head)
                for track in tracks:
                    file.writelines(self._samples_of(track, times))
            file.write("# EOF\n")
        part.replace(path)
        self.written.append(path)
        self._held = {track: value for track, value in self._latest.items() if not math.isnan(value)}
        for spill in self._spills:
            spill.close()
        self._points, self._count, self._spills, self._slots, self._day = {}, 0, [], [], None

    def _families(self) -> Iterator[tuple[Family, list[Track]]]:
        by_family: dict[Family, set[Track]] = {}
        for track in chain(self._held, self._points, *(spill.index for spill in self._spills)):
            by_family.setdefault(track.family, set()).add(track)
        for family in sorted(by_family):
            yield family, sorted(by_family[family], key=lambda track: track.key.rank)

    def _samples_of(self, track: Track, times: Sequence[str]) -> Iterator[str]:
        """Yield the samples of one series: each value at every slot that is covered until the next value."""
        text = track.key.text
        start, value, written = 0, self._held.get(track, math.nan), 0
        for slot, next_value in chain(self._changes(track), [(self._slots[-1] + 1, math.nan)]):
            end = bisect_left(self._slots, slot, start)
            if end > start and value == value:  # noqa: PLR0124 - a number, and faster than isnan()
                before = f"{text} {number(value)} "
                if end == start + 1:
                    yield f"{before}{times[start]}\n"
                else:
                    yield before + f"\n{before}".join(times[start:end]) + "\n"
                written += end - start
            start, value = end, next_value
        self.samples += written

    def _changes(self, track: Track) -> Iterator[tuple[int, float]]:
        for spill in self._spills:
            yield from spill.points(track)
        points = self._points.get(track)
        if points is not None:
            yield from zip(points.slots, points.values, strict=True)


class _Spill:
    """Points of some time, in a file that is gone with the process."""

    def __init__(self, points: dict[Track, _Points], directory: Path) -> None:
        self.index: dict[Track, tuple[int, int]] = {}
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed with the day
        for track, each in points.items():
            self.index[track] = self._file.tell(), len(each.slots)
            each.slots.tofile(self._file)
            each.values.tofile(self._file)

    def points(self, track: Track) -> Iterator[tuple[int, float]]:
        """Yield the points of a series."""
        if track in self.index:
            offset, count = self.index[track]
            self._file.seek(offset)
            slots, values = array("q"), array("d")
            slots.fromfile(self._file, count)
            values.fromfile(self._file, count)
            yield from zip(slots, values, strict=True)

    def close(self) -> None:
        """Give the file up."""
        self._file.close()


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%Y-%m-%d")
