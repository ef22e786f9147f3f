"""Encode remote write 1.0: samples by series come in, a compressed request goes out.

https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/remote.proto there; three messages and five fields
need no generated code. Snappy is the block format; without the extra `remote-write` it holds literals only, which
every reader takes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from logship.replay.backfill.naming import Labels

_LITERAL_BYTES = 1 << 16
_SHORT_LITERAL_BYTES = 60
_LONG_LITERAL = 61 << 2
"""What stands before a length in two bytes: https://github.com/google/snappy, format_description.txt.

Not before less than 60 bytes: some readers look further ahead than there is anything.
"""


class Points(NamedTuple):
    """Samples of one series.

    Attributes:
        labels: All of them, the name of the metric as `__name__`, sorted.
        samples: Times in milliseconds since the epoch, with values.
    """

    labels: Labels
    samples: Sequence[tuple[int, float]]


def write_request(series: Iterable[Points]) -> bytes:
    """Return the message `WriteRequest`."""
    return b"".join(_field(1, _time_series(each)) for each in series)


def literals(plain: bytes) -> bytes:
    """Return bytes as a snappy block of literals."""
    parts = [_varint(len(plain))]
    for start in range(0, len(plain), _LITERAL_BYTES):
        piece = plain[start : start + _LITERAL_BYTES]
        is_short = len(piece) <= _SHORT_LITERAL_BYTES
        parts.append(bytes([len(piece) - 1 << 2]) if is_short else struct.pack("<BH", _LONG_LITERAL, len(piece) - 1))
        parts.append(piece)
    return b"".join(parts)


def compressor() -> Callable[[bytes], bytes]:
    """Return what makes a snappy block: that of cramjam if it is installed, else literals."""
    if find_spec("cramjam") is None:
        return literals
    compress: Callable[[bytes], bytes] = import_module("cramjam").snappy.compress_raw
    return lambda plain: bytes(compress(plain))


def _time_series(points: Points) -> bytes:
    labels = (_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in points.labels)
    samples = (_field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at)) for at, value in points.samples)
    return b"".join(labels) + b"".join(samples)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Return a whole number in base 128, negative ones as 64 bits: protobuf's int64."""
    number &= (1 << 64) - 1
    encoded = bytearray()
    while number > 127:  # noqa: PLR2004 - seven bits a byte
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
