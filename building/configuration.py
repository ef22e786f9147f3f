"""The reference of the configuration file, in Markdown, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from logship.config import AUTO
from logship.config.schema_json import schema_json

HEAD = """# Configuration reference

Generated from the options themselves; `make reference` writes it anew.
How they work together stands in [configuration](configuration.md).
An [annotated file](../configs/logship.yml) shows all of them.
`logship check --schema` prints the same as a JSON Schema, for editors.
"""


def configuration() -> str:
    """Return the page."""
    schema = schema_json()
    named = {name: kind for name, kind in schema["$defs"].items() if kind.get("properties")}
    return "\n".join([HEAD, *("\n".join(_section(name, kind)) + "\n" for name, kind in {"": schema, **named}.items())])


def _section(name: str, kind: dict[str, Any]) -> Iterator[str]:
    yield f"## {_title(name)}"
    yield ""
    yield kind["description"]
    yield ""
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    for key, each in kind["properties"].items():
        default = f"`{json.dumps(each['default'])}`" if "default" in each else ""
        yield f"| `{key}` | {_type(each)} | {default} | {each.get('description', '')} |".replace("  ", " ")


def _title(name: str) -> str:
    """Return the heading of a class: its name as words, without what all of them have."""
    if not name:
        return "The file"
    words = name.removesuffix("Options")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in words).strip().capitalize()


def _type(value: dict[str, Any]) -> str:
    """Return the type in words; that a variable may stand for any value goes without saying."""
    if "$ref" in value:
        title = _title(value["$ref"].rpartition("/")[2])
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    if "anyOf" in value:
        found = dict.fromkeys(_type(each) for each in value["anyOf"] if "pattern" not in each)
        return " or ".join(word for word in found if word)
    if "enum" in value:
        if AUTO in value["enum"]:
            return "[a format](formats.md)"
        return ", ".join(f"`{each}`" for each in value["enum"])
    kind = str(value.get("type", ""))
    return f"list of {_type(value['items'])}" if kind == "array" else "mapping" if kind == "object" else kind
