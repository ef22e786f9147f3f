"""A position is proved by the generation itself and by its copies, and by nothing else whose bytes differ there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logship.model import Excerpt, FileKey, Position
from logship.read.identity import HEAD_BYTES, MARKER_BYTES, excerpt, holds_the_same, proves

contents = st.binary(max_size=40) | st.builds(
    lambda data, times: data * times, st.binary(max_size=40), st.integers(0, 60)
)


def position(content: bytes, offset: int) -> Position:
    """Return where a reader of `content` stands at `offset`."""
    counted = content[:offset]
    head, marker = excerpt(counted[:HEAD_BYTES]), excerpt(counted[-MARKER_BYTES:] if offset else b"")
    return Position("combined.log", FileKey(1, 2), offset, len(content), head, marker)


def reading(content: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: content[offset : offset + length]


@given(contents, contents, st.data())
def test_the_generation_proves_itself_however_much_it_has_grown(
    content: bytes, more: bytes, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, len(content)))
    assert proves(position(content, offset), reading(content + more))


@given(contents, contents, st.data())
def test_what_is_shorter_than_the_offset_proves_nothing(content: bytes, other: bytes, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(content)))
    assume(len(other) < offset)
    assert not proves(position(content, offset), reading(other))


@given(contents, st.data())
def test_one_other_byte_in_head_or_marker_is_another_file(content: bytes, data: st.DataObject) -> None:
    assume(content)
    offset = data.draw(st.integers(1, len(content)))
    windows = [*range(min(HEAD_BYTES, offset)), *range(max(0, offset - MARKER_BYTES), offset)]
    at = data.draw(st.sampled_from(windows))
    other = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert not proves(position(content, offset), reading(other))


def test_equal_heads_with_another_rest_are_another_file() -> None:
    head = b"=" * 2 * HEAD_BYTES
    assert not proves(position(head + b"one\n", len(head) + 4), reading(head + b"two\n"))


def test_the_same_marker_at_another_place_is_another_file() -> None:
    marker = b"m" * MARKER_BYTES
    known = position(b"a" * HEAD_BYTES + marker, HEAD_BYTES + MARKER_BYTES)
    assert not proves(known, reading(b"a" * (HEAD_BYTES + 1) + marker))
    assert not proves(known, reading(b"b" * HEAD_BYTES + marker)), "another head"


def test_a_tiny_file_is_proved_by_all_that_was_counted_of_it() -> None:
    known = position(b"a\nb\n", 2)
    assert (known.head.length, known.marker.length) == (2, 2)
    assert proves(known, reading(b"a\nx\n"))
    assert not proves(known, reading(b"b\n"))


def test_where_nothing_was_counted_everything_is_the_beginning_of_it() -> None:
    assert proves(position(b"", 0), reading(b"whatever\n"))


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_an_excerpt_recognises_bytes_without_holding_them(one: bytes, other: bytes) -> None:
    assert (excerpt(one) == excerpt(other)) == (one == other)
    assert len(excerpt(one).digest) == 16
    assert isinstance(excerpt(one), Excerpt)


@given(contents, contents)
def test_a_beginning_holds_the_same_up_to_its_length(content: bytes, more: bytes) -> None:
    assert holds_the_same(reading(content), reading(content + more), len(content))


@pytest.mark.parametrize("at", [0, HEAD_BYTES - 1, -1, -MARKER_BYTES])
def test_files_that_differ_in_head_or_end_do_not_hold_the_same(at: int) -> None:
    content = bytearray(b"x" * 4 * HEAD_BYTES)
    other = bytearray(content)
    other[at] = 0
    assert not holds_the_same(reading(bytes(content)), reading(bytes(other)), len(content))
