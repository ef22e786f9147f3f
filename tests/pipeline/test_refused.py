"""Refused lines are found again: exactly those that the pipeline refuses, with their reasons and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from words import request

from logship.measure import OwnMetrics
from logship.model import Batch, Reason
from logship.pipeline import MeasureOptions, RefusalFinder, Refused, SourceOptions

LINES: dict[bytes, Reason | None] = {
    request().encode(): None,
    b'{"level":"info","message":"hello"}': None,
    b"no json": Reason.INVALID_JSON,
    b"[1]": Reason.NOT_AN_OBJECT,
    b"\xff\xfe": Reason.INVALID_UTF8,
    request().replace('"status":200', '"status":9999').encode(): Reason.INVALID_STATUS,
    request(duration=-1).encode(): Reason.INVALID_DURATION,
    b"": None,
}
START = 1000


def finder(fmt: str | None = None) -> RefusalFinder:
    return RefusalFinder(MeasureOptions(), {"": SourceOptions(format=fmt)}, OwnMetrics())


@given(st.lists(st.sampled_from(list(LINES)), max_size=30), st.integers(1, 40))
def test_the_last_refused_lines_are_found_with_their_places(lines: list[bytes], most: int) -> None:
    text = b"".join(line + b"\n" for line in lines)
    refused, offset = [], START
    for line in lines:
        if (reason := LINES[line]) is not None:
            refused.append(Refused(reason, offset, offset + len(line) + 1))
        offset += len(line) + 1
    found = finder().find(Batch(1, START, START + len(text), text), "winston", most)
    assert found == refused[::-1][:most]


def test_a_line_too_long_to_be_kept_stands_somewhere_in_its_batch() -> None:
    text = b"no json\n"
    found = finder().find(Batch(1, 0, 5000, text, oversize=1), "winston", 5)
    assert found == [Refused(Reason.TOO_LONG, 0, 5000), Refused(Reason.INVALID_JSON, 0, 5000)]
    assert finder().find(Batch(1, 0, 5000, b"", oversize=3), None, 5) == [Refused(Reason.TOO_LONG, 0, 5000)]


def test_a_batch_without_refused_lines_has_none() -> None:
    text = request().encode() + b"\n"
    assert finder().find(Batch(1, 0, len(text), text), None, 5) == []


@pytest.mark.parametrize("fmt", ["winston", None])
def test_the_same_finder_serves_many_generations(fmt: str | None) -> None:
    one = finder()
    for generation in range(3):
        found = one.find(Batch(generation, 0, 8, b"no json\n"), fmt, 5)
        assert [each.reason for each in found] == [Reason.INVALID_JSON]
