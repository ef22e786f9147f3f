"""Of a damaged archive everything before the damage is counted, the rest is said, and the answer is no."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from packers import zstd

from logship.cli.main import main
from logship.config import Config
from logship.replay import plan, replay

LINE = b'{"message":"HTTP Request","method":"GET","url":"/a/%d","status":200,"duration":%d}\n'
LOG = b"".join(LINE % (number, number * 7919 % 1000) for number in range(20_000))


@pytest.mark.parametrize(
    ("compress", "why"),
    [
        (gzip.compress, "ends too early"),
        (bz2.compress, "ends too early"),
        (lzma.compress, "ends too early"),
        (zstd.compress, "ends too early"),
    ],
)
def test_an_archive_that_ends_too_early_is_counted_so_far(
    tmp_path: Path, compress: Callable[[bytes], bytes], why: str
) -> None:
    packed = compress(LOG)
    path = tmp_path / "combined.log.packed"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    result = replay(plan([str(path)]), Config(), lambda _more: None)
    assert result.damage == (f"{path} {why}; everything before that was counted",)
    assert 0 < result.tally.requests < 20_000
    assert result.tally.lines == result.tally.requests


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_an_archive_with_wrong_bytes_inside_is_counted_so_far(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    packed = bytearray(compress(LOG))
    for at in range(len(packed) // 2, len(packed) // 2 + 64):
        packed[at] ^= 0xA5
    path = tmp_path / "combined.log.packed"
    path.write_bytes(packed)
    result = replay(plan([str(path)]), Config(), lambda _more: None)
    (damage,) = result.damage
    assert damage.startswith(f"{path} ")
    assert damage.endswith("; everything before that was counted")
    assert "\n" not in damage


def test_what_is_sound_is_counted_beside_what_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_bytes(LOG[: LOG.index(b"\n") + 1])
    Path("b.log.gz").write_bytes(gzip.compress(b"")[:5])
    Path("c.log").write_bytes(LOG[: LOG.index(b"\n") + 1])
    assert main(["replay", "a.log", "b.log.gz", "c.log", "--output", "json", "--allow-duplicates"]) == 1
    out, err = capfd.readouterr()
    report = json.loads(out)
    assert report["lines"]["request"] == 2
    assert report["damage"] == ["b.log.gz ends too early; everything before that was counted"]
    assert err == "logship: b.log.gz ends too early; everything before that was counted\n"


def test_a_last_line_without_a_newline_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes((LINE * 2 % (1, 1, 2, 2)).rstrip(b"\n"))
    tally = replay(plan([str(path)]), Config(), lambda _more: None).tally
    assert (tally.requests, tally.read_bytes) == (2, path.stat().st_size)


def test_lines_over_the_limit_are_rejected_and_add_up(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(LINE % (1, 1) + b"x" * 3_000_000 + b"\n" + LINE % (2, 2) + b"y" * 2_000_000)
    tally = replay(plan([str(path)]), Config(), lambda _more: None).tally
    assert (tally.requests, dict(tally.rejected), tally.lines) == (2, {"too_long": 2}, 4)
    assert tally.read_bytes == path.stat().st_size


def test_a_file_that_vanishes_after_planning_is_damage(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LINE % (1, 1))
    (tmp_path / "b.log").write_bytes(LINE % (1, 1))
    planned = plan([str(tmp_path)])
    (tmp_path / "a.log").unlink()
    result = replay(planned, Config(), lambda _more: None)
    assert result.tally.requests == 1
    assert "a.log cannot be read: No such file" in result.damage[0]
