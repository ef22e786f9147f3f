"""Read one input as runs of lines that belong to one slot of time each: a path comes in, runs go out, one at a time.

Slot n has the times from (n - 1) * step on and before n * step: what a scrape at n * step is the first to see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from logship.errors import InputError
from logship.model import Batch, Reason
from logship.parse import UNDECIDED, UNWRAPS, Format, LineTimes, Run, detect, format_named, runs_by_time
from logship.pipeline import SourceOptions
from logship.read import Archive, Cutter
from logship.replay.batches import batches_of

_LAST_BOUND = 1 << 34
"""Seconds since the epoch, in the year 2514: all later times are of one slot."""

_LOOKAHEAD = 2

FormatOf = Callable[[int], str | None]
"""Gives the name of the format that was found for a generation, None while none was."""


@dataclass(frozen=True, slots=True)
class SlotRun:
    """Lines of one slot.

    Attributes:
        slot: Its number, None where no line has told a time yet.
        batch: The lines, out of what wrapped them.
        refused: How many more were refused by what unwraps them, by reason.
    """

    slot: int | None
    batch: Batch
    refused: Mapping[Reason, int]


class Input:
    """An input, open from the first look at it to its last line.

    Args:
        number: Its generation.
        archive: What is read.
        cutter: What cuts it into lines.
        source: The name of its source.
        options: How its lines are read.
        step: Length of a slot in seconds.
        format_of: Tells what is known of its format.
        advance: Told how many more stored bytes have been read.
    """

    def __init__(
        self,
        number: int,
        archive: Archive,
        cutter: Cutter,
        *,
        source: str,
        options: SourceOptions,
        step: int,
        format_of: FormatOf,
        advance: Callable[[int], None],
    ) -> None:
        self.number = number
        self._archive = archive
        self._options = options
        self._bounds = range(0, _LAST_BOUND, step)
        self._format_of = format_of
        self._times: dict[str, LineTimes] = {}
        self._slot: int | None = None
        self._waiting: deque[SlotRun] = deque()
        self._batches = batches_of(archive, archive.blocks(), cutter, number=number, source=source, advance=advance)
        self._damage: InputError | None = None
        self._fill()

    @property
    def is_over(self) -> bool:
        """Whether there are no more runs."""
        return not self._waiting

    @property
    def at(self) -> int:
        """The slot where it stands: the earlier one of its next runs, as a single strange time says nothing."""
        return min(run.slot or 0 for run in list(self._waiting)[:_LOOKAHEAD])

    def take(self) -> SlotRun:
        """Return the next run."""
        run = self._waiting.popleft()
        self._fill()
        return run

    def close(self) -> None:
        """Close the file; raise InputError if it was damaged."""
        self._archive.close()
        if self._damage is not None:
            raise self._damage

    def _fill(self) -> None:
        try:
            while len(self._waiting) < _LOOKAHEAD and (batch := next(self._batches, None)) is not None:
                self._waiting += self._runs(batch)
        except InputError as error:  # what was read before still counts
            self._damage = error

    def _runs(self, batch: Batch) -> Iterator[SlotRun]:
        lines, refused = batch.lines, dict[Reason, int]()
        if self._options.wrap is not None:
            lines, refused = UNWRAPS[self._options.wrap](lines)
        runs = runs_by_time(lines, self._bounds, self._line_times(lines), self._slot) if lines else []
        more = batch.end - batch.start - len(lines)
        oversize = batch.oversize
        for slot, some in runs or [Run(self._slot, b"")]:
            # what is not in the lines is told with the first of them
            yield SlotRun(slot, Batch(self.number, 0, len(some) + more, some, oversize, batch.source), refused)
            self._slot, more, oversize, refused = slot, 0, 0, {}

    def _line_times(self, lines: bytes) -> LineTimes:
        fmt = self._format(lines)
        if fmt.name not in self._times:
            self._times[fmt.name] = LineTimes(fmt)
        return self._times[fmt.name]

    def _format(self, lines: bytes) -> Format:
        name = self._format_of(self.number) or self._options.format
        return format_named(name) if name is not None else detect(lines).format or UNDECIDED
