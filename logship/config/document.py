"""A YAML file as values with the lines they stand in, so that an error can name the place."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from logship.config.environment import MissingVariableError, substitute
from logship.errors import ConfigError

Place = tuple[str | int, ...]
"""Keys and numbers that lead to a value."""


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file.

    Attributes:
        path: The file.
        root: Its syntax tree, None when it is empty.
        values: What it says.
    """

    path: str
    root: yaml.Node | None
    values: Any

    def at(self, place: Place) -> str:
        """Return where the value at `place` stands, as file and line."""
        return f"{self.path}:{_line(self.root, place)}"

    def shown(self, place: Place) -> str:
        """Return the value at `place`, brief."""
        value = self.values
        for step in place:
            value = value[step]
        return _shown(value)


def read(path: str, environ: Mapping[str, str] | None) -> Document:
    """Return what the YAML file at `path` says, with environment variables put in if given; raise ConfigError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"configuration {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from error
    with _told(path):
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
            _refuse_repeated(path, root)
            if environ is not None:
                substitute(root, environ)
            return Document(path, root, None if root is None else loader.construct_document(root))
        finally:
            loader.dispose()


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn what is wrong with the YAML into a ConfigError."""
    try:
        yield
    except MissingVariableError as error:
        raise ConfigError(f"{path}:{error.line}: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {error.problem}") from error
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    except yaml.YAMLError as error:
        first_line = str(error).partition("\n")[0]
        raise ConfigError(f"{path}: not YAML: {first_line}") from error


def _refuse_repeated(path: str, root: yaml.Node | None) -> None:
    """Raise ConfigError when a key stands twice in one mapping: YAML forbids it, PyYAML takes the last one."""
    nodes = [root]
    seen = set()  # an alias may lead back to a node
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, _ in node.value:
                line, name = key.start_mark.line + 1, str(key.value)
                if name in lines:
                    raise ConfigError(
                        f"{path}:{line}: key {name!r} stands here again, after line {lines[name]}; keep one"
                    )
                lines[name] = line
            nodes += [value for _, value in node.value]
        else:
            nodes += node.value


def _line(root: yaml.Node | None, at: Place) -> int:
    """Return the line in which the value at `at` stands, or the nearest one above it that can be found."""
    node = root
    line = 1
    for step in at:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if str(step) not in pairs:
                break
            key, node = pairs[str(step)]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _shown(value: Any) -> str:
    brief = reprlib.Repr()  # a few lines of YAML whose aliases refer to aliases can stand for gigabytes of text
    brief.maxlevel, brief.maxstring, brief.maxother = 2, 60, 60
    text = brief.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - what fits beside the rest of a message
