"""The rest of a generation is found in an archive at any offset, and in no other archive."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packers import PACKERS
from words import write

from logship.errors import InputError
from logship.model import FileKey, Position
from logship.read.archive import BLOCK_BYTES
from logship.read.identity import HEAD_BYTES, MARKER_BYTES, excerpt
from logship.read.siblings import MAX_SIBLINGS, Neighbourhood, rest_of

TEXT = b"".join(b"line %d %s\n" % (number, b"x" * (number % 90)) for number in range(4000))

every_kind = pytest.mark.parametrize("kind", PACKERS)


def at(offset: int, content: bytes = TEXT) -> Position:
    counted = content[:offset]
    head, marker = excerpt(counted[:HEAD_BYTES]), excerpt(counted[max(0, offset - MARKER_BYTES) :])
    return Position("combined.log", FileKey(1, 2), offset, len(content), head, marker)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("archives")
    paths = {kind: directory / f"combined.log.1.{kind}" for kind in PACKERS}
    for kind, path in paths.items():
        path.write_bytes(PACKERS[kind](TEXT))
    return paths


def assert_rest(position: Position, path: Path, content: bytes = TEXT) -> None:
    rest = rest_of(position, str(path))
    assert rest is not None
    assert rest.head == content[: position.head.length]
    assert rest.marker == content[: position.offset][-MARKER_BYTES:]
    assert b"".join(rest.blocks) == content[position.offset :]


@every_kind
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(1, len(TEXT)))
def test_the_rest_behind_any_offset_comes_out(archives: dict[str, Path], kind: str, offset: int) -> None:
    assert_rest(at(offset), archives[kind])


@every_kind
@pytest.mark.parametrize(
    "offset",
    [
        1,
        HEAD_BYTES,
        BLOCK_BYTES - 1,
        BLOCK_BYTES,
        BLOCK_BYTES + 1,
        BLOCK_BYTES + MARKER_BYTES,
        2 * BLOCK_BYTES,
        len(TEXT),
    ],
)
def test_the_rest_behind_the_edge_of_a_block_comes_out(archives: dict[str, Path], kind: str, offset: int) -> None:
    assert_rest(at(offset), archives[kind])


@every_kind
def test_an_archive_that_was_counted_to_its_end_has_an_empty_rest(archives: dict[str, Path], kind: str) -> None:
    rest = rest_of(at(len(TEXT)), str(archives[kind]))
    assert rest is not None
    assert list(rest.blocks) == []


@every_kind
@pytest.mark.parametrize(
    "other",
    [b"y" + TEXT[1:], TEXT[:2000] + b"y" + TEXT[2001:], TEXT[:1999], b"", TEXT[:100] + TEXT],
    ids=["other head", "other marker", "too short", "empty", "shifted"],
)
def test_the_archive_of_another_file_is_none_of_it(tmp_path: Path, kind: str, other: bytes) -> None:
    path = tmp_path / f"other.{kind}"
    path.write_bytes(PACKERS[kind](other))
    assert rest_of(at(2001), str(path)) is None


@every_kind
def test_members_one_after_the_other_are_one_generation(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"combined.log.1.{kind}"
    parts = (TEXT[:1000], TEXT[1000:70_000], TEXT[70_000:])
    path.write_bytes(b"".join(map(PACKERS[kind], parts)))
    for offset in (1, 999, 1000, 1001, 70_000, len(TEXT)):
        assert_rest(at(offset), path)


@every_kind
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_archive_gives_what_it_has_and_then_tells(
    archives: dict[str, Path], tmp_path: Path, kind: str, share: float
) -> None:
    stored = archives[kind].read_bytes()
    path = tmp_path / f"combined.log.1.{kind}"
    path.write_bytes(stored[: int(len(stored) * share)])
    got = bytearray()

    def read_on() -> None:
        rest = rest_of(at(500), str(path))
        assert rest is not None
        for block in rest.blocks:
            got.extend(block)

    with pytest.raises(InputError, match="ends too early"):
        read_on()
    assert TEXT[500:].startswith(bytes(got))


def test_an_archive_is_closed_when_it_is_another_or_read_or_not_wanted(
    archives: dict[str, Path], tmp_path: Path
) -> None:
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    truncated = tmp_path / "truncated.gz"
    truncated.write_bytes(archives["gz"].read_bytes()[:30])
    with pytest.raises(InputError):
        rest_of(at(500), str(truncated))
    assert rest_of(at(3, b"one"), str(archives["gz"])) is None
    assert_rest(at(500), archives["gz"])
    rest = rest_of(at(500), str(archives["gz"]))
    assert rest is not None
    rest.close()
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_files_beside_are_told_apart_by_their_bytes_newest_first(tmp_path: Path) -> None:
    write(tmp_path / "combined.log", "one")
    write(tmp_path / "plain.gz", "not compressed, whatever its name says")
    (tmp_path / "packed").write_bytes(gzip.compress(b"two"))
    (tmp_path / ".hidden").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    os.utime(tmp_path / "combined.log", ns=(0, 0))
    siblings = Neighbourhood().of(str(tmp_path))
    assert siblings is not None
    assert [Path(each.path).name for each in siblings.plain] == ["plain.gz", "combined.log"]
    assert [Path(each.path).name for each in siblings.compressed] == ["packed"]


def test_a_directory_that_is_not_there_has_no_answer(tmp_path: Path) -> None:
    assert Neighbourhood().of(str(tmp_path / "missing")) is None


def test_a_flood_of_files_beside_is_bounded(tmp_path: Path) -> None:
    for number in range(MAX_SIBLINGS + 10):
        (tmp_path / str(number)).touch()
    os.utime(tmp_path / "7", ns=(0, 0))
    siblings = Neighbourhood().of(str(tmp_path))
    assert siblings is not None
    assert len(siblings.plain) == MAX_SIBLINGS
    assert str(tmp_path / "7") not in {each.path for each in siblings.plain}, "the oldest are left out"
