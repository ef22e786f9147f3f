"""Read an archive as blocks of plain bytes: plain, gzip, Zstandard, bzip2, xz, from a file, a URL or standard input.

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
from typing import IO, TYPE_CHECKING, Protocol, cast

from logship.errors import InputError
from logship.model import FileKey
from logship.read.urls import is_url, shown

if TYPE_CHECKING:
    from logship.read.remote import RemoteFile

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 1 << 16
STDIN = "-"


class _TrailingGarbageError(Exception):
    """What follows a member begins like no other one."""


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
        if not any(magic.startswith(rest[: len(magic)]) for magic, _ in _UNPACKERS):
            raise _TrailingGarbageError


def _gzip() -> tuple[_Unpack, tuple[type[Exception], ...]]:
    """Return how to read gzip and what damage raises: by ISA-L three times as fast as by zlib, where it is there.

    Its decompressor, not its file class, which drops what stands before damage. Of a truncated stream it may hold back
    the last symbol.
    """
    try:
        from isal import igzip_lib
    except ImportError:  # there is no wheel for this processor
        return _gunzip, ()
    new_decompressor = partial(igzip_lib.IgzipDecompressor, flag=igzip_lib.DECOMP_GZIP)
    damage = cast("type[Exception]", igzip_lib.IsalError)  # its stub calls it an instance
    return partial(_unpack, new_decompressor), (damage,)


_UNPACK_GZIP, _GZIP_DAMAGE = _gzip()

_UNPACKERS: tuple[tuple[bytes, _Unpack], ...] = (
    (b"\x1f\x8b", _UNPACK_GZIP),
    (b"\x28\xb5\x2f\xfd", partial(_unpack, zstd.ZstdDecompressor)),
    *((bytes([low]) + b"\x2a\x4d\x18", partial(_unpack, zstd.ZstdDecompressor)) for low in range(0x50, 0x60)),
    (b"BZh", partial(_unpack, bz2.BZ2Decompressor)),
    (b"\xfd7zXZ\x00", partial(_unpack, lzma.LZMADecompressor)),
)
"""First bytes of a compressed file and how to read on.

Zstandard has sixteen for frames to be skipped, as pzstd begins with (RFC 8878, 3.1.2).
"""

_LONGEST_MAGIC = max(len(magic) for magic, _ in _UNPACKERS)

_DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    _TrailingGarbageError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    *_GZIP_DAMAGE,
)

_WHY: dict[type[Exception], str] = {
    EOFError: "ends too early",
    _TrailingGarbageError: "has trailing garbage, or a damaged member",
}


def is_compressed_head(head: bytes) -> bool:
    """Return whether a file that starts with `head` is compressed."""
    return any(head.startswith(magic) for magic, _ in _UNPACKERS)


class Archive:
    """One input of a replay.

    Attributes:
        path: Its name or URL; `-` for standard input.
        key: What was opened under that name: a rotation may have renamed files since they were seen.
        is_plain: Whether it is not compressed; known once the first block has been read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_plain = False
        self._remote = _remote_file(path) if is_url(path) else None
        raw = self._remote or _open(path)
        self._status = None if path == STDIN or self._remote is not None else os.fstat(raw.fileno())
        self.key = FileKey(0, 0) if self._status is None else FileKey(self._status.st_dev, self._status.st_ino)
        self._raw = _Counted(raw)

    @property
    def stored_bytes(self) -> int | None:
        """Its size as it is stored when it was opened, None where that is not known, or not before the first block."""
        if self._remote is not None:
            return self._remote.size
        return None if self._status is None else self._status.st_size

    @property
    def stored_bytes_read(self) -> int:
        """How many of the stored bytes have been read."""
        return self._raw.bytes_read

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the stream in blocks; raise InputError at the first damage."""
        try:
            yield from filter(None, self._unpacked(io.BufferedReader(self._raw, BLOCK_BYTES)))
        except _DAMAGE as error:
            why = _WHY.get(type(error), f"is damaged ({error})")
            raise InputError(f"{shown(self.path)} {why}; everything before that was counted") from error
        except OSError as error:
            if error.errno is None:  # what bz2 raises for bad data
                why = f"is damaged ({error}); everything before that was counted"
                raise InputError(f"{shown(self.path)} {why}") from error
            raise InputError(f"{shown(self.path)} cannot be read: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path != STDIN:
            self._raw.close()

    def _unpacked(self, stored: io.BufferedReader) -> Iterator[bytes]:
        head = stored.peek(_LONGEST_MAGIC)
        for magic, unpack in _UNPACKERS:
            if head.startswith(magic):
                return unpack(stored)
        self.is_plain = True
        return iter(partial(stored.read1, BLOCK_BYTES), b"")


def stored_span(path: str, start: int, length: int) -> bytes:
    """Return up to `length` bytes of a file or of what is behind a URL, as stored; raise InputError."""
    if is_url(path):
        with io.BufferedReader(_remote_file(path, start)) as remote:
            return remote.read(length)
    with _open(path) as stored:
        stored.seek(start)
        return stored.read(length)


class _Counted(io.RawIOBase):
    """A file that knows how much of it has been read, ahead of what a decompressor has handed out."""

    def __init__(self, raw: IO[bytes] | RemoteFile) -> None:
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


def _remote_file(url: str, offset: int = 0) -> RemoteFile:
    from logship.read.remote import RemoteFile

    return RemoteFile(url, offset)
