"""Metrics of one's own and drop rules as the configuration file states them, and what of that is not allowed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as option
from itertools import pairwise
from typing import Literal

from logship.conditions import Condition, Scalar, compiled_pattern
from logship.config.names import is_name, unfit_label
from logship.errors import UsageError
from logship.measure import (
    DEFAULT_BUCKETS,
    DERIVED,
    MAX_VALUE_CHARACTERS,
    OwnLabel,
    OwnMetric,
    OwnMetrics,
    OwnValue,
    scaled,
)

_SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

_RESERVED_PREFIXES = ("logship_", "process_", "scrape_", "__")
_TAKEN = frozenset(
    {
        *("http_requests", "http_request_duration_seconds", "active_connections", "health_check_status"),
        *("log_messages", "log_exceptions", "log_records_dropped", "up"),
    }
)
"""Families that the tailer has itself, beside those with a reserved prefix."""

_SUFFIXES = {"counter": ("_total", "_created"), "gauge": (), "histogram": ("_bucket", "_count", "_sum", "_created")}
"""What the samples of a family are called beside its own name: https://prometheus.io/docs/specs/om/open_metrics_spec/"""

_LARGEST_SCALE = 1e18
"""What a number is multiplied by at most, and at least its inverse; a bound is not above it either."""

_MAX_SEGMENTS = 8
"""A path of n segments can stand in a record in 2 ** (n - 1) ways."""


@dataclass(frozen=True, slots=True)
class ConditionOptions:
    """What the value of a field must be like, where a value or a list of values does not say it; all must hold."""

    one_of: tuple[Scalar, ...] = ()
    pattern: str | None = None
    present: bool | None = None
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None


Stated = Scalar | tuple[Scalar, ...] | ConditionOptions
"""A value, several of which one must be there, or more than that."""

MatchOptions = Mapping[str, Stated]


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """Where the value of a label comes from.

    Attributes:
        field: A dotted path, or @method, @route, @status, @level as the built-in metrics have them.
        pattern: A regular expression; its first group is taken, or what it matches if it has none.
        lower: Whether to take it in lower case.
        map: What to write for some values.
        default: What to write when the field is absent or the pattern does not match.
        values: All values that there are: their series are there from the beginning, others count as `__other__`.
    """

    field: str
    pattern: str | None = None
    lower: bool = False
    map: Mapping[str, str] = option(default_factory=dict)
    default: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueOptions:
    """Where a number comes from.

    Attributes:
        field: A dotted path.
        unit: Of a duration, which then becomes seconds.
        scale: By what else the number is multiplied.
    """

    field: str
    unit: Literal["s", "ms", "us", "ns"] | None = None
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class MetricOptions:
    """A metric of one's own.

    Attributes:
        name: As Prometheus sees it; that of a counter ends in `_total`.
        type: A counter counts records or sums up `value`; a gauge shows that of the latest record.
        help: One line for the exposition.
        match: Which records count: what their fields must be like; all records without it.
        labels: The field of each label, or more than that.
        value: The field of the number, or more than that.
        buckets: Upper bounds of a histogram.
    """

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str = ""
    match: MatchOptions = option(default_factory=dict)
    labels: Mapping[str, str | LabelOptions] = option(default_factory=dict)
    value: str | ValueOptions | None = None
    buckets: tuple[float, ...] | None = None


def own_metrics(metrics: Sequence[MetricOptions], drop: Sequence[MatchOptions]) -> OwnMetrics:
    """Return what is to be counted beside the built-in metrics."""
    return OwnMetrics(tuple(map(_metric, metrics)), tuple(map(_match, drop)))


def problems(
    metrics: Sequence[MetricOptions],
    drop: Sequence[MatchOptions],
    *,
    constant: Container[str],
    max_series: int,
    max_label_values: int,
) -> Iterator[tuple[str, str]]:
    """Yield what is not allowed: the place, and what is wrong there; `constant` are the labels that sources have."""
    taken: dict[str, str] = dict.fromkeys(_TAKEN, "of its own")
    for number, metric in enumerate(metrics):
        at = f"metrics.{number}"
        yield from _name_problems(f"{at}.name", metric, taken)
        yield from _match_problems(f"{at}.match", metric.match)
        yield from _value_problems(at, metric)
        for label, stated in metric.labels.items():
            for why in _label_problems(label, _label(label, stated), max_label_values):
                yield f"{at}.labels.{label}", why
            if label in constant:
                yield f"{at}.labels.{label}", f"{label!r} is a label of a source already; give another name"
        if (declared := _metric(metric).declared) > max_series:
            why = f"{metric.name} begins with {declared} series, the product of the values of its labels"
            yield f"{at}.labels", f"{why}; limits.max_series allows {max_series}"
    for number, match in enumerate(drop):
        yield from _match_problems(f"drop.{number}", match, is_drop=True)


def _metric(metric: MetricOptions) -> OwnMetric:
    value = ValueOptions(metric.value) if isinstance(metric.value, str) else metric.value
    return OwnMetric(
        name=metric.name,
        kind=metric.type,
        help=metric.help,
        match=_match(metric.match),
        labels=tuple(_label(name, stated) for name, stated in sorted(metric.labels.items())),
        value=None if value is None else OwnValue(value.field, value.scale * _SCALES.get(value.unit or "s", 1.0)),
        buckets=DEFAULT_BUCKETS if metric.buckets is None else metric.buckets,
    )


def _label(name: str, stated: str | LabelOptions) -> OwnLabel:
    if isinstance(stated, str):
        return OwnLabel(name, stated)
    mapped = tuple(sorted(stated.map.items()))
    return OwnLabel(name, stated.field, stated.pattern, stated.lower, mapped, stated.default, stated.values)


def _match(match: MatchOptions) -> tuple[Condition, ...]:
    return tuple(_condition(name, stated) for name, stated in sorted(match.items()))


def _condition(name: str, stated: Stated) -> Condition:
    if isinstance(stated, ConditionOptions):
        bounds = (stated.above, stated.at_least, stated.below, stated.at_most)
        return Condition(name, stated.one_of, stated.pattern, stated.present, *bounds)
    return Condition(name, stated if isinstance(stated, tuple) else (stated,))


def _name_problems(at: str, metric: MetricOptions, taken: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a name; those of its samples are added to `taken`."""
    name = metric.name
    family = name.removesuffix("_total") if metric.type == "counter" else name
    if not is_name(family):
        yield at, f"{name!r} cannot be a metric: letters, digits and _ make one, as in lessons_completed_total"
    elif metric.type == "counter" and family == name:
        yield at, f"{name!r} is a counter, so its name must end in _total: {name}_total"
    elif metric.type != "counter" and name.endswith(("_total", "_bucket", "_count", "_sum", "_created")):
        yield at, f"{name!r} ends as parts of counters and histograms do; a {metric.type} must not"
    elif name.startswith(_RESERVED_PREFIXES):
        yield at, f"{name!r} begins as metrics do that are not yours; another prefix, such as that of the application"
    names = {family, *(family + suffix for suffix in _SUFFIXES[metric.type])}
    if clash := sorted(names & taken.keys()):
        yield at, f"{name!r} clashes with {clash[0]}, which logship has {taken[clash[0]]}; give another name"
    taken.update(dict.fromkeys(names, f"from {name}"))


def _match_problems(at: str, match: MatchOptions, *, is_drop: bool = False) -> Iterator[tuple[str, str]]:
    if is_drop and not match:
        yield at, "a rule without a condition would drop every line; state one, such as url: {pattern: ^/healthz}"
    for condition in _match(match):
        if why := _unfit_field(condition.field, () if is_drop else DERIVED):
            yield at, why
            continue
        try:
            condition.compile()
        except UsageError as error:
            yield at, f"{condition.field}: {error}"


def _value_problems(at: str, metric: MetricOptions) -> Iterator[tuple[str, str]]:
    value = metric.value
    if value is None:
        if metric.type != "counter":
            yield at, f"{metric.name} is a {metric.type} and needs a value: the field that holds the number"
    else:
        if why := _unfit_field(value if isinstance(value, str) else value.field, ()):
            yield f"{at}.value", why
        if isinstance(value, ValueOptions):
            if not 1 / _LARGEST_SCALE <= value.scale <= _LARGEST_SCALE:
                yield f"{at}.value.scale", f"a scale is a number from 1e-18 to 1e+18, not {value.scale:g}"
            if value.unit is not None and value.scale != 1:
                yield f"{at}.value", "a unit is a scale already; state one of them"
    if metric.buckets is not None:
        if metric.type != "histogram":
            yield f"{at}.buckets", f"{metric.name} is a {metric.type}; only a histogram has buckets"
        elif not _is_rising(metric.buckets):
            given = ", ".join(f"{bound:g}" for bound in metric.buckets) or "none"
            yield f"{at}.buckets", f"buckets are numbers above 0 that rise, such as 0.5, 1, 5: not {given}"


def _label_problems(name: str, label: OwnLabel, max_values: int) -> Iterator[str]:
    if why := unfit_label(name):
        yield f"{name!r} cannot be a label: {why}"
    if why := _unfit_field(label.field, DERIVED):
        yield why
    if label.pattern is not None:
        try:
            compiled_pattern(label.pattern)
        except UsageError as error:
            yield str(error)
    if len(label.values) > max_values:
        yield f"{len(label.values)} values, and limits.max_label_values allows {max_values}"
    if len(set(label.values)) < len(label.values):
        yield f"values stand twice in {', '.join(label.values)}"
    if label.values and label.default not in label.values:
        yield f"the default {label.default!r} is none of its values {', '.join(label.values)}; add it, or another one"
    written = (label.default, *label.values, *(to for _, to in label.map))
    if any(len(text) > MAX_VALUE_CHARACTERS or "\0" in text for text in written):
        yield f"a value has at most {MAX_VALUE_CHARACTERS} characters, and no NUL among them"


def _unfit_field(path: str, derived: Sequence[str]) -> str | None:
    """Return why `path` is no field, None when it is one."""
    if path.startswith("@"):
        if path in derived:
            return None
        known = ", ".join(derived)
        return f"{path!r} is not known; there are {known}" if derived else f"{path!r} stands in no record: name a field"
    segments = path.split(".")
    if not all(segments) or len(segments) > _MAX_SEGMENTS:
        return f"{path!r} is no field: names with dots between them, {_MAX_SEGMENTS} at most, such as user.plan"
    return None


def _is_rising(bounds: Sequence[float]) -> bool:
    if not bounds or not all(0 < bound <= _LARGEST_SCALE for bound in bounds):
        return False
    return all(scaled(low, 1.0) < scaled(high, 1.0) for low, high in pairwise(bounds))
