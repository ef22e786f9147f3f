"""The configuration as a JSON Schema, for editors: keys, types, defaults and words come from the options themselves.

It says what shape a file has; `logship check` says whether it can be obeyed.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from logship.config.schema import Config
from logship.config.sources import AUTO
from logship.parse import FORMAT_NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ATTRIBUTE = re.compile(r"^(\w+): (.*(?:\n .*)*)", re.MULTILINE)
_VARIABLE = {"type": "string", "pattern": r"\$\{"}
"""A value that comes from the environment is text until it is read."""

_Schema = dict[str, Any]


def schema_json() -> _Schema:
    """Return the schema as JSON-ready values."""
    found = msgspec.json.schema(Config)
    definitions = {name: _described(each) for name, each in found["$defs"].items()}
    definitions["Source"]["properties"]["format"]["anyOf"] = [{"enum": [AUTO, *FORMAT_NAMES, None]}, _VARIABLE]
    root = definitions.pop("Config")
    return {"$schema": DIALECT, **root, "type": ["object", "null"], "$defs": definitions}


def _described(kind: _Schema) -> _Schema:
    """Return the schema of a class, without keys that it does not know, and with words beside those that it does."""
    summary, _, attributes = inspect.cleandoc(kind["description"]).partition("\n\nAttributes:\n")
    words = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(inspect.cleandoc(attributes))}
    properties = {
        name: _with_variables(each) | ({"description": words[name]} if name in words else {})
        for name, each in kind["properties"].items()
    }
    return kind | {"description": summary, "properties": properties, "additionalProperties": False}


def _with_variables(value: Any) -> Any:
    """Return a schema that takes `${NAME}` wherever it takes a number, a boolean or one of several words."""
    if isinstance(value, list):
        return [_with_variables(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "enum" in value or value.get("type") in ("integer", "number", "boolean"):
        about = {key: each for key, each in value.items() if key == "default"}
        return about | {"anyOf": [{key: each for key, each in value.items() if key != "default"}, _VARIABLE]}
    return {key: each if key == "default" else _with_variables(each) for key, each in value.items()}
