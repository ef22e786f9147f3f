"""Environment variables stand in the values of a configuration, as text or, without quotes, as what they look like."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from logship.config import load
from logship.config.environment import substitute
from logship.errors import ConfigError


def values(text: str, **environ: str) -> object:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    substitute(root, environ)
    return yaml.SafeLoader("").construct_document(root)


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "a: ${N}": {"a": 7},
        "a: '${N}'": {"a": "7"},
        'a: "${N}"': {"a": "7"},
        "a: x${N}y${N}": {"a": "x7y7"},
        "a: ['${N}', 1]": {"a": ["7", 1]},
        "a: ${MISSING:-0.5}": {"a": 0.5},
        "a: ${MISSING:-}": {"a": None},
        "a: '${MISSING:-}'": {"a": ""},
        "a: ${EMPTY:-set}": {"a": None},
        "a: $${N}": {"a": "${N}"},
        "a: ^/api/$": {"a": "^/api/$"},
        "a: $N": {"a": "$N"},
        "a: ${not a name}": {"a": "${not a name}"},
        "${N}: key": {"${N}": "key"},
        "a: ${YAML}": {"a": "[1, 2]"},
        "a: &x ${N}\nb: *x": {"a": 7, "b": 7},
    }.items(),
)
def test_variables_are_replaced_in_values(text: str, expected: object) -> None:
    assert values(text, N="7", EMPTY="", YAML="[1, 2]") == expected


def test_a_variable_that_is_not_set_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "logship.yml"
    file.write_text("# first\nstate:\n  file: ${STATE_DIR}/state.db\n")
    with pytest.raises(ConfigError, match=r"logship\.yml:3: environment variable STATE_DIR is not set; set it, or"):
        load(str(file), {})
    assert load(str(file), {"STATE_DIR": "/var/lib/logship"}).state.file == "/var/lib/logship/state.db"
