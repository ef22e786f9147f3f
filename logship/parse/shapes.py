"""Types for what is asked of a record, built from dotted paths: only these fields are decoded, the rest is skipped.

A field may hold anything: what it means is decided on its value, so that typed decoding refuses no line for its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import msgspec

from logship.parse.columns import Columns, filled, picker
from logship.parse.extras import Pick
from logship.parse.paths import spellings

_Tree = dict[str, "_Tree"]
_Keys = tuple[str, ...]
_Scalars = str | int | float | bool | list[Any] | None


class Shape:
    """A struct type for the fields at some paths, and how to get at them.

    Attributes:
        type: What to decode into: `base` with further fields, or a struct of these fields alone.
    """

    def __init__(self, paths: Iterable[str], base: type[msgspec.Struct] = msgspec.Struct) -> None:
        ways = {path: spellings(path) for path in paths}
        tree: _Tree = {}
        for keys in (keys for each in ways.values() for keys in each):
            node = tree
            for key in keys:
                node = node.setdefault(key, {})
        attributes: dict[_Keys, str] = {}
        self.type = _extended(base, tree, attributes) if tree else base
        self._ways = {path: [attributes[keys] for keys in each if keys in attributes] for path, each in ways.items()}

    def picking(self, records: Sequence[tuple[Any]]) -> Pick:
        """Return how to get at the columns of some of `records`, each in a tuple of one."""
        bare: list[Any] = []

        def pick(places: Sequence[int] | None) -> Columns:
            if not bare:
                bare.extend([record for (record,) in records])
            return partial(self.column, bare if places is None else picker(places)(bare))

        return pick

    def column(self, records: Sequence[Any], path: str) -> list[Any]:
        """Return what each of `records` has at `path`, None where it has nothing."""
        first, *others = self._ways[path]
        if not others:
            return _column(records, first)
        return filled(len(records), (_column(records, attribute) for attribute in (first, *others)))


def _column(records: Sequence[Any], attribute: str) -> list[Any]:
    try:
        return list(map(attrgetter(attribute), records))
    except AttributeError:  # null or a number where others have an object
        values = list(records)
        for name in attribute.split("."):
            values = [getattr(value, name, None) for value in values]
        return values


def _extended(
    base: type[msgspec.Struct],
    tree: _Tree,
    attributes: dict[_Keys, str],
    keys: _Keys = (),
    attribute: str = "",
) -> type[msgspec.Struct]:
    """Return `base` with a field for each key of `tree`; note which attribute each way of writing a path became."""
    fields: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    known = get_type_hints(base) if base is not msgspec.Struct else {}
    for number, (key, below) in enumerate(tree.items()):
        name = key if key in known else f"at_{number}"
        here = f"{attribute}.{name}".lstrip(".")
        attributes[*keys, key] = here
        inner = _struct_in(known[key]) if key in known else msgspec.Struct
        if key in known and (inner is None or not below):
            continue
        nested = _extended(inner, below, attributes, (*keys, key), here) if inner and below else None
        if key in known:
            fields.append((name, nested | None, None))  # type: ignore[operator]  # a struct type, as `inner` is one
            continue
        names[name] = key
        fields.append((name, Any, None) if nested is None else (name, nested | _Scalars, nested()))
    is_nested = base is msgspec.Struct and bool(keys)  # its empty instance is the default of a field
    return msgspec.defstruct("Shape", fields, bases=(base,), rename=names, gc=False, frozen=is_nested)


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    structs = [each for each in get_args(hint) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return structs[0] if structs else None
