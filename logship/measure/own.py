"""Metrics of one's own, as a configuration states them: which records count, under which labels, with which value.

These are values only; `own_counting` obeys them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from itertools import product
from math import prod
from typing import Any, Literal

from logship.conditions import Condition
from logship.measure.histogram import DEFAULT_BUCKETS
from logship.measure.own_series import UNITS, Sample
from logship.model import OwnKey

Kind = Literal["counter", "gauge", "histogram"]

METHOD, ROUTE, STATUS, LEVEL = "@method", "@route", "@status", "@level"

DERIVED = (METHOD, ROUTE, STATUS, LEVEL)
"""What is known of a record beside its fields, with the values that the built-in metrics have as labels."""

Match = tuple[Condition, ...]
"""Conditions that must all hold; without any, every record matches."""


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """Where the value of a label comes from: field, pattern, lower case, map, in this order.

    Attributes:
        name: Of the label.
        field: A dotted path, or one of `DERIVED`.
        pattern: A regular expression; its first group is taken, or what it matches if it has none.
        lower: Whether to take it in lower case.
        map: What to write for some values; the others stay.
        default: What to write when the field is absent or the pattern does not match; empty means no label.
        values: All values that there are, if they are known; what is none of them is counted as `__other__`.
    """

    name: str
    field: str
    pattern: str | None = None
    lower: bool = False
    map: tuple[tuple[str, str], ...] = ()
    default: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnValue:
    """Where a number comes from.

    Attributes:
        field: A dotted path.
        scale: By what it is multiplied, such as 0.001 for milliseconds that are to be seconds.
    """

    field: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class OwnMetric:
    """A metric from records.

    Attributes:
        name: As in the exposition; that of a counter ends in `_total`.
        kind: A counter counts records, or sums up values; a gauge has the value of the latest record.
        help: One line for the exposition.
        match: Which records count.
        labels: Its labels.
        value: What is summed up, shown or put into buckets; None for a counter of records.
        buckets: Upper bounds of a histogram.
    """

    name: str
    kind: Kind
    help: str = ""
    match: Match = ()
    labels: tuple[OwnLabel, ...] = ()
    value: OwnValue | None = None
    buckets: tuple[float, ...] = DEFAULT_BUCKETS

    @property
    def definition(self) -> str:
        """What its numbers mean, as text that differs when they can no longer be added up; `help` is not in it."""
        return json.dumps({key: value for key, value in _stated(self).items() if key not in {"name", "help"}})

    @property
    def declared(self) -> int:
        """How many series exist from the beginning."""
        return prod(len(label.values) for label in self.labels) if self.kind != "gauge" else 0

    def zeros(self) -> dict[OwnKey, Sample]:
        """Return the series that exist from the beginning: those whose labels are all known, at nothing."""
        if not self.declared:
            return {}
        nothing = Sample(0, 0, (0,) * (len(self.buckets) + 1) if self.kind == "histogram" else ())
        return {OwnKey(self.name, values): nothing for values in product(*(label.values for label in self.labels))}


@dataclass(frozen=True, slots=True)
class OwnMetrics:
    """Everything that a configuration states beside the built-in metrics.

    Attributes:
        metrics: Each with a name of its own.
        drop: A record that matches one of these counts nowhere else.
    """

    metrics: tuple[OwnMetric, ...] = ()
    drop: tuple[Match, ...] = ()

    @property
    def definitions(self) -> Mapping[str, str]:
        """What the numbers of each metric mean."""
        return {metric.name: metric.definition for metric in self.metrics}

    def zeros(self) -> dict[OwnKey, Sample]:
        """Return the series of all metrics that exist from the beginning."""
        return {key: nothing for metric in self.metrics for key, nothing in metric.zeros().items()}


def scaled(number: float, scale: float) -> int:
    """Return a number in billionths, in which sums are exact: to the last digit for what has nine decimals or fewer."""
    return round(number * (scale * UNITS))


def _stated(value: Any) -> Any:
    """Return a definition as JSON has it, without what is as it is by default: so a new option changes no old one."""
    if is_dataclass(value):
        stated = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: _stated(inner) for each, inner in stated if each.default is MISSING or inner != each.default}
    return [_stated(each) for each in value] if isinstance(value, tuple) else value
