r"""The same bytes give the same lines, however they are divided into blocks; the model is `bytes.split(b"\n")`."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logship.read import LineCutter, Lines

LIMIT = 12

HOSTILE = [b"\n", b"\r\n", b"\x00", b"\x0b", b"\x0c", b"\x1c", "\x85".encode(), "\u2028".encode(), b"\x85", b"a", b"{}"]
streams = st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=2 * LIMIT), max_size=40).map(b"".join)


@st.composite
def divided(draw: st.DrawFn) -> list[bytes]:
    stream = draw(streams)
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    return [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]


def model(stream: bytes, limit: int) -> tuple[list[bytes], bytes]:
    """Return the lines of a stream without the holes in front of them, and what stands behind the last newline."""
    *lines, rest = stream.split(b"\n")
    return [line for line in map(without_hole, lines) if len(line) <= limit], rest


def without_hole(line: bytes) -> bytes:
    return line.lstrip(b"\0")


@given(divided())
@example([b"a" * LIMIT, b"\n"])
@example([b"a" * LIMIT, b"a", b"\n"])
@example([b"a" * LIMIT + b"\n" + b"b" * (LIMIT + 1) + b"\nc"])
@example([b"\0" * 5 * LIMIT, b"\0a\n\0\0b\n\0", b"\0c\n\0"])
def test_any_division_gives_the_lines_of_the_whole(blocks: list[bytes]) -> None:
    stream = b"".join(blocks)
    kept, rest = model(stream, LIMIT)
    cutter = LineCutter(LIMIT)
    fed = [cutter.feed(block) for block in blocks]
    given_out = b"".join(lines.data for lines in fed).split(b"\n")
    assert [*map(without_hole, given_out)] == [*kept, b""]
    assert sum(lines.oversize for lines in fed) == stream.count(b"\n") - len(kept)
    assert cutter.pending_bytes == len(rest)
    rest = without_hole(rest)
    if not rest:
        assert cutter.flush() == Lines(b"", 0)
    elif len(rest) <= LIMIT:
        assert cutter.flush() == Lines(rest + b"\n", 0)
    else:
        assert cutter.flush() == Lines(b"", 1)


@given(divided())
def test_after_each_block_the_pending_bytes_are_those_behind_the_last_newline(blocks: list[bytes]) -> None:
    cutter = LineCutter(LIMIT)
    taken = b""
    for block in blocks:
        taken += block
        cutter.feed(block)
        assert cutter.pending_bytes == len(taken) - (taken.rfind(b"\n") + 1)
    cutter.flush()
    assert cutter.pending_bytes == 0


@given(divided())
def test_a_cutter_never_holds_more_than_its_limit(blocks: list[bytes]) -> None:
    cutter = LineCutter(LIMIT)
    for block in blocks:
        cutter.feed(block)
        assert sum(map(len, cutter._parts)) <= LIMIT


@given(divided(), divided())
def test_after_a_flush_a_cutter_is_as_new(first: list[bytes], second: list[bytes]) -> None:
    used, new = LineCutter(LIMIT), LineCutter(LIMIT)
    for block in first:
        used.feed(block)
    used.flush()
    assert [used.feed(block) for block in second] == [new.feed(block) for block in second]
    assert used.flush() == new.flush()


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x00"])
def test_only_a_newline_ends_a_line(separator: str) -> None:
    line = f'{{"message":"a{separator}b"}}\n'.encode()
    assert LineCutter().feed(line) == Lines(line, 0)
    cutter = LineCutter()
    assert cutter.feed(separator.encode()) == Lines(b"", 0)


def test_a_carriage_return_belongs_to_its_line() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"{}\r") == Lines(b"", 0)
    assert cutter.feed(b"\n") == Lines(b"{}\r\n", 0)


def test_a_line_of_exactly_the_limit_is_kept_and_one_byte_more_is_not() -> None:
    assert LineCutter(4).feed(b"abcd\n") == Lines(b"abcd\n", 0)
    assert LineCutter(4).feed(b"abcde\n") == Lines(b"", 1)


def test_lines_before_and_after_one_that_is_too_long_are_kept() -> None:
    cutter = LineCutter(4)
    pieces = [cutter.feed(block) for block in (b"one\nmuch ", b"too ", b"long\ntwo\n")]
    assert b"".join(piece.data for piece in pieces) == b"one\ntwo\n"
    assert sum(piece.oversize for piece in pieces) == 1


def test_of_a_line_over_the_limit_nothing_is_kept_but_its_length() -> None:
    cutter = LineCutter(1 << 10)
    block = b"x" * (1 << 16)
    for _ in range(160):
        assert cutter.feed(block) == Lines(b"", 0)
    assert cutter.pending_bytes == 160 << 16
    assert sum(map(sys.getsizeof, cutter._parts)) == 0
    assert cutter.feed(b"\nnext\n") == Lines(b"next\n", 1)
