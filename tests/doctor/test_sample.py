"""The ends of files, read as the tailer would: formats, rejects with their place, and nothing of what is in them."""

from __future__ import annotations

from pathlib import Path

from words import request, write, write_half

from logship.config import Config, Source
from logship.doctor.files import survey
from logship.doctor.finding import Finding, Severity
from logship.doctor.sample import MAX_SAMPLED, TAIL_BYTES, Sampled, examine_lines, sample
from logship.explain.reasons import WHY
from logship.model import Reason

AMBIGUOUS = '{"method":"GET","url":"/a","status":200,"duration":12}'


def sampled(*paths: Path, **source: str) -> list[Sampled]:
    config = Config(sources=(Source(paths=tuple(map(str, paths)), **source),))  # type: ignore[arg-type]
    return sample(config, survey(config), lambda: 0.0)


def findings(*paths: Path, **source: str) -> list[Finding]:
    return list(examine_lines(sampled(*paths, **source), len(paths), WHY))


def test_format_requests_and_the_newest_time_are_found(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, request(), request(), '{"level":"info","message":"started"}')
    (found,) = sampled(log)
    assert (found.format, found.lines, found.requests) == ("winston", 3, 2)
    assert found.newest is not None
    (said,) = findings(log)
    assert said.severity is Severity.OK
    assert said.says == "3 lines at the ends of 1 of 1 file: 2 requests; winston (1 file)"


def test_a_reject_has_its_reason_and_its_place_and_shows_nothing_of_the_line(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, request(), '{"secret":"hunter2"', request())
    found = next(each for each in findings(log) if each.check == "lines.rejected")
    assert (found.severity, found.promises) == (Severity.WARNING, ("P4", "P7"))
    assert f"byte {len(request()) + 1}" in found.says
    assert "invalid_json" in found.says
    assert WHY[Reason.INVALID_JSON] in found.says
    assert found.remedy == f"logship explain {log} --only rejected"
    assert "hunter2" not in str(findings(log))


def test_a_torn_line_among_hundreds_is_only_a_note(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, *[request("/a")] * 120, "half a li")
    found = next(each for each in findings(log) if each.check == "lines.rejected")
    assert found.severity is Severity.NOTE


def test_formats_that_claim_a_line_together_are_named(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, AMBIGUOUS)
    found = next(each for each in findings(log) if each.check == "lines.format" and each.severity is Severity.WARNING)
    assert "several formats" in found.says
    assert "--format" in (found.remedy or "")


def test_lines_that_a_container_runtime_wrapped_are_told_until_that_is_named(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, f"2026-11-23T06:41:58.765Z stdout F {request()}")
    assert any("--wrap" in each.says for each in findings(log))
    assert [each.severity for each in findings(log, wrap="cri")] == [Severity.OK]


def test_only_the_end_of_a_file_is_read_from_a_whole_line_on(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, "no JSON at all", *[request("/a")] * 1000)
    write_half(log, request()[:20])
    (found,) = sampled(log)
    assert not found.rejected
    assert 0 < found.lines <= TAIL_BYTES // len(request("/a"))


def test_a_line_longer_than_the_sample_is_said(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, "x" * (2 * TAIL_BYTES))
    write_half(log, "y" * TAIL_BYTES)
    assert [each.check for each in findings(log)] == ["lines.whole"]


def test_a_log_without_requests_is_worth_a_note(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, '{"level":"info","message":"started"}')
    assert "lines.requests" in [each.check for each in findings(log)]


def test_of_many_files_some_are_read(tmp_path: Path) -> None:
    for number in range(MAX_SAMPLED + 5):
        write(tmp_path / f"{number}.log", request())
    assert len(sampled(tmp_path)) == MAX_SAMPLED
