"""For any division into blocks: positions point behind a newline, are proved by the file, can be resumed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from logship.model import FileKey
from logship.read.generation import Generation
from logship.read.identity import HEAD_BYTES, MARKER_BYTES, excerpt, proves
from logship.read.lines import LineCutter

MAX_LINE = 700
"""Longer than a marker, shorter than a head."""

lines = st.builds(
    lambda text, times: text.replace(b"\n", b"") * times,
    st.binary(min_size=1, max_size=20).filter(lambda text: b"\0" not in text),
    st.integers(0, 60),
)
streams = st.lists(lines, max_size=12).map(b"\n".join)


@contextmanager
def opened(content: bytes) -> Iterator[Generation]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        yield Generation(1, "combined.log", FileKey(1, 2), file.fileno(), LineCutter(MAX_LINE), size=len(content))


def divided(content: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[start:end] for start, end in pairwise(edges)]


@given(streams, st.lists(st.integers(0, 10_000), max_size=30))
@example(b"x" * 600 + b"\n" + b"y" * 900 + b"\nz\nhalf", [1, 300, 601, 1000, 1400])
def test_a_position_stands_behind_a_newline_with_a_marker_that_ends_there(content: bytes, cuts: list[int]) -> None:
    with opened(content) as generation:
        for block in divided(content, cuts):
            for batch in generation.take(block):
                assert content[batch.end - 1 : batch.end] == b"\n"
            position = generation.position()
            counted = content[: position.offset]
            assert counted == b"" or counted.endswith(b"\n")
            assert content[position.offset : generation.offset].count(b"\n") == 0
            assert position.marker == excerpt(counted[-MARKER_BYTES:] if counted else b"")
            assert position.head == excerpt(counted[:HEAD_BYTES])
            assert proves(position, generation.read_at)
            assert generation.behind_bytes == len(content) - position.offset


@given(streams, st.lists(st.integers(0, 10_000), max_size=10), st.lists(st.integers(0, 10_000), max_size=10), st.data())
def test_what_was_counted_before_and_after_a_resumption_is_the_whole(
    content: bytes, cuts: list[int], later_cuts: list[int], data: st.DataObject
) -> None:
    blocks = divided(content, cuts)
    stop = data.draw(st.integers(0, len(blocks)))
    with opened(content) as undisturbed:
        whole = list(undisturbed.take(content))
    with opened(content) as generation:
        before = [batch for block in blocks[:stop] for batch in generation.take(block)]
        position = generation.position()
    with opened(content) as generation:
        generation.resume(1, position)
        assert generation.position() == position
        rest = divided(content[position.offset :], later_cuts)
        after = [batch for block in rest for batch in generation.take(block)]
        last = generation.position()
    assert b"".join(each.lines for each in [*before, *after]) == b"".join(each.lines for each in whole)
    assert sum(each.oversize for each in [*before, *after]) == sum(each.oversize for each in whole)
    ends = [0, *(edge for each in [*before, *after] for edge in (each.start, each.end))]
    assert ends == sorted(ends)
    assert all(one == other for one, other in zip(ends[::2], ends[1::2], strict=False)), "without a gap"
    assert last == undisturbed_position(content)


def undisturbed_position(content: bytes) -> object:
    with opened(content) as generation:
        list(generation.take(content))
        return generation.position()


def test_an_unfinished_line_that_is_taken_as_it_is_belongs_to_the_position() -> None:
    with opened(b"one\nhalf") as generation:
        list(generation.take(b"one\nhalf"))
        assert generation.position().offset == 4
        (batch,) = generation.finish()
        assert batch.lines == b"half\n"
        assert generation.position().offset == 8
        assert proves(generation.position(), generation.read_at)


def test_starting_over_forgets_the_old_content() -> None:
    with opened(b"one\nhalf") as generation:
        list(generation.take(b"one\nhalf"))
        generation.start_over(2)
        assert (generation.number, generation.position().offset) == (2, 0)
        (batch,) = generation.take(b"new\n")
        assert (batch.generation, batch.start, batch.lines) == (2, 0, b"new\n")


def test_a_position_names_the_real_place_of_a_file_behind_a_link(tmp_path: os.PathLike[str]) -> None:
    directory = os.fspath(tmp_path)
    target, link = os.path.join(directory, "0.log"), os.path.join(directory, "link.log")  # noqa: PTH118
    with open(target, "w+b") as file:  # noqa: PTH123
        os.symlink(target, link)  # noqa: PTH211
        generation = Generation(1, link, FileKey(1, 2), file.fileno(), LineCutter())
    assert (generation.path, generation.position().path) == (link, target)
