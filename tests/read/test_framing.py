"""However a wrapped stream is divided into blocks, whole runs of lines come out, and what is held is bounded."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse import UNWRAPS
from logship.read import FRAMINGS, LineCutter, Lines, RunCutter, cutter_for

LIMIT = 160


def cri(text: str, stream: str = "stdout", flag: str = "F") -> bytes:
    return f"2026-11-23T07:00:00Z {stream} {flag} {text}\n".encode()


def docker(text: str, stream: str = "stdout", flag: str = "F") -> bytes:
    return json.dumps({"log": text + "\n" * (flag == "F"), "stream": stream}, separators=(",", ":")).encode() + b"\n"


WRITE = {"cri": cri, "docker": docker}
texts = st.sampled_from(["", "a", "{}", "\\", "\\n", '","stream":"x"', "stdout P ", "b" * 40, "c" * 200])
streams = st.sampled_from(["stdout", "stderr"])
parts = st.tuples(texts, streams, st.sampled_from("PPF"))


@st.composite
def wrapped(draw: st.DrawFn, wrap: str) -> bytes:
    line = parts.map(lambda part: WRITE[wrap](*part))
    strange = st.sampled_from([b"not of the runtime\n", b"\n", b"\0\0", b"d" * 300 + b"\n", b"{}\n"])
    whole = b"".join(draw(st.lists(line | line | line | strange, max_size=25)))
    return whole + draw(st.sampled_from([b"", b"half", WRITE[wrap]("x")[:-1]]))


def divided(stream: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(ends)]


def cut(wrap: str, blocks: list[bytes]) -> tuple[bytes, int, list[int], Lines]:
    """Return the lines, how many were too long, where batches could end, and what a flush gives."""
    cutter = RunCutter(FRAMINGS[wrap], LIMIT)
    data, oversize, read, ends = [], 0, 0, []
    for block in blocks:
        lines = cutter.feed(block)
        data.append(lines.data)
        oversize += lines.oversize
        read += len(block)
        if lines.data or lines.oversize:
            ends.append(read - cutter.pending_bytes)
        assert cutter._held_bytes <= LIMIT + 300 + 2
    pending = read - cutter.pending_bytes
    assert not ends or ends[-1] <= pending
    return b"".join(data), oversize, ends, cutter.flush()


@pytest.mark.parametrize("wrap", FRAMINGS)
@given(st.data(), st.lists(st.integers(0, 10_000), max_size=8))
def test_any_division_gives_the_same_lines(wrap: str, data: st.DataObject, cuts: list[int]) -> None:
    stream = data.draw(wrapped(wrap))
    expected, oversize, _, rest = cut(wrap, [stream])
    found, too_long, ends, last = cut(wrap, divided(stream, cuts))
    assert (found.replace(b"\0", b""), too_long) == (expected.replace(b"\0", b""), oversize)
    assert (last.data.replace(b"\0", b""), last.oversize) == (rest.data.replace(b"\0", b""), rest.oversize)
    assert all(stream[:end].endswith(b"\n") for end in ends if end)


@pytest.mark.parametrize("wrap", FRAMINGS)
@given(st.data(), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_new_cutter_at_the_end_of_any_batch_goes_on_with_the_same_lines(
    wrap: str, data: st.DataObject, cuts: list[int]
) -> None:
    """The story of a kill: what was committed ends behind a run, and the next life begins there knowing nothing."""
    stream = data.draw(wrapped(wrap))
    expected, oversize, _, rest = cut(wrap, [stream])
    for end in cut(wrap, divided(stream, cuts))[2]:
        before, first, _, nothing = cut(wrap, [stream[:end]])
        after, second, _, last = cut(wrap, [stream[end:]])
        assert nothing == Lines(b"", 0)
        assert (before + after).replace(b"\0", b"") == expected.replace(b"\0", b"")
        assert (first + second, last) == (oversize, rest)


@pytest.mark.parametrize("wrap", FRAMINGS)
@given(st.data(), st.lists(st.integers(0, 10_000), max_size=8))
def test_unwrapped_batches_are_the_lines_of_the_application(wrap: str, data: st.DataObject, cuts: list[int]) -> None:
    unwrap = UNWRAPS[wrap]
    stream = b"".join(WRITE[wrap](*part) for part in data.draw(st.lists(parts, max_size=25)))
    cutter = RunCutter(FRAMINGS[wrap], 1 << 20)
    pieces = [cutter.feed(block).data for block in divided(stream, cuts)]
    pieces.append(cutter.flush().data)
    assert b"".join(unwrap(piece).lines for piece in pieces if piece) == unwrap(stream).lines


@pytest.mark.parametrize("wrap", FRAMINGS)
def test_a_batch_does_not_end_while_a_line_is_open(wrap: str) -> None:
    write, cutter = WRITE[wrap], RunCutter(FRAMINGS[wrap])
    assert cutter.feed(write("one")) == Lines(write("one"), 0)
    begun = write("tw", flag="P") + write("else", "stderr")
    assert cutter.feed(begun) == Lines(b"", 0)
    assert cutter.pending_bytes == len(begun)
    assert cutter.feed(write("o")) == Lines(begun + write("o"), 0)
    assert cutter.pending_bytes == 0


@pytest.mark.parametrize("wrap", FRAMINGS)
def test_what_is_open_for_too_long_is_dropped_and_what_stood_between_is_kept(wrap: str) -> None:
    write, cutter = WRITE[wrap], RunCutter(FRAMINGS[wrap], LIMIT)
    stream = write("a" * 50, flag="P") + write("kept", "stderr") + write("a" * 50, flag="P") + write("next")
    assert cutter.feed(stream) == Lines(write("kept", "stderr") + write("next"), 1)
    assert cutter.pending_bytes == 0


@pytest.mark.parametrize("wrap", FRAMINGS)
def test_of_what_is_given_up_the_lines_that_had_ended_are_kept(wrap: str) -> None:
    write, cutter = WRITE[wrap], RunCutter(FRAMINGS[wrap], 4 * LIMIT)
    ended = write("one", "stderr", "P") + write("line", "stderr")
    stream = write("a", flag="P") + ended + write("b" * 3 * LIMIT, "stderr", "P") + write("a" * LIMIT, flag="P")
    assert cutter.feed(stream) == Lines(ended, 2)


@pytest.mark.parametrize("wrap", FRAMINGS)
def test_the_parts_of_a_line_whose_end_never_came_are_taken_at_the_end(wrap: str) -> None:
    write, cutter = WRITE[wrap], RunCutter(FRAMINGS[wrap])
    cutter.feed(write("half", flag="P") + b"rest")
    assert cutter.flush() == Lines(write("half", flag="P") + b"rest\n", 0)
    assert cutter.pending_bytes == 0
    assert cutter.feed(write("new")) == Lines(write("new"), 0)


def test_a_backslash_before_an_n_ends_no_line_of_dockers() -> None:
    cutter = RunCutter(FRAMINGS["docker"])
    literal = docker("C:\\n", flag="P")
    assert cutter.feed(literal) == Lines(b"", 0)
    assert cutter.feed(docker("ew")) == Lines(literal + docker("ew"), 0)


def test_a_torn_record_that_another_is_glued_to_hides_no_part() -> None:
    torn = docker("torn")[:-2] + docker("whole")
    half, end = docker("half", flag="P"), docker("end")
    cutter = RunCutter(FRAMINGS["docker"])
    assert cutter.feed(torn + half) == Lines(torn, 0)
    assert cutter.feed(end) == Lines(half + end, 0)


def test_a_record_of_dockers_without_a_stream_is_kept_together_with_its_rest() -> None:
    half, end = (b'{"log":"%s"}\n' % text for text in (b"half", rb"end\n"))
    cutter = RunCutter(FRAMINGS["docker"])
    assert cutter.feed(half) == Lines(b"", 0)
    assert cutter.feed(end) == Lines(half + end, 0)


def test_without_a_wrapping_lines_are_cut_as_ever() -> None:
    assert type(cutter_for(None)) is LineCutter
    assert type(cutter_for("cri")) is RunCutter
    assert type(cutter_for("cri").anew()) is RunCutter


def test_each_wrapping_has_its_framing() -> None:
    assert FRAMINGS.keys() == UNWRAPS.keys()
