"""Say what is allowed in own metrics, but hardly meant: a metric that never counts, a label without end."""

from __future__ import annotations

from collections.abc import Iterator

from logship.conditions import Condition
from logship.errors import UsageError
from logship.measure.levels import OTHER_LEVEL, UNKNOWN, level_label
from logship.measure.own import LEVEL, STATUS, OwnLabel, OwnMetric, OwnMetrics

_ENDLESS = frozenset(
    {
        *("url", "path", "uri", "query", "ip", "remote_addr", "user", "userid", "user_id", "email", "id"),
        *("request_id", "requestid", "trace_id", "traceid", "span_id", "spanid", "session", "session_id"),
        *("timestamp", "time", "duration", "message", "msg", "seq", "boot_id"),
    }
)
"""Fields that have another value in nearly every record."""

_STATUSES = range(100, 600)


def doubts(own: OwnMetrics) -> Iterator[tuple[str, str]]:
    """Yield names of metrics and what is doubtful about them."""
    for metric in own.metrics:
        if (why := _never(metric, own)) is not None:
            yield metric.name, f"it can never count: {why}"
        for label in metric.labels:
            if _is_endless(label):
                yield metric.name, f"label {label.name!r} has as many values as there are records: {label.field}"


def _never(metric: OwnMetric, own: OwnMetrics) -> str | None:
    """Return why no record can match, as far as that is seen; None when one may."""
    for rule in own.drop:
        if set(rule) <= set(metric.match):
            return f"a drop rule leaves out every record that matches ({_fields(rule)})"
    for condition in metric.match:
        if condition.field == STATUS and not _holds_for(condition, [str(status) for status in _STATUSES]):
            return "a status is a number from 100 to 599"
        if condition.field == LEVEL and condition.texts and not any(map(_is_level, condition.texts)):
            return f"{', '.join(sorted(condition.texts))} is no level"
    return None


def _holds_for(condition: Condition, values: list[str]) -> bool:
    try:
        return any(map(condition.compile(), values))
    except UsageError:
        return False


def _is_level(text: str) -> bool:
    return level_label(text) == text or text in (OTHER_LEVEL, UNKNOWN)


def _is_endless(label: OwnLabel) -> bool:
    name = label.field.rpartition(".")[2].lower()
    return name in _ENDLESS and not (label.values or label.pattern or label.map)


def _fields(rule: tuple[Condition, ...]) -> str:
    return ", ".join(condition.field for condition in rule)
