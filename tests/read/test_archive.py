"""Everything that can be read of an archive comes out, then the damage is named; memory is bounded by the block."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tracemalloc
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packers import PACKERS, zstd

from logship.errors import InputError
from logship.read import STDIN, Archive
from logship.read.archive import BLOCK_BYTES, _gunzip, is_compressed_head

Pack = Callable[[bytes], bytes]

KINDS: dict[str, Pack] = {"plain": bytes, **PACKERS}
MAGIC_BYTES = 6
HELD_BACK = {"gz": 258}
"""ISA-L may hold back the last symbol before the end of what there is: one is 258 bytes at most (RFC 1951, 3.2.5)."""

every_kind = pytest.mark.parametrize("kind", KINDS)
every_packed_kind = pytest.mark.parametrize("kind", PACKERS)

TEXT = b"".join(b'{"message":"HTTP Request","duration":%d}\n' % number for number in range(12_000))
PACKED_TEXT = {kind: pack(TEXT) for kind, pack in KINDS.items()}


def read(path: Path) -> bytes:
    archive = Archive(str(path))
    try:
        return b"".join(archive.blocks())
    finally:
        archive.close()


def read_to_the_damage(path: Path) -> tuple[bytes, str]:
    """Return what came out before the error, and its message."""
    archive = Archive(str(path))
    got = bytearray()
    with pytest.raises(InputError) as error:
        deque(map(got.extend, archive.blocks()))
    archive.close()
    return bytes(got), str(error.value)


def salvageable(kind: str, stored: bytes) -> bytes:
    """Return what a decompressor makes of the beginning of a stream."""
    if kind == "gz":
        return zlib.decompressobj(wbits=31).decompress(stored)
    new = {"zst": zstd.ZstdDecompressor, "bz2": bz2.BZ2Decompressor, "xz": lzma.LZMADecompressor}[kind]
    return bytes(new().decompress(stored))


def test_without_isa_l_gzip_is_read_all_the_same() -> None:
    members = gzip.compress(TEXT) + bytes(8) + gzip.compress(b"more\n")
    assert b"".join(_gunzip(io.BufferedReader(io.BytesIO(members)))) == TEXT + b"more\n"


@every_kind
def test_what_was_written_comes_out_in_bounded_blocks(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"combined.log.{kind}"
    path.write_bytes(KINDS[kind](TEXT))
    archive = Archive(str(path))
    blocks = list(archive.blocks())
    assert b"".join(blocks) == TEXT
    assert all(0 < len(block) <= BLOCK_BYTES for block in blocks)
    assert archive.stored_bytes_read == path.stat().st_size
    archive.close()


@every_kind
def test_an_empty_archive_has_no_blocks(tmp_path: Path, kind: str) -> None:
    (tmp_path / "log").write_bytes(KINDS[kind](b""))
    assert read(tmp_path / "log") == b""


@every_kind
def test_members_one_after_the_other_are_one_stream(tmp_path: Path, kind: str) -> None:
    pack = KINDS[kind]
    (tmp_path / "log").write_bytes(pack(b"one\n") + pack(b"") + pack(TEXT) + pack(b"half") + pack(b" a line\n"))
    assert read(tmp_path / "log") == b"one\n" + TEXT + b"half a line\n"


@every_packed_kind
def test_padding_with_nuls_between_and_behind_members_is_no_damage(tmp_path: Path, kind: str) -> None:
    pack = KINDS[kind]
    (tmp_path / "log").write_bytes(pack(b"one\n") + bytes(8) + pack(b"two\n") + bytes(3 * BLOCK_BYTES))
    assert read(tmp_path / "log") == b"one\ntwo\n"


def test_frames_that_zstandard_skips_are_skipped(tmp_path: Path) -> None:
    """Pzstd begins with one, the seekable format ends with one."""
    skipped, other = (magic + b"\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"size" for magic in (b"\x50", b"\x5e"))
    (tmp_path / "log").write_bytes(skipped + zstd.compress(b"one\n") + other + zstd.compress(b"two\n") + skipped)
    assert read(tmp_path / "log") == b"one\ntwo\n"


@every_kind
@pytest.mark.parametrize("name", ["combined.log", "combined.log.gz", "combined.log.zst", "combined.bz2", "combined.xz"])
def test_a_name_says_nothing_about_the_content(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(KINDS[kind](TEXT))
    assert read(tmp_path / name) == TEXT


@every_packed_kind
@settings(max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_of_a_truncated_archive_everything_readable_comes_out(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float
) -> None:
    whole = PACKED_TEXT[kind]
    length = MAGIC_BYTES + int(share * (len(whole) - MAGIC_BYTES))
    path = tmp_path_factory.getbasetemp() / "truncated"
    path.write_bytes(whole[:length])
    got, message = read_to_the_damage(path)
    assert TEXT.startswith(got)
    assert 0 <= len(salvageable(kind, whole[:length])) - len(got) <= HELD_BACK.get(kind, 0)
    assert message == f"{path} ends too early; everything before that was counted"


@every_packed_kind
@settings(max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_last_member_keeps_all_of_the_first(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float
) -> None:
    first, second = KINDS[kind](b"first\n"), PACKED_TEXT[kind]
    path = tmp_path_factory.getbasetemp() / "truncated"
    path.write_bytes(first + second[: MAGIC_BYTES + int(share * (len(second) - MAGIC_BYTES))])
    got, message = read_to_the_damage(path)
    assert got.startswith(b"first\n")
    assert (b"first\n" + TEXT).startswith(got)
    assert "ends too early" in message


@every_packed_kind
@settings(max_examples=40)
@given(share=st.floats(0.3, 0.9), flip=st.integers(1, 255))
def test_damage_is_named_or_harmless_and_never_made_up(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float, flip: int
) -> None:
    """Formats with a checksum per block or stream notice; what was handed out before may hold the damaged block."""
    stored = bytearray(PACKED_TEXT[kind])
    stored[int(share * len(stored))] ^= flip
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(stored)
    try:
        assert read(path) == TEXT or kind == "zst", "zstandard has a checksum only when asked for one"
    except InputError:
        _, message = read_to_the_damage(path)
        assert message.startswith(f"{path} ")
        assert message.endswith("; everything before that was counted")


@every_packed_kind
@pytest.mark.parametrize("garbage", [b"garbage", b"\n", b"{}\n" * 10, b"\x00\x01"])
def test_garbage_behind_the_last_member_is_named_after_everything_came_out(
    tmp_path: Path, kind: str, garbage: bytes
) -> None:
    """It may be another member, damaged: were it taken for the end, its lines would be lost without a word."""
    path = tmp_path / "log"
    path.write_bytes(KINDS[kind](TEXT) + garbage)
    got, message = read_to_the_damage(path)
    assert got == TEXT
    assert message == f"{path} has trailing garbage, or a damaged member; everything before that was counted"


@every_packed_kind
def test_a_damaged_second_member_does_not_hide_what_stands_behind_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    second = bytearray(KINDS[kind](TEXT))
    second[0] ^= 0xFF
    path.write_bytes(KINDS[kind](b"first\n") + second)
    got, message = read_to_the_damage(path)
    assert got == b"first\n"
    assert message == f"{path} has trailing garbage, or a damaged member; everything before that was counted"


@every_packed_kind
def test_a_head_tells_a_compressed_file(kind: str) -> None:
    assert is_compressed_head(KINDS[kind](b"")[:8])
    assert not is_compressed_head(TEXT[:8])
    assert not is_compressed_head(b"")


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.gz cannot be read: No such file or directory"):
        Archive(str(tmp_path / "missing.gz"))


def test_a_directory_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        Archive(str(tmp_path))


@pytest.fixture
def replaced_stdin() -> Iterator[Callable[[bytes], None]]:
    """Return a function that puts bytes on standard input; it must be open in the end."""
    before = sys.stdin

    def put(stored: bytes) -> None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(stored)))

    yield put
    replaced, sys.stdin = sys.stdin, before
    assert replaced is before or not replaced.buffer.closed


@every_kind
def test_standard_input_stays_open(replaced_stdin: Callable[[bytes], None], kind: str) -> None:
    replaced_stdin(KINDS[kind](TEXT))
    archive = Archive(STDIN)
    assert b"".join(archive.blocks()) == TEXT
    archive.close()
    del archive
    Archive(STDIN)


_CAT = "import sys; from logship.read import Archive; sys.stdout.buffer.writelines(Archive('-').blocks())"


@every_kind
def test_standard_input_is_read_from_a_pipe(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CAT], input=KINDS[kind](TEXT), capture_output=True, check=True, timeout=30
    )
    assert done.stdout == TEXT
    assert done.stderr == b""


def _repeated(kind: str, block: bytes, times: int) -> bytes:
    """Return a stream of `times` blocks, made in the memory of one."""
    if kind == "gz":
        deflate = zlib.compressobj(1, wbits=31)
        return b"".join([*(deflate.compress(block) for _ in range(times)), deflate.flush()])
    new: dict[str, Callable[[], zstd.ZstdCompressor | bz2.BZ2Compressor | lzma.LZMACompressor]] = {
        "zst": zstd.ZstdCompressor,
        "bz2": lambda: bz2.BZ2Compressor(1),
        "xz": lambda: lzma.LZMACompressor(preset=0),
    }
    compressor = new[kind]()
    return b"".join([*(compressor.compress(block) for _ in range(times)), compressor.flush()])


@every_packed_kind
def test_a_stream_that_grows_a_thousandfold_stays_in_bounded_memory(tmp_path: Path, kind: str) -> None:
    block = b"0" * (1 << 20)
    (tmp_path / "bomb").write_bytes(_repeated(kind, block, 200))
    archive = Archive(str(tmp_path / "bomb"))
    size = 0
    tracemalloc.start()
    try:
        for each in archive.blocks():
            size += len(each)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        archive.close()
    assert size == 200 << 20
    assert peak < 4 << 20


def test_an_unreadable_archive_gives_back_its_descriptor(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(gzip.compress(TEXT)[:500])
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    read_to_the_damage(tmp_path / "log")
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
