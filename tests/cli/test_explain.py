"""`logship explain` and `logship check` as their users meet them, the examples of the documents among them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from logship.cli.main import main

DOCUMENT = (Path(__file__).parent.parent.parent / "docs/explain.md").read_text(encoding="utf-8")
SECRET = "s3cret"  # noqa: S105 - looked for in what is shown
REQUEST = '{"level":"info","message":"HTTP Request","method":"GET","url":"%s","status":200,"duration":33}\n'


@pytest.fixture(autouse=True)
def _in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()


def wrapped(text: str) -> str:
    return json.dumps({"log": text, "stream": "stdout"}, separators=(",", ":")) + "\n"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    return capsys.readouterr().out


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output(capsys, "explain", "--output", "json", *arguments).splitlines()]


def test_the_documented_example_of_explain_is_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (log,) = blocks("json")
    Path("logs/combined.log").write_text(log)
    command, _, expected = blocks("console")[0].partition("\n")
    assert command == "$ logship explain logs/combined.log"
    assert output(capsys, "explain", "logs/combined.log") == expected


def test_the_documented_cases_come_out_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    Path("logs/combined.log").touch()
    for block in blocks("yaml"):
        name, _, text = block.removeprefix("# ").partition("\n")
        Path(name).write_text(text)
    command, _, expected = blocks("console")[-1].partition("\n")
    assert command == "$ logship check logship.yml --test cases.yml"
    assert output(capsys, "check", "logship.yml", "--test", "cases.yml", code=1) == expected


def test_no_secret_is_shown_unless_lines_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.log").write_text(
        REQUEST % f"/a?token={SECRET}&x={SECRET}"
        + REQUEST % f"https://user:{SECRET}@example.org/a?{SECRET}#{SECRET}"
        + (REQUEST % f"/a?token={SECRET}").replace("200", '"many"')
        + (REQUEST % "/a").replace('"url"', f'"route":"/r?x={SECRET}","url"')
    )
    for arguments in ([], ["--output", "json"]):
        assert SECRET not in output(capsys, "explain", "a.log", *arguments)
        assert SECRET in output(capsys, "explain", "a.log", "--show-lines", *arguments)


def test_the_summary_is_of_all_lines_whatever_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.log").write_text((REQUEST % "/a") * 30 + "x\n" + '{"message":"other"}\n' * 5)
    everything = explained(capsys, "a.log")
    assert len(everything) == 37
    assert everything[-1]["summary"]["lines"] == 36
    for arguments in (["--limit", "0"], ["--limit", "7"], ["--only", "rejected"], ["--only", "dropped"]):
        assert explained(capsys, "a.log", *arguments)[-1] == everything[-1]


@pytest.mark.parametrize("outcome", ["request", "not_request", "rejected"])
def test_only_lines_of_an_outcome_are_shown_with_their_numbers(
    outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.log").write_text((REQUEST % "/a") + "x\n" + '{"message":"other"}\n' + (REQUEST % "/b"))
    *shown, _ = explained(capsys, "a.log", "--only", outcome)
    assert [each["line"] for each in shown] == {"request": [1, 4], "not_request": [3], "rejected": [2]}[outcome]
    assert {each["outcome"] for each in shown} == {outcome}


def test_text_shows_twenty_lines_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.log").write_text((REQUEST % "/a") * 50)
    assert output(capsys, "explain", "a.log").count("a.log:") == 20
    assert output(capsys, "explain", "a.log", "--limit", "33").count("a.log:") == 33


def test_wrapped_lines_and_their_source_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    half = wrapped("{")
    rest = wrapped((REQUEST % "/a")[1:])
    Path("a.log").write_text(half + rest + "nothing of Docker's\n")
    Path("logship.yml").write_text("sources: [{paths: [a.log], wrap: docker, labels: {app: a}}]\n")
    first, second, summary = explained(capsys, "a.log", "--config", "logship.yml")
    assert (first["line"], first["outcome"], first["observations"][0]["labels"]["app"]) == (2, "request", "a")
    assert (second["line"], second["reason"]) == (3, "invalid_wrap")
    assert summary["summary"]["lines"] == 2


def test_values_of_labels_are_quoted_and_a_file_named_by_hand_is_told_from_those_that_are_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.log").write_text((REQUEST % r"/a\"b") + "\n")
    text = output(capsys, "explain", "a.log")
    assert r'route="/a\"b"' in text
    assert "source   none means the file; read as one of logs/combined*.log" in text


def test_a_line_over_the_limit_is_explained_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("logship.yml").write_text("follow: {max_line_bytes: 1024}\n")
    Path("a.log").write_text((REQUEST % "/a") + "x" * 5000 + "\n" + (REQUEST % "/b"))
    *lines, _ = explained(capsys, "a.log", "--config", "logship.yml")
    assert [(each["line"], each["reason"]) for each in lines] == [(1, None), (2, "too_long"), (3, None)]


def test_a_damaged_archive_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.log.gz").write_bytes(b"\x1f\x8b\x08 damaged")
    assert main(["explain", "a.log.gz"]) == 1
    assert "a.log.gz" in capsys.readouterr().err


def test_own_metrics_and_dropped_lines_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    Path("logship.yml").write_text(
        "metrics:\n"
        "  - {name: lessons_total, type: counter, match: {message: lesson}, labels: {grade: grade}}\n"
        "  - {name: took_seconds, type: histogram, match: {message: lesson}, value: {field: ms, unit: ms}}\n"
        "  - {name: left, type: gauge, match: {message: lesson}, value: left}\n"
        "drop: [{url: /healthz}]\n"
    )
    Path("a.log").write_text(REQUEST % "/healthz" + '{"message":"lesson","grade":3,"ms":700,"left":0}\n')
    dropped, lesson, _ = explained(capsys, "a.log", "--config", "logship.yml", "--format", "winston")
    assert (dropped["outcome"], dropped["observations"]) == ("dropped", [])
    assert lesson["observations"][1:] == [
        {"metric": "lessons_total", "labels": {"grade": "3"}, "value": 1},
        {"metric": "took_seconds", "labels": {}, "value": 0.7, "le": "1.0", "times": 1},
        {"metric": "left", "labels": {}, "value": 0.0},
    ]


def test_check_warns_on_stderr_and_is_strict_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("logship.yml").write_text("serve: {listen: ':9113'}\nsources: [{paths: [logs]}]\n")
    Path("logs/a.log").touch()
    assert main(["check", "logship.yml"]) == 0
    said = capsys.readouterr()
    assert said.out == "logship.yml: good; follows logs\n"
    assert said.err.startswith("logship: warning: logship.yml:1: serve.listen: :9113 is reached")
    assert main(["check", "logship.yml", "--strict"]) == 1
    Path("logship.yml").write_text("sources: [{paths: [logs]}]\n")
    assert main(["check", "logship.yml", "--strict"]) == 0


def test_check_prints_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(output(capsys, "check", "--schema"))["title"] == "Config"


def test_check_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert "no configuration file given" in capsys.readouterr().err
