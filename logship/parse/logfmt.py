"""Read logfmt: `key=value` pairs, a value with spaces in double quotes, a key alone is true."""

from __future__ import annotations

import re

_PAIR = re.compile(r'([^\s="\x00-\x20]++)(=?)("(?:[^"\\]|\\.)*+"|[^\s"]*+)(?=\s|$)')
_LINE = re.compile(rf"(?:\s*+(?:{_PAIR.pattern}))*\s*+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def pairs_of(line: str) -> dict[str, str | bool] | None:
    """Return the pairs of a line; None when it holds anything else, or no pair with a value."""
    if not _LINE.fullmatch(line):
        return None
    pairs = _PAIR.findall(line)
    if not any(equals for _, equals, _ in pairs):
        return None
    return {key: _unquoted(value) if equals else True for key, equals, value in pairs}


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    return _ESCAPE.sub(_escaped, value[1:-1]) if "\\" in value else value[1:-1]


def _escaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2])
