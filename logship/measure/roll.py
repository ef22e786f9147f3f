"""Note which numbers the records of a batch have: what is known of the processes that wrote them comes out.

The common case is cheap: where the records of a process are the next ones, one comparison of two lists says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from logship.measure.runs import Run, runs_of
from logship.measure.writers import Word, Writer, latest, longer, wider

MAX_SEQ = 1 << 48
"""A higher number is no count of records: nine years of a million a second."""

MAX_BOOT_ID_CHARACTERS = 64

ERROR_LEVELS = frozenset({"error", "critical"})
"""Levels whose records stand in `error.log` too."""


class Numbered(Protocol):
    """A record that may have a number, `seq`, within a process, `boot_id`; None where it has not."""

    @property
    def level(self) -> str | None: ...  # noqa: D102 - the class says it
    @property
    def seq(self) -> int | None: ...  # noqa: D102
    @property
    def boot_id(self) -> str | None: ...  # noqa: D102


Each = TypeVar("Each", bound=Numbered)


class Roll:
    """Gather what batches say of the processes that wrote them.

    Args:
        read_time: Returns the time that a line tells, in seconds since the epoch.
    """

    def __init__(self, read_time: Callable[[bytes], float | None]) -> None:
        self._read_time = read_time
        self._noted: dict[str, _Noted] = {}

    @property
    def size(self) -> int:
        """How much waits to be taken."""
        return sum(1 + len(noted.runs) for noted in self._noted.values())

    def note(self, records: Sequence[tuple[Each]]) -> Mapping[str, Sequence[tuple[Each]]]:
        """Note the numbers of `records`; return those that have one by process, in the order of the numbers."""
        noted = {}
        for boot_id, group in _by_process(records).items():
            if boot_id is not None and 0 < len(boot_id) <= MAX_BOOT_ID_CHARACTERS:
                numbered = self._of(boot_id).add(group)
                if numbered:
                    noted[boot_id] = numbered
        return noted

    def note_number(self, boot_id: str, seq: int) -> None:
        """Note the number of a line that was rejected: it has its outcome, and is not lost."""
        if _is_number(seq) and len(boot_id) <= MAX_BOOT_ID_CHARACTERS:
            self._of(boot_id).runs.append((seq, seq))

    def note_last(self, boot_id: str, seq: int, line: bytes) -> None:
        """Note the line of a record behind which no other of its process stands in the batch."""
        noted = self._noted[boot_id]
        noted.last = max(noted.last, (seq, line))

    def note_in_flight(self, boot_id: str, seq: int, requests: int) -> None:
        """Note how many requests a process had in flight behind one of its records."""
        noted = self._of(boot_id)
        noted.in_flight = latest(noted.in_flight, Word(seq, requests))

    def note_heartbeat(self, boot_id: str, seconds: float) -> None:
        """Note that a process promises a record every so many seconds."""
        noted = self._of(boot_id)
        noted.heartbeat_seconds = longer(noted.heartbeat_seconds, seconds)

    def take(self) -> dict[str, Writer]:
        """Return what was noted since the last call."""
        noted, self._noted = self._noted, {}
        return {boot_id: each.writer(self._read_time) for boot_id, each in noted.items() if each.runs}

    def _of(self, boot_id: str) -> _Noted:
        noted = self._noted.get(boot_id)
        if noted is None:
            noted = self._noted[boot_id] = _Noted()
        return noted


class _Noted:
    """What was noted of one process."""

    __slots__ = ("heartbeat_seconds", "in_flight", "last", "runs", "span")

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.span: Run | None = None
        self.in_flight: Word | None = None
        self.last = (0, b"")
        self.heartbeat_seconds: float | None = None

    def add(self, group: Sequence[tuple[Each]]) -> Sequence[tuple[Each]]:
        """Note the numbers of records of this process; return those that have one, in its order."""
        first, last = group[0][0].seq or 0, group[-1][0].seq or 0
        is_short = 0 < first <= last <= MAX_SEQ and last - first + 1 == len(group)
        if is_short and [record.seq for (record,) in group] == list(range(first, last + 1)):
            self._add_run(first, last)
            if not (_is_below_error(group[0][0]) and _is_below_error(group[-1][0])):
                self._prove([_number(each) for each in group if _is_below_error(each[0])])
            elif self.span is None or self.span[0] > first or self.span[1] < last:
                self._prove([first, last])
            return group
        numbered = sorted((each for each in group if _is_number(each[0].seq)), key=_number)
        self.runs += runs_of((number, number) for number in map(_number, numbered))
        self._prove([_number(each) for each in numbered if _is_below_error(each[0])])
        return numbered

    def _add_run(self, first: int, last: int) -> None:
        if self.runs and self.runs[-1][1] + 1 == first:
            self.runs[-1] = (self.runs[-1][0], last)
        else:
            self.runs.append((first, last))

    def _prove(self, numbers: Sequence[int]) -> None:
        """Note that gaps between these numbers, which rise, are losses."""
        if numbers:
            self.span = wider(self.span, (numbers[0], numbers[-1]))

    def writer(self, read_time: Callable[[bytes], float | None]) -> Writer:
        """Return it as what can be added up."""
        seq, line = self.last
        heard = Word(seq, read_time(line) or 0.0) if seq else None
        return Writer(runs_of(self.runs), self.span, self.in_flight, heard, self.heartbeat_seconds)


def _by_process(records: Sequence[tuple[Each]]) -> Mapping[str | None, Sequence[tuple[Each]]]:
    if not records:
        return {}
    boot_id = records[0][0].boot_id
    if boot_id == records[-1][0].boot_id and len({record.boot_id for (record,) in records}) == 1:
        return {boot_id: records}
    groups: defaultdict[str | None, list[tuple[Each]]] = defaultdict(list)
    for each in records:
        groups[each[0].boot_id].append(each)
    return groups


def _is_number(seq: int | None) -> bool:
    return seq is not None and 0 < seq <= MAX_SEQ


def _number(each: tuple[Numbered]) -> int:
    return each[0].seq or 0


def _is_below_error(record: Numbered) -> bool:
    return record.level is not None and record.level not in ERROR_LEVELS
