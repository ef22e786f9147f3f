"""Which files can be read, and why not: real files, real permissions, pipes that nobody writes to."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from words import powerless, request, write

from logship.config import Config, Source
from logship.doctor.access import Identity
from logship.doctor.files import examine_files, survey
from logship.doctor.finding import Finding, Severity

NOBODY_ELSE = None


def config(*paths: Path | str) -> Config:
    return Config(sources=(Source(paths=tuple(map(str, paths))),))


def findings(wanted: Config, tailer: Identity | None = NOBODY_ELSE) -> list[Finding]:
    return list(examine_files(wanted, survey(wanted), tailer))


def of(found: Iterable[Finding], check: str) -> Finding:
    (one,) = [each for each in found if each.check == check]
    return one


def test_files_that_can_be_read_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.log", request())
    write(tmp_path / "b.log", request())
    (found,) = findings(config(tmp_path / "*.log"))
    assert (found.check, found.severity) == ("files.readable", Severity.OK)
    assert found.says.startswith("2 files can be read")


def test_no_file_at_all_is_critical_and_says_from_where_it_was_looked(tmp_path: Path) -> None:
    found = of(findings(config(tmp_path / "*.log")), "files.found")
    assert (found.severity, found.promises) == (Severity.CRITICAL, ("P1",))
    assert str(Path.cwd()) in found.says


def test_a_pipe_is_told_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    found = of(findings(config(tmp_path / "a.log")), "files.readable")
    assert found.severity is Severity.WARNING
    assert "pipe" in found.says


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to("gone")
    assert "leads nowhere" in of(findings(config(tmp_path / "a.log")), "files.readable").says


def test_an_archive_is_for_replay(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(request().encode()))
    found = of(findings(config(tmp_path / "*.gz")), "files.compressed")
    assert found.remedy == f"logship replay {tmp_path}/a.log.gz"


@pytest.mark.parametrize("mode", [0o000, 0o040, 0o200])
def test_a_file_that_may_not_be_read_is_critical_with_mode_owner_and_command(mode: int) -> None:
    with powerless() as directory:
        log = directory / "a.log"
        log.touch()
        log.chmod(mode)
        found = of(findings(config(log)), "files.readable")
        assert (found.severity, found.subject) == (Severity.CRITICAL, str(log))
        assert f"mode {mode:04o} and belongs to {os.geteuid()}:" in found.says
        assert found.remedy == f"setfacl -m u:{os.geteuid()}:r {log}"


def test_a_file_that_only_the_tailer_may_read_is_good_to_know() -> None:
    with powerless() as directory:
        log = directory / "a.log"
        log.touch(mode=0o000)
        found = of(findings(config(log), Identity(0, frozenset({0}), reads_all=True)), "files.readable")
        assert found.severity is Severity.NOTE
        assert "the tailer, user 0, may read it" in found.says


def test_the_closed_directory_above_is_named_not_the_file() -> None:
    with powerless() as directory:
        inside = directory / "closed" / "a.log"
        inside.parent.mkdir()
        inside.touch()
        inside.parent.chmod(0o600)
        found = [each for each in findings(config(inside.parent)) if each.severity is Severity.CRITICAL]
        inside.parent.chmod(0o700)
        assert str(inside.parent) in {each.subject for each in found}
        assert "P1" in found[0].promises


def test_what_the_tailer_may_not_read_is_told_even_if_who_asks_may(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.touch(mode=0o600)
    stranger = Identity(4711, frozenset({4711}))
    found = [each for each in findings(config(log), stranger) if each.check == "files.tailer"]
    assert [each.severity for each in found] == [Severity.CRITICAL]
    assert "user 4711" in found[0].says
    assert (found[0].remedy or "").startswith("setfacl -m u:4711:")


def test_many_of_the_same_trouble_are_counted_not_listed(tmp_path: Path) -> None:
    for number in range(20):
        os.mkfifo(tmp_path / f"{number}.log")
    found = [each for each in findings(config(tmp_path / "*.log")) if each.check == "files.readable"]
    assert len(found) == 6
    assert found[-1].says == "and 15 more files like these"


def test_error_logs_beside_combined_logs_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("combined.log", "error.log"):
        write(tmp_path / name, request())
    assert [Path(each.path).name for each in survey(config(tmp_path)).files] == ["combined.log"]
