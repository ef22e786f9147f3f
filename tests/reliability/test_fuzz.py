"""Mutated lines of every format, and mutated configurations: no crash, and outcomes that add up (P7).

`make fuzz` does the first with guidance by coverage, for as long as it is told.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from reliability.feeding import CHOICES, check

from logship.config import load
from logship.errors import LogshipError

TESTS = Path(__file__).parent.parent
LINES = [
    line for log in sorted((TESTS / "data" / "formats").glob("*.log")) for line in log.read_bytes().split(b"\n") if line
]
CONFIGURATIONS = [each.read_bytes() for each in sorted((TESTS / "config" / "testdata").glob("*.yml"))]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw one of `seeds` with a piece cut out, doubled, or replaced by any bytes or a piece of another."""
    text, other = draw(st.sampled_from(seeds)), draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        begin, stop = sorted(draw(st.tuples(*[st.integers(0, len(other))] * 2)))
        piece = draw(st.sampled_from([b"", text[start:end] * 2, other[begin:stop]]) | st.binary(max_size=8))
        text = text[:start] + piece + text[end:]
    return text


@given(st.integers(0, len(CHOICES) - 1), st.lists(mutated(LINES), min_size=1, max_size=4))
def test_whatever_is_fed_each_line_has_one_outcome(number: int, lines: list[bytes]) -> None:
    check(number, b"\n".join(lines))


@given(mutated(CONFIGURATIONS))
def test_whatever_a_configuration_holds_it_is_understood_or_refused(text: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "logship.yml"
        path.write_bytes(text)
        with suppress(LogshipError):
            load(str(path), {})
