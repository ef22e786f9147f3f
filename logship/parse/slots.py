"""Divide lines into runs by the times that they tell: a chunk and bounds in time come in, runs by slot go out.

Slots are the spans between bounds: slot 0 is before the first bound, slot n begins with bound n-1 and ends before n.
Most chunks lie in one slot as a whole; for typed formats that shows in two comparisons of text, and no time is read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from logship.parse.columns import each, filled
from logship.parse.decoder import Decoder
from logship.parse.formats import Format
from logship.parse.json_lines import chunk_decoder
from logship.parse.values import seconds

_ALIKE = "Z"
"""Texts of one length that all end so sort as the times that they tell: RFC 3339 in UTC."""


class Run(NamedTuple):
    """Lines that follow each other and are of one slot; None where no line has told a time yet."""

    slot: int | None
    lines: bytes


class _Stamp(msgspec.Struct, gc=False):
    timestamp: str | None = None


class LineTimes:
    """Read the times of the lines of one format."""

    def __init__(self, fmt: Format) -> None:
        self._places = fmt.mapping.time if fmt.is_mapped else ()
        self._is_one_to_one = fmt.expand is None
        self._decoder = Decoder(fmt, [place.path for place in self._places])
        self._stamps = None if fmt.is_mapped else chunk_decoder(_Stamp)

    def of_each(self, lines: bytes) -> list[float | None]:
        r"""Return the time of each line, each ended by `\n`, in seconds since the epoch; None where it has none."""
        known = self._at_once(lines)
        if known is not None:
            return known
        return [next(iter(self._decoder.times(line + b"\n")), None) for line in lines[:-1].split(b"\n")]

    def span(self, lines: bytes) -> tuple[float, float] | None:
        """Return the earliest and the latest time if that is cheap to tell."""
        texts = self._texts(lines)
        if texts is None or None in texts or len(set(map(len, texts))) != 1:
            return None
        if not all(text.endswith(_ALIKE) for text in texts):
            return None
        first, last = seconds(min(texts)), seconds(max(texts))
        return None if first is None or last is None else (first, last)

    def _texts(self, lines: bytes) -> list[Any] | None:
        records = self._stamps(lines) if self._stamps is not None else None
        return None if records is None else [record.timestamp for (record,) in records]

    def _at_once(self, lines: bytes) -> list[float | None] | None:
        """Return the times of all lines, None when they must be read one by one."""
        if self._stamps is not None:
            texts = self._texts(lines)
            return None if texts is None else each(seconds, texts)
        if not self._is_one_to_one:
            return None
        decoded = self._decoder.decode(lines)
        if decoded.rejected or decoded.blank:
            return None
        columns = (
            each(partial(seconds, clock=place.clock), decoded.extras.column(place.path)) for place in self._places
        )
        return filled(len(decoded.records), columns)


def runs_by_time(lines: bytes, bounds: Sequence[float], times: LineTimes, before: int | None = None) -> list[Run]:
    r"""Return `lines`, each ended by `\n`, as runs in their order, divided at `bounds`, which rise.

    A line without a time is of the slot of the line before it. Those before the first time are of that of the run
    `before`, as the lines that came earlier had it; at the beginning of all they go with the first time.
    """
    span = times.span(lines)
    if span is not None:
        slot = bisect_right(bounds, span[0])
        if slot == bisect_right(bounds, span[1]):
            return [Run(slot, lines)]
    slots = _slots(times.of_each(lines), bounds, before)
    runs, start = [], 0
    ends = _ends(lines)
    for slot_of_run, members in groupby(zip(slots, ends, strict=True), key=lambda pair: pair[0]):
        *_, (_, end) = members
        runs.append(Run(slot_of_run, lines[start:end]))
        start = end
    return runs


def _slots(times: Sequence[float | None], bounds: Sequence[float], before: int | None) -> list[int | None]:
    if before is None:
        before = next((bisect_right(bounds, time) for time in times if time is not None), None)
    slots = []
    for time in times:
        if time is not None:
            before = bisect_right(bounds, time)
        slots.append(before)
    return slots


def _ends(lines: bytes) -> list[int]:
    ends, end = [], 0
    for line in lines[:-1].split(b"\n"):
        end += len(line) + 1
        ends.append(end)
    return ends
