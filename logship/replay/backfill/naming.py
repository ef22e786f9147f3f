"""Write series and samples as OpenMetrics has them.

https://prometheus.io/docs/specs/om/open_metrics_spec/: timestamps are seconds, and the text ends with `# EOF`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from logship.errors import UsageError

Labels = tuple[tuple[str, str], ...]


class Family(NamedTuple):
    """A metric family."""

    name: str
    type: str
    help: str

    @property
    def head(self) -> str:
        """The lines before its samples."""
        return f"# HELP {self.name} {_escaped(self.help)}\n# TYPE {self.name} {self.type}\n"


class Key(NamedTuple):
    """A series: the name of its samples, and its labels sorted by name."""

    name: str
    labels: Labels

    @property
    def text(self) -> str:
        """The series as it stands before each of its values."""
        inside = ",".join(f'{name}="{_escaped(value, quote=True)}"' for name, value in self.labels)
        return f"{self.name}{{{inside}}}" if inside else self.name

    @property
    def rank(self) -> tuple[object, ...]:
        """What a family is sorted by: buckets rise."""
        bound = next((value for name, value in self.labels if name == "le"), "0")
        return tuple(pair for pair in self.labels if pair[0] != "le"), self.name, float(bound)


class Track:
    """A series whose samples are written: one object for each, as what is known of a series is kept by it."""

    __slots__ = ("family", "is_cumulative", "key")

    def __init__(self, family: Family, key: Key) -> None:
        self.family = family
        self.key = key
        self.is_cumulative = family.type != "gauge"
        """Whether it only ever rises."""


def key_of(name: str, labels: Mapping[str, str]) -> Key:
    """Return the key of a series; an empty label is none."""
    return Key(name, tuple(sorted((each, value) for each, value in labels.items() if value)))


_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_OF_METRICS = frozenset(
    {
        "method",
        "route",
        "status",
        "status_code",
        "level",
        "type",
        "outcome",
        "reason",
        "check",
        "metric",
        "le",
        "version",
    }
)


def check_label(text: str) -> tuple[str, str]:
    """Return the label that `NAME=VALUE` states; raise UsageError for one that no series can get."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name) or not value:
        raise UsageError(f"--label {text!r} is no label: a name, = and a value, as in job=heroes-api")
    if name in _OF_METRICS or name.startswith("__"):
        raise UsageError(f"--label {text!r}: the metrics have a label {name} themselves, or Prometheus has")
    return name, value


def number(value: float) -> str:
    """Return a value as text: whole ones without a point."""
    return str(int(value)) if value.is_integer() else repr(value)


_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', re.ASCII)
_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"{}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)(?: (\S+))?.*', re.ASCII)


class Line(NamedTuple):
    """A sample as it is written; its time is in seconds since the epoch, None where it has none."""

    series: str
    value: float
    at: float | None


def read_line(text: str) -> Line | None:
    """Return the sample in a line of an exposition, None when it has none; raise ValueError for what is no number."""
    found = _SAMPLE.fullmatch(text)
    if found is None:
        return None
    name, labels, value, at = found.groups()
    series = text[: found.end(2) + 1] if labels is not None else name
    return Line(series, float(value), float(at) if at is not None else None)


def read_key(series: str) -> Key:
    """Return the key of a series as it is written."""
    name, _, inside = series.partition("{")
    return key_of(name, {label: _unescaped(value) for label, value in _LABEL.findall(inside)})


def _escaped(text: str, *, quote: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
