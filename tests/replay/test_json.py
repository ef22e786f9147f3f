"""The JSON of a replay is as its schema says, and the document explains every key of that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from logship.cli import explain
from logship.cli.main import main
from logship.cli.replay import COLUMNS, SORTS, command
from logship.replay import ORDERS
from logship.replay.summary import COLUMNS as SUMMARY_COLUMNS

ROOT = Path(__file__).parent.parent.parent
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/replay.schema.json").read_text("utf-8"))
DOCUMENT = (ROOT / "docs/replay-json.md").read_text("utf-8")
GOLDEN = sorted((ROOT / "tests/golden").glob("*.yml"))

LINE = '{"timestamp":"2026-11-23T%02d:00:00Z","message":"HTTP Request","method":"GET","url":"/","status":%d%s}\n'


def validate(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(found)
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda path: path.stem)
def test_golden_logs_give_what_the_schema_allows(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    files = yaml.safe_load(case.read_text("utf-8"))["files"]
    for name, lines in files.items():
        (tmp_path / name).write_text(lines, encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    config = ["--config", "logship.yml"] if "logship.yml" in files else []
    assert main(["replay", *(name for name in files if name.endswith("log")), *config, "--output", "json"]) in {0, 1}
    validate(capfd.readouterr().out)


def test_a_comparison_with_gaps_is_what_the_schema_allows(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    now, before = tmp_path / "now.log", tmp_path / "before.log"
    now.write_text("".join(LINE % (1, 200, "") for _ in range(20)) + LINE % (20, 500, ',"duration":5'))
    before.write_text("")
    assert main(["replay", str(now), "--against", str(before), "--output", "json"]) == 0
    found = validate(capfd.readouterr().out)
    assert len(found["gaps"]) == len(found["changes"]) == 1
    assert found["against"]["total"] is None


def keys_of(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for below in schema.values():
            yield from keys_of(below)


def test_every_key_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"`([a-z_0-9]+)`", DOCUMENT))
    assert set(keys_of(SCHEMA)) <= explained
    rows = re.findall(r"^\| (`.*?`) \|", DOCUMENT, re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`([a-z_0-9]+)`", row)} <= set(keys_of(SCHEMA))


def test_the_command_can_sort_by_what_there_is() -> None:
    assert set(SORTS) == set(ORDERS)
    assert COLUMNS == SUMMARY_COLUMNS


def test_every_option_is_in_the_documents() -> None:
    documents = "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    shared = {name for option in explain.command.params for name in option.opts}
    options = {name for option in command.params for name in option.opts} - shared - {"paths"}
    assert {name for name in options if name not in documents} == set()
