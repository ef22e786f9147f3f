"""The schema for editors takes what `load` takes, and refuses what has another shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from logship.config.schema_json import schema_json

ROOT = Path(__file__).parent.parent.parent
TESTDATA = Path(__file__).parent / "testdata"
GOOD = [*sorted(TESTDATA.glob("*.good.yml")), ROOT / "configs/logship.yml"]
MISSHAPEN = [
    path
    for path in sorted(TESTDATA.glob("*.bad.yml"))
    if not path.name.startswith("alias-")  # an editor may look at all that they stand for
    and any(words in path.read_text("utf-8").partition("\n")[0] for words in ("unknown key", "expected `", "a mapping"))
]


@pytest.fixture(scope="module", name="validator")
def _validator() -> jsonschema.Draft202012Validator:
    schema = schema_json()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_file_is_valid(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(yaml.safe_load(path.read_text("utf-8")))


@pytest.mark.parametrize("path", MISSHAPEN, ids=lambda path: path.name)
def test_a_file_of_another_shape_is_not(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    assert not validator.is_valid(yaml.safe_load(path.read_text("utf-8")))


def test_there_are_files_of_another_shape() -> None:
    assert len(MISSHAPEN) > 10


@pytest.mark.parametrize("value", ["poll_seconds: ${POLL:-0.5}", "state: {recovery: '${RECOVERY}'}", "sources: []"])
def test_variables_stand_for_any_value(value: str, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(yaml.safe_load(value))


def test_every_key_is_described_or_leads_to_keys_that_are() -> None:
    schema = schema_json()
    kinds: list[dict[str, Any]] = [schema, *schema["$defs"].values()]
    bare = {
        (kind["title"], name)
        for kind in kinds
        for name, each in kind["properties"].items()
        if "description" not in each and "$ref" not in each
    }
    assert {title for title, _ in bare} <= {"ConditionOptions"}
    assert all("\n" not in each.get("description", "") for kind in kinds for each in kind["properties"].values())
