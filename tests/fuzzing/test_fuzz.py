"""Mutated lines, streams of container runtimes, configurations, requests and state files: none breaks a promise."""

from __future__ import annotations

import pytest
from fuzzing.targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = {"state": 40}
"""Where an input takes long: files are made and synchronised."""


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw one of `seeds` with a piece cut out, doubled, or replaced by any bytes or a piece of another."""
    text, other = draw(st.sampled_from(seeds)), draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        begin, stop = sorted(draw(st.tuples(*[st.integers(0, len(other))] * 2)))
        piece = draw(st.sampled_from([b"", text[start:end] * 2, other[begin:stop]]) | st.binary(max_size=8))
        text = text[:start] + piece + text[end:]
    return text or b"\0"


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_fed_no_promise_is_broken(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=EXAMPLES.get(name, 100))
    @given(mutated(target.seeds()))
    def feed(text: bytes) -> None:
        target.check(text)

    feed()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_taken(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].check(seed)
