"""What is hardly meant is told; what may be meant is not."""

from __future__ import annotations

import pytest

from logship.conditions import Condition
from logship.measure import OwnLabel, OwnMetric, OwnMetrics
from logship.measure.own_doubts import doubts

URL = Condition("url", pattern="^/healthz")
LEVEL = Condition("level", one_of=("debug",))


def told(metric: OwnMetric, *drop: tuple[Condition, ...]) -> list[str]:
    return [why for _, why in doubts(OwnMetrics((metric,), drop))]


def test_a_metric_whose_records_are_all_dropped_never_counts() -> None:
    metric = OwnMetric("a_total", "counter", match=(LEVEL, URL))
    assert told(metric, (URL,)) == ["it can never count: a drop rule leaves out every record that matches (url)"]
    assert not told(metric, (URL, Condition("x", present=True)))
    assert not told(OwnMetric("a_total", "counter", match=(LEVEL,)), (URL,))


@pytest.mark.parametrize(
    ("condition", "is_doubtful"),
    [
        (Condition("@status", at_least=600), True),
        (Condition("@status", one_of=("ok",)), True),
        (Condition("@status", at_least=500), False),
        (Condition("status", at_least=600), False),
        (Condition("@level", one_of=("WARN", "serious")), True),
        (Condition("@level", one_of=("warn", "serious")), False),
        (Condition("@level", one_of=("unknown",)), False),
        (Condition("level", one_of=("serious",)), False),
    ],
)
def test_a_condition_on_what_never_is_never_counts(condition: Condition, is_doubtful: bool) -> None:  # noqa: FBT001
    assert bool(told(OwnMetric("a_total", "counter", match=(condition,)))) is is_doubtful


@pytest.mark.parametrize(
    ("label", "is_doubtful"),
    [
        (OwnLabel("u", "url"), True),
        (OwnLabel("u", "http.request_id"), True),
        (OwnLabel("u", "userId"), True),
        (OwnLabel("u", "url", pattern="^/([a-z]+)"), False),
        (OwnLabel("u", "url", values=("/", "")), False),
        (OwnLabel("u", "grade"), False),
        (OwnLabel("u", "@route"), False),
    ],
)
def test_a_label_without_end_is_told(label: OwnLabel, is_doubtful: bool) -> None:  # noqa: FBT001
    assert bool(told(OwnMetric("a_total", "counter", labels=(label,)))) is is_doubtful
