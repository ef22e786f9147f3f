"""Read an archive as blocks of plain bytes: plain, gzip, Zstandard, bzip2, xz, from a file or standard input.

What a file is compressed with shows in its first bytes, not in its name. Memory is bounded by the block, whatever the
ratio of compression. Members that follow each other are one stream. Of a damaged archive everything up to the damage
comes out before the error does.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from logship.errors import InputError
from logship.model import FileKey

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 1 << 16
STDIN = "-"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


_Unpack = Callable[[io.BufferedReader], Iterator[bytes]]


def _gunzip(stored: io.BufferedReader) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=stored) as reader:
        while block := reader.read1(BLOCK_BYTES):
            yield block


def _unpack(new_decompressor: Callable[[], _Decompressor], stored: io.BufferedReader) -> Iterator[bytes]:
    """Yield the bytes of all members; what follows them must be a member, too, or padding with NULs.

    The file classes of the standard library take anything else for the end, and so drop all members after a damaged
    one without a word.
    """
    rest = stored.read1(BLOCK_BYTES)
    while rest:
        decompressor = new_decompressor()
        yield decompressor.decompress(rest, BLOCK_BYTES)
        while not decompressor.eof:
            rest = stored.read1(BLOCK_BYTES) if decompressor.needs_input else b""
            if decompressor.needs_input and not rest:
                raise EOFError
            yield decompressor.decompress(rest, BLOCK_BYTES)
        rest = decompressor.unused_data.lstrip(b"\0")
        while not rest and (rest := stored.read1(BLOCK_BYTES)):
            rest = rest.lstrip(b"\0")


_UNPACKERS: tuple[tuple[bytes, _Unpack], ...] = (
    (b"\x1f\x8b", _gunzip),
    (b"\x28\xb5\x2f\xfd", partial(_unpack, zstd.ZstdDecompressor)),
    (b"\x50\x2a\x4d\x18", partial(_unpack, zstd.ZstdDecompressor)),  # pzstd begins with a frame to be skipped
    (b"BZh", partial(_unpack, bz2.BZ2Decompressor)),
    (b"\xfd7zXZ\x00", partial(_unpack, lzma.LZMADecompressor)),
)
"""First bytes of a compressed file and how to read on."""

_LONGEST_MAGIC = max(len(magic) for magic, _ in _UNPACKERS)

_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstd.ZstdError)


def is_compressed_head(head: bytes) -> bool:
    """Return whether a file that starts with `head` is compressed."""
    return any(head.startswith(magic) for magic, _ in _UNPACKERS)


class Archive:
    """One input of a replay.

    Attributes:
        path: Its name; `-` for standard input.
        key: What was opened under that name: a rotation may have renamed files since they were seen.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        raw = _open(path)
        self.key = _key_of(raw) if path != STDIN else FileKey(0, 0)
        self._raw = _Counted(raw)

    @property
    def stored_bytes_read(self) -> int:
        """How many of the stored bytes have been read."""
        return self._raw.bytes_read

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the stream in blocks; raise InputError at the first damage."""
        try:
            yield from filter(None, _plain(io.BufferedReader(self._raw, BLOCK_BYTES)))
        except _DAMAGE as error:
            why = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
            raise InputError(f"{self.path} {why}; everything before that was counted") from error
        except OSError as error:
            if error.errno is None:  # what bz2 raises for bad data
                raise InputError(f"{self.path} is damaged ({error}); everything before that was counted") from error
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path != STDIN:
            self._raw.close()


class _Counted(io.RawIOBase):
    """A file that knows how much of it has been read, ahead of what a decompressor has handed out."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._raw.read(len(buffer))
        buffer[: len(block)] = block
        self.bytes_read += len(block)
        return len(block)

    def close(self) -> None:
        if self._raw is not sys.stdin.buffer:  # whoever buffers this closes it when it is forgotten
            self._raw.close()
        super().close()


def _open(path: str) -> IO[bytes]:
    if path == STDIN:
        return sys.stdin.buffer
    try:
        return Path(path).open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _key_of(raw: IO[bytes]) -> FileKey:
    status = os.fstat(raw.fileno())
    return FileKey(status.st_dev, status.st_ino)


def _plain(stored: io.BufferedReader) -> Iterator[bytes]:
    head = stored.peek(_LONGEST_MAGIC)
    for magic, unpack in _UNPACKERS:
        if head.startswith(magic):
            return unpack(stored)
    return iter(partial(stored.read1, BLOCK_BYTES), b"")
