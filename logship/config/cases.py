"""Test a configuration by cases of its user's: lines in, what must become of them and which samples must come out.

A case is passed when nothing differs; what differs is told as a unified diff, from what was expected to what came.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec

from logship.config.document import Document, read
from logship.config.load import place_of
from logship.config.schema import Config
from logship.config.sources import counted
from logship.errors import ConfigError
from logship.expose import exposition
from logship.measure import Origin
from logship.model import Batch, Reason
from logship.pipeline import Explained, Explainer, Outcome

_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", re.ASCII)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

_Field = str | int | float
_Stated = list[tuple[str, str]]
_Key = tuple[str, tuple[tuple[str, str], ...]]


class Expected(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What must become of a line; what is not stated may be anything.

    Attributes:
        outcome: What it becomes.
        reason: Why it is rejected.
        format: By which format it is read.
        route: Under which route it counts.
        route_origin: Where that comes from.
        fields: What is found in it; duration in seconds, time in seconds since the epoch.
    """

    outcome: Outcome
    reason: Reason | None = None
    format: str | None = None
    route: str | None = None
    route_origin: Origin | None = None
    fields: dict[str, _Field] = {}


class Case(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Lines, and what must come of them.

    Attributes:
        name: What the case is called.
        lines: The lines.
        file: A file that holds them instead, seen from the file of the cases.
        source: The first path of the source that they belong to; the first source without it.
        expect: What must become of each line: an outcome, or more than that. Not looked at when it is absent.
        metrics: Samples that the exposition must have, among others.
    """

    name: str
    lines: list[str] = []
    file: str | None = None
    source: str | None = None
    expect: list[Outcome | Expected] | None = None
    metrics: str = ""


class _Cases(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case; `difference` is empty when it is passed."""

    name: str
    difference: tuple[str, ...]


def run_cases(path: str, config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[Verdict]:
    """Yield what comes of each case in the YAML file at `path`; raise ConfigError when it cannot be read."""
    document = read(path, environ)
    for number, case in enumerate(_cases(document)):
        sources = [source.name for source in config.sources]
        if case.source not in (None, *sources):
            at = document.at(("cases", number, "source"))
            raise ConfigError(f"{at}: there is no source {case.source!r}; known are {', '.join(sources)}")
        lines = _lines(case, document, number)
        explainer = Explainer(
            config.measure, counted(config.sources), config.own, config.admission, config.limits.max_routes
        )
        said = list(explainer.explain(Batch(0, 0, 0, lines, source=case.source or sources[0])))
        difference = [*_differing_lines(case.expect, said)]
        if case.metrics:
            shown = exposition(explainer.total, config.measure.buckets, config.own.metrics)
            difference += _differing_samples(case.metrics, shown, document.at(("cases", number, "metrics")))
        yield Verdict(case.name, tuple(difference))


def _cases(document: Document) -> list[Case]:
    try:
        return msgspec.convert(document.values, _Cases).cases
    except msgspec.ValidationError as error:
        message, at = place_of(str(error))
        raise ConfigError(f"{document.at(at)}: {'.'.join(map(str, at)) or 'cases'}: {message}") from None


def _lines(case: Case, document: Document, number: int) -> bytes:
    at = ("cases", number)
    if bool(case.lines) == (case.file is not None):
        raise ConfigError(f"{document.at(at)}: case {case.name!r} needs either lines or a file of them")
    if case.file is None:
        return "".join(f"{line}\n" for line in case.lines).encode("utf-8", "surrogatepass")
    try:
        content = (Path(document.path).parent / case.file).read_bytes()
    except (OSError, ValueError) as error:  # a name may hold a NUL
        why = f"{case.file!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(f"{document.at((*at, 'file'))}: {why}") from error
    return content if content.endswith(b"\n") or not content else content + b"\n"


def _differing_lines(expect: Sequence[Outcome | Expected] | None, said: Sequence[Explained]) -> Iterator[str]:
    if expect is None:
        return
    wanted = [_stated(Expected(each) if isinstance(each, Outcome) else each) for each in expect]
    found = [_found(each, asked) for each, asked in zip(said, chain(wanted, repeat([("outcome", "")])), strict=False)]
    yield from _diff("expected lines", "lines", _numbered(wanted), _numbered(found))


def _stated(expected: Expected) -> _Stated:
    """Return what is expected of a line, as pairs of key and text."""
    plain = {key: value for key, value in msgspec.to_builtins(expected).items() if value is not None}
    fields = plain.pop("fields")
    return [(key, str(value)) for key, value in plain.items()] + [
        (f"fields.{key}", str(value)) for key, value in fields.items()
    ]


def _found(said: Explained, asked: _Stated) -> _Stated:
    """Return what became of a line, as far as it was asked for, and why it was rejected if that was not expected."""
    known: dict[str, Any] = {
        "outcome": said.outcome,
        "reason": said.reason,
        "format": said.format,
        "route": said.label,
        "route_origin": said.origin,
        **{f"fields.{name}": value for name, value in said.fields.items()},
    }
    keys = [key for key, _ in asked]
    if said.reason is not None and ("outcome", Outcome.REJECTED) not in asked:
        keys.append("reason")
    return [(key, str(known.get(key))) for key in keys]


def _numbered(lines: Sequence[_Stated]) -> list[str]:
    return [
        f"{number}: {' '.join(f'{key}={value}' for key, value in pairs)}" for number, pairs in enumerate(lines, start=1)
    ]


def _differing_samples(expected: str, shown: str, at: str) -> Iterator[str]:
    actual = {key: value for key, value in map(_sample, shown.splitlines()) if key is not None}
    wanted: list[tuple[str, _Key, str]] = []
    for line in filter(None, map(str.strip, expected.splitlines())):
        key, value = _sample(line)
        if key is None and not line.startswith("#"):
            raise ConfigError(f'{at}: {line!r} is no sample, such as http_requests_total{{method="GET"}} 1')
        if key is not None:
            wanted.append((line, key, value))
    came = [
        line if key in actual and _is_same(value, actual[key]) else f"{_series(line)} {actual.get(key, '(absent)')}"
        for line, key, value in wanted
    ]
    yield from _diff("expected metrics", "metrics", [line for line, _, _ in wanted], came)


def _sample(line: str) -> tuple[_Key | None, str]:
    found = _SAMPLE.fullmatch(line)
    if found is None:
        return None, ""
    return (found[1], tuple(sorted(_LABEL.findall(found[2] or "")))), found[3]


def _series(line: str) -> str:
    return line.rpartition(" ")[0]


def _is_same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


def _diff(before: str, after: str, expected: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    yield from difflib.unified_diff(expected, found, before, after, lineterm="", n=1)
