"""Rotated files in which the rest of a log could not be found are told, others are not."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
from words import powerless, request, write

from logship.config import Config, Source
from logship.doctor import siblings
from logship.doctor.access import Identity
from logship.doctor.files import survey
from logship.doctor.finding import Finding, Severity
from logship.doctor.siblings import examine_siblings

STRANGER = Identity(4711, frozenset({4711}))
LZ4 = b"\x04\x22\x4d\x18" + b"packed"


def findings(directory: Path, tailer: Identity | None = None) -> list[Finding]:
    return list(examine_siblings(survey(Config(sources=(Source(paths=(f"{directory}/*.log",)),))), tailer))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    write(tmp_path / "app.log", request())
    return tmp_path / "app.log"


@pytest.mark.parametrize("name", ["app.log.1.lz4", "app.log-20261123.lz4", "app-20261123.log.lz4", "app.log.lz4"])
def test_what_is_packed_so_that_nobody_can_search_it_is_told_with_a_remedy(log: Path, name: str) -> None:
    (log.parent / name).write_bytes(LZ4)
    (found,) = findings(log.parent)
    assert (found.check, found.severity, found.promises) == ("files.siblings", Severity.WARNING, ("P1",))
    assert f"1 rotated file, such as {log.parent}/{name}, is packed as lz4" in found.says
    assert "gzip" in (found.remedy or "")


def test_what_is_packed_and_meant_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(LZ4)
    assert "packed as lz4" in findings(tmp_path)[0].says


def test_what_can_be_searched_and_what_belongs_to_others_is_not_told(log: Path) -> None:
    log.with_name("app.log.1").write_text(request())
    log.with_name("app.log.2.gz").write_bytes(gzip.compress(request().encode()))
    log.with_name("app.log.3.xz").write_bytes(lzma.compress(request().encode()))
    log.with_name("backup.lz4").write_bytes(LZ4)
    log.with_name(".app.log.1.lz4").write_bytes(LZ4)
    assert findings(log.parent) == []


def test_rotated_files_that_the_tailer_may_not_read_are_told() -> None:
    with powerless() as directory:
        write(directory / "app.log", request())
        for number in (1, 2):
            rotated = directory / f"app.log.{number}"
            rotated.write_text(request())
            rotated.chmod(0o600)
        found = findings(directory, STRANGER)[0]
        assert "2 rotated files" in found.says
        assert "user 4711" in found.says
        assert (found.remedy or "").startswith("setfacl -m u:4711:")


def test_a_directory_with_more_files_than_are_searched_is_told(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siblings, "MAX_SIBLINGS", 3)
    for number in range(3):
        log.with_name(f"app.log.{number}").write_text(request())
    (found,) = findings(log.parent)
    assert (found.severity, found.subject) == (Severity.NOTE, str(log.parent))
    assert found.says.startswith("4 files are there")
