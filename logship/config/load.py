"""Read a configuration file: YAML comes in, a checked `Config` goes out, or an error that says where and what."""

from __future__ import annotations

import difflib
import re
import reprlib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import yaml

from logship.config.schema import AUTO, Config, OptionError, check
from logship.errors import ConfigError

_MSGSPEC_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")

_Path = tuple[str | int, ...]


def load(path: str) -> Config:
    """Return the configuration in the YAML file at `path`; raise ConfigError when it cannot be obeyed."""
    root, values = _read(path)
    if values is None:
        return Config()
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a configuration is a mapping of keys, such as 'paths: [logs/combined*.log]'")
    _refuse_unknown(path, root, values, Config, ())
    if isinstance(measure := values.get("measure"), dict) and measure.get("format") == AUTO:
        measure["format"] = None
    try:
        config = msgspec.convert(values, Config)
        check(config)
    except msgspec.ValidationError as error:
        message, at = _place(str(error))
        key = ".".join(map(str, at))
        raise ConfigError(f"{path}:{_line(root, at)}: {key} is {_shown(_value(values, at))}: {message}") from None
    except OptionError as error:
        named = "" if error.key in str(error) else f"{error.key}: "
        raise ConfigError(f"{path}:{_line(root, tuple(error.key.split('.')))}: {named}{error}") from None
    return config


def _read(path: str) -> tuple[yaml.Node | None, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        root, values = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(f"configuration {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {error.problem}") from error
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    except yaml.YAMLError as error:
        first_line = str(error).partition("\n")[0]
        raise ConfigError(f"{path}: not YAML: {first_line}") from error
    _refuse_repeated(path, root)
    return root, values


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


def _refuse_unknown(path: str, root: yaml.Node | None, values: dict[Any, Any], kind: type, at: _Path) -> None:
    known = {each.name: get_type_hints(kind)[each.name] for each in fields(kind)}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)
            where = ".".join(map(str, (*at, key)))
            raise ConfigError(f"{path}:{_line(root, (*at, key))}: unknown key {where!r}; {remedy}")
        if is_dataclass(known[key]) and isinstance(value, dict):
            _refuse_unknown(path, root, value, known[key], (*at, key))


def _place(message: str) -> tuple[str, _Path]:
    """Divide a message of msgspec's into what is wrong and the keys that lead there."""
    found = _MSGSPEC_PATH.search(message)
    steps = _STEP.findall(found.group(1)) if found else []
    text = message[: found.start()] if found else message
    return text[:1].lower() + text[1:], tuple(name or int(index) for name, index in steps)


def _line(root: yaml.Node | None, at: _Path) -> int:
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


def _value(values: Any, at: _Path) -> Any:
    for step in at:
        values = values[step]
    return values


def _shown(value: Any) -> str:
    brief = reprlib.Repr()  # a few lines of YAML whose aliases refer to aliases can stand for gigabytes of text
    brief.maxlevel, brief.maxstring, brief.maxother = 2, 60, 60
    text = brief.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - what fits beside the rest of a message
