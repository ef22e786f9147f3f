"""Find the format of a log; a wrong guess would be wrong numbers, so the first request decides, not the style.

A request line that two formats claim decides nothing: `{"method", "url", "status", "duration"}` alone may be seconds,
milliseconds or nanoseconds. Such lines are refused until another one decides, and so are lines that are wrapped by a
container runtime, which must be told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from logship.model import Reason
from logship.parse.columns import columns_of
from logship.parse.formats import Format
from logship.parse.json_lines import load_object
from logship.parse.mapped import Projection
from logship.parse.mapping import Signature
from logship.parse.paths import look, spellings
from logship.parse.table import FORMATS

_CRI = re.compile(rb"\d{4}-\d\d-\d\dT\S{1,30} (?:stdout|stderr) [FP](?: |\n)")

_FORGIVING = tuple(known for known in FORMATS if known.is_mapped)
"""Formats in which bytes that are no UTF-8 are replaced."""


class Detected(NamedTuple):
    """What is known of lines of which nothing was said.

    Attributes:
        before: The lines before the first request, without those that were refused.
        refused: How many lines were refused, by reason.
        rest: The lines from the first request on.
        format: Its format, None while there is none.
        candidates: Names of the formats that claimed a line together.
    """

    before: bytes
    refused: Counter[Reason]
    rest: bytes
    format: Format | None
    candidates: frozenset[str]


def detect(lines: bytes) -> Detected:
    r"""Return what the first request in `lines`, each ended by `\n`, shows."""
    before: list[bytes] = []
    refused: Counter[Reason] = Counter()
    candidates: frozenset[str] = frozenset()
    start = at = 0
    while hint := _HINTS.search(lines, at):
        offset = lines.rfind(b"\n", start, hint.start()) + 1 or start
        at = lines.find(b"\n", hint.start()) + 1 or len(lines)
        found = claims(lines[offset:at])
        if len(found) == 1:
            return Detected(b"".join([*before, lines[start:offset]]), refused, lines[offset:], found[0], candidates)
        if not found and not _is_wrapped(lines[offset:at]):
            continue
        refused[Reason.AMBIGUOUS_FORMAT if found else Reason.WRAPPED] += 1
        candidates |= {known.name for known in found}
        before.append(lines[start:offset])
        start = at
    return Detected(b"".join([*before, lines[start:]]), refused, b"", None, candidates)


def claims(line: bytes) -> tuple[Format, ...]:
    """Return the formats that take `line` for a request of theirs."""
    line = line.lstrip(b"\0")
    value = load_object(line)
    known_formats = FORMATS
    if value is Reason.INVALID_UTF8:
        value, known_formats = load_object(line, replace=True), _FORGIVING
    if isinstance(value, Reason):
        text = line.decode(errors="replace").removesuffix("\n")
        return tuple(known for known in FORMATS if known.line is not None and known.line.fullmatch(text))
    return tuple(known for known in known_formats if _fits(known, value) and _holds_request(known, line, value))


def _fits(fmt: Format, line: Mapping[str, Any]) -> bool:
    signature = fmt.signature
    return (
        signature is not None
        and _may_have(signature, line)
        and all(any(look(line, path) is not None for path in paths.split("|")) for paths in signature.has)
        and all(look(line, path) is None for path in signature.lacks)
    )


def _may_have(signature: Signature, line: Mapping[str, Any]) -> bool:
    """Return whether the outermost keys are there: most formats are ruled out by that."""
    return bool(signature.has) and not any(_outermost(paths).isdisjoint(line) for paths in signature.has)


@cache
def _outermost(paths: str) -> frozenset[str]:
    return frozenset(keys[0] for path in paths.split("|") for keys in spellings(path))


def _holds_request(fmt: Format, line: bytes, value: Mapping[str, Any]) -> bool:
    if fmt.expand is None:
        return _is_request(fmt, value)
    records = (load_object(each) for each in fmt.expand(line).lines.split(b"\n")[:-1])
    return any(_is_request(fmt, record) for record in records if not isinstance(record, Reason))


def _is_request(fmt: Format, line: Mapping[str, Any]) -> bool:
    return _projection(fmt).requests(columns_of(line), 1)[0]


@cache
def _projection(fmt: Format) -> Projection:
    return Projection(fmt.mapping)


def _is_wrapped(line: bytes) -> bool:
    if _CRI.match(line):
        return True
    value = load_object(line, replace=True)
    return not isinstance(value, Reason) and isinstance(value.get("log"), str) and "stream" in value


def _hints() -> re.Pattern[bytes]:
    """Return what stands in every request line: only such lines are read here, however many others come first.

    `.` or `"` stands before a key, as it may be part of a dotted one. Each alternative begins with a rare character,
    which the search looks for first.
    """
    words: set[str] = set()
    for signature in (known.signature for known in FORMATS):
        if signature is not None and signature.has:
            words.update(signature.texts or (path.rpartition(".")[2] for path in signature.has[0].split("|")))
    named = b"|".join(sorted(re.escape(word.encode()) for word in words))
    return re.compile(rb'[".](?:%b|log)"|\[\d\d/[A-Z][a-z]{2}/\d{4}:| std(?:out|err) [FP][ \n]' % named)


_HINTS = _hints()
