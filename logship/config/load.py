"""Read a configuration file: YAML comes in, a checked `Config` goes out, or an error that says where and what."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec

from logship.config.schema import Config, OptionError, check
from logship.config.sources import AUTO
from logship.errors import ConfigError

if TYPE_CHECKING:
    from logship.config.document import Document, Place

_MSGSPEC_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def load(path: str, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration in the YAML file at `path`; raise ConfigError when it cannot be obeyed."""
    from logship.config.document import read  # who has no configuration file needs no YAML

    document = read(path, environ)
    values = document.values
    if values is None:
        return Config()
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a configuration is a mapping of keys, such as 'poll_seconds: 0.5'")
    refuse_unknown(document, values, Config, ())
    _take_auto_for_none(values)
    try:
        config = msgspec.convert(values, Config)
        check(config)
    except msgspec.ValidationError as error:
        message, at = place_of(str(error))
        raise ConfigError(f"{document.at(at)}: {'.'.join(map(str, at))} is {document.shown(at)}: {message}") from None
    except OptionError as error:
        named = "" if error.key in str(error) else f"{error.key}: "
        raise ConfigError(f"{document.at(steps(error.key))}: {named}{error}") from None
    return config


def _take_auto_for_none(values: dict[Any, Any]) -> None:
    named = values.get("sources")
    for source in named if isinstance(named, list) else ():
        if isinstance(source, dict) and source.get("format") == AUTO:
            source["format"] = None


def refuse_unknown(document: Document, values: dict[Any, Any], kind: type, at: Place) -> None:
    """Raise ConfigError when a key of `values`, which stand at a place, is none of the dataclass `kind`."""
    known = {each.name: get_type_hints(kind)[each.name] for each in fields(kind)}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)
            where = ".".join(map(str, (*at, key)))
            raise ConfigError(f"{document.at((*at, key))}: unknown key {where!r}; {remedy}")
        for step, part, inner in _parts(known[key], value):
            for each in get_args(inner) or (inner,):
                if isinstance(each, type) and is_dataclass(each) and isinstance(part, dict):
                    refuse_unknown(document, part, each, (*at, key, *step))


def _parts(kind: Any, value: Any) -> Iterator[tuple[Place, Any, Any]]:
    """Yield what a value consists of, with the way to it and its type: itself, or what lists and mappings hold."""
    held: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, list) and get_origin(kind) is tuple:
        held, kind = enumerate(value), get_args(kind)[0]
    elif isinstance(value, dict) and get_origin(kind) is Mapping:
        held, kind = value.items(), get_args(kind)[1]
    else:
        yield (), value, kind
    for key, item in held:
        yield from (((key, *step), part, inner) for step, part, inner in _parts(kind, item))


def place_of(message: str) -> tuple[str, Place]:
    """Divide a message of msgspec's into what is wrong and the keys that lead there."""
    found = _MSGSPEC_PATH.search(message)
    path = _STEP.findall(found.group(1)) if found else []
    text = message[: found.start()] if found else message
    return text[:1].lower() + text[1:], tuple(name or int(index) for name, index in path)


def steps(key: str) -> Place:
    """Return an option's path in the configuration as the keys and numbers that lead there."""
    return tuple(int(step) if step.isdigit() else step for step in key.split("."))
