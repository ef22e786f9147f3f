"""Put environment variables into the values of a configuration file: `${NAME}`, or `${NAME:-what if it is not set}`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

_VARIABLE = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class MissingVariableError(ValueError):
    """A variable that is not set and has no default.

    Attributes:
        name: Its name.
        line: Where it stands, the first line being 1.
    """

    def __init__(self, name: str, line: int) -> None:
        super().__init__(f"environment variable {name} is not set; set it, or write ${{{name}:-default}}")
        self.name = name
        self.line = line


def substitute(root: yaml.Node | None, environ: Mapping[str, str]) -> None:
    """Replace the variables in all values below `root`; `$${` stands for `${`. Raise MissingVariableError.

    A value without quotes is read anew, so that a number may come from the environment; what a variable holds is never
    read as YAML beyond that.
    """
    nodes = [root]
    seen: set[int] = set()  # an alias may lead back to a node
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            _substitute_in(node, environ)
        elif isinstance(node, yaml.MappingNode):
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def _substitute_in(node: yaml.ScalarNode, environ: Mapping[str, str]) -> None:
    def value_of(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "${"
        value = environ.get(found["name"], found["default"])
        if value is None:
            raise MissingVariableError(found["name"], node.start_mark.line + 1)
        return value

    if "${" not in node.value:
        return
    node.value = _VARIABLE.sub(value_of, node.value)
    if node.style is None:
        node.tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]
