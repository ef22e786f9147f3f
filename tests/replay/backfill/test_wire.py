"""Remote write requests are what any reader of protobuf and snappy takes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.replay.backfill.wire import Points, literals, write_request

cramjam = pytest.importorskip("cramjam", reason="cramjam is in the extra `remote-write`")

labels = st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1).map(
    lambda each: tuple(sorted(each.items()))
)
samples = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.floats(allow_nan=False)), max_size=5)


def fields(message: bytes) -> Iterator[tuple[int, bytes | int | float]]:
    """Yield the fields of a message: the format as https://protobuf.dev/programming-guides/encoding/ describes it."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
            yield tag >> 3, value - (1 << 64) if value >> 63 else value
        elif tag & 7 == 1:
            yield tag >> 3, struct.unpack_from("<d", message, at)[0]
            at += 8
        else:
            length = varint()
            yield tag >> 3, message[at : at + length]
            at += length


def all_of(message: object, number: int) -> list[bytes]:
    assert isinstance(message, bytes)
    return [each for key, each in fields(message) if key == number and isinstance(each, bytes)]


@given(st.lists(st.builds(Points, labels, samples), max_size=3))
def test_a_request_holds_all_labels_and_samples(series: list[Points]) -> None:
    read = []
    for each in all_of(write_request(series), 1):
        names = [dict(fields(label)) for label in all_of(each, 1)]
        points = [dict(fields(sample)) for sample in all_of(each, 2)]
        named = tuple((bytes(name[1]).decode(), bytes(name[2]).decode()) for name in names)  # type: ignore[arg-type]
        read.append(Points(named, [(point[2], point[1]) for point in points]))  # type: ignore[misc]
    assert read == series


@given(st.binary(max_size=300), st.integers(1, 400))
def test_literals_are_snappy(piece: bytes, times: int) -> None:
    assert bytes(cramjam.snappy.decompress_raw(literals(piece * times))) == piece * times
