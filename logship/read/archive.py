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
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

from logship.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 1 << 16
STDIN = "-"


class _Reader(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...


_OPENERS: tuple[tuple[bytes, Callable[[IO[bytes]], _Reader]], ...] = (
    (b"\x1f\x8b", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"\x28\xb5\x2f\xfd", zstd.ZstdFile),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
"""First bytes of a compressed file and how to read on."""

_LONGEST_MAGIC = max(len(magic) for magic, _ in _OPENERS)

_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstd.ZstdError)


def is_compressed_head(head: bytes) -> bool:
    """Return whether a file that starts with `head` is compressed."""
    return any(head.startswith(magic) for magic, _ in _OPENERS)


class Archive:
    """One input of a replay.

    Attributes:
        path: Its name; `-` for standard input.
        size: Its bytes as stored, None where that cannot be known.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._raw = _Counted(_open(path))
        self.size = None if path == STDIN else Path(path).stat().st_size

    @property
    def stored_bytes_read(self) -> int:
        """How many of the stored bytes have been read."""
        return self._raw.bytes_read

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the stream in blocks; raise InputError at the first damage."""
        try:
            reader = _decompressed(self._raw)
            while block := reader.read1(BLOCK_BYTES):
                yield block
        except _DAMAGE as error:
            why = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
            raise InputError(f"{self.path} {why}; everything before that was counted") from error
        except OSError as error:
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
        self._raw.close()
        super().close()


def _open(path: str) -> IO[bytes]:
    if path == STDIN:
        return sys.stdin.buffer
    try:
        return Path(path).open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _decompressed(raw: _Counted) -> _Reader:
    buffered = io.BufferedReader(raw, BLOCK_BYTES)
    head = buffered.peek(_LONGEST_MAGIC)
    for magic, opener in _OPENERS:
        if head.startswith(magic):
            return opener(buffered)
    return buffered
