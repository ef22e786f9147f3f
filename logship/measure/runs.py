"""Sets of whole numbers as few runs: `((1, 5), (7, 9))` has all from 1 to 9 but 6.

The runs of a set rise, and no two of them touch, so that equal sets are equal values.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

Run = tuple[int, int]
"""The first and the last of numbers without a gap."""

Runs = tuple[Run, ...]


def runs_of(pieces: Iterable[Run]) -> Runs:
    """Return the set of all numbers in `pieces`, which may come in any order and overlap."""
    joined: list[Run] = []
    for first, last in sorted(pieces):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def union(one: Runs, other: Runs) -> Runs:
    """Return the numbers of both."""
    if not one or not other:
        return one or other
    if one[-1][1] + 1 == other[0][0]:  # as a log goes on
        return (*one[:-1], (one[-1][0], other[0][1]), *other[1:])
    return runs_of((*one, *other))


def gaps(runs: Runs, within: Run) -> Runs:
    """Return the numbers that are missing between two of `runs`, both of them `within` bounds."""
    first, last = within
    return tuple(
        (before[1] + 1, after[0] - 1) for before, after in pairwise(runs) if first <= before[1] and after[0] <= last
    )


def size(runs: Runs) -> int:
    """Return how many numbers there are."""
    return sum(last - first + 1 for first, last in runs)
