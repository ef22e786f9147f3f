"""The slowest requests add up: those of two halves are those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain, count

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Series, Tally
from logship.model import LabelSet
from logship.pipeline import CountedLines, SlowReader, SlowRequest
from logship.replay.html.slowest import Slowest

LABELS = LabelSet("GET", "/a", "200")


class Told(SlowReader):
    """Reads what it was told instead of lines."""

    def __init__(self) -> None:
        self.durations: Sequence[int] = ()
        self.at = partial(next, count(0.0))

    def slower_than(self, least_ns: int, counted: object) -> list[SlowRequest]:  # type: ignore[override]
        assert not counted
        return [SlowRequest(each, self.at(), LABELS, None, None) for each in self.durations if each > least_ns]


def slowest(chunks: Sequence[Sequence[int]]) -> Slowest:
    told = Told()
    found = Slowest(told, most=4)
    for chunk in chunks:
        told.durations = chunk
        longest = max(chunk, default=0)
        change = Tally({LABELS: Series(len(chunk), (len(chunk),), sum(chunk), longest, {})})
        found.see(change, list[CountedLines](), lambda labels: labels)
    return found


CHUNKS = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=8)


@given(CHUNKS, CHUNKS)
def test_those_of_two_halves_are_those_of_the_whole(one: list[list[int]], other: list[list[int]]) -> None:
    both = slowest(one).plus(slowest(other))
    expected = sorted(chain(*one, *other), reverse=True)[:4]
    assert [each.duration_ns for each in both.requests] == expected
    assert [each.duration_ns for each in slowest([*one, *other]).requests] == expected


def test_of_equally_slow_ones_the_first_are_kept() -> None:
    assert [each.at for each in slowest([[5, 5, 5], [5, 5, 5]]).requests] == [0.0, 1.0, 2.0, 3.0]
