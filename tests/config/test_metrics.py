"""Metrics and drop rules in a configuration are read as meant, or refused with place, value and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from logship.conditions import Condition
from logship.config import Config, load
from logship.config.metrics import (
    _RESERVED_PREFIXES,
    _TAKEN,
    ConditionOptions,
    LabelOptions,
    MetricOptions,
    ValueOptions,
)
from logship.errors import ConfigError
from logship.expose import Standing, StandingCollector, TallyCollector
from logship.measure import (
    DEFAULT_BUCKETS,
    DERIVED,
    OwnLabel,
    OwnMetric,
    OwnMetrics,
    OwnValue,
    Tally,
    Verdict,
    Word,
    Writer,
)

EVERYTHING = """
metrics:
  - name: lessons_completed_total
    type: counter
    help: Lessons that students completed.
    match:
      message: lesson completed
      level: [warn, error]
      status: {at_least: 500, below: 600}
      url: {pattern: "^/api/"}
      userId: {present: true}
      "@route": /api/x
    labels:
      route: "@route"
      grade: grade
      plan:
        field: user.plan
        pattern: "^(\\\\w+)-"
        lower: true
        map: {p: premium}
        default: none
        values: [premium, none]
  - name: lesson_duration_seconds
    type: histogram
    value: {field: took, unit: ms}
    buckets: [0.5, 1, 5]
  - {name: waits_total, type: counter, value: {field: wait, scale: 60}}
  - {name: pool_size, type: gauge, value: size}
drop:
  - {url: {pattern: "^/healthz$"}, ok: true}
  - {level: debug}
"""


DOCUMENT = (Path(__file__).parent.parent.parent / "docs/own-metrics.md").read_text(encoding="utf-8")

THREE_VALUES = "{field: x, values: [a, b, c], default: a}"
TWO_VALUES = "{field: x, values: [a, b], default: a}"


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "logship.yml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


def test_everything_is_read_as_meant(tmp_path: Path) -> None:
    lessons, lesson_seconds, waits, pool = read(tmp_path, EVERYTHING).own.metrics
    assert lessons == OwnMetric(
        "lessons_completed_total",
        "counter",
        help="Lessons that students completed.",
        match=(
            Condition("@route", one_of=("/api/x",)),
            Condition("level", one_of=("warn", "error")),
            Condition("message", one_of=("lesson completed",)),
            Condition("status", at_least=500, below=600),
            Condition("url", pattern="^/api/"),
            Condition("userId", present=True),
        ),
        labels=(
            OwnLabel("grade", "grade"),
            OwnLabel(
                "plan",
                "user.plan",
                pattern=r"^(\w+)-",
                lower=True,
                map=(("p", "premium"),),
                default="none",
                values=("premium", "none"),
            ),
            OwnLabel("route", "@route"),
        ),
    )
    assert lesson_seconds.value == OwnValue("took", 0.001)
    assert lesson_seconds.buckets == (0.5, 1.0, 5.0)
    assert (waits.value, pool.value) == (OwnValue("wait", 60), OwnValue("size"))
    assert pool.buckets == DEFAULT_BUCKETS


def test_drop_rules_are_read_as_meant(tmp_path: Path) -> None:
    assert read(tmp_path, EVERYTHING).own.drop == (
        (Condition("ok", one_of=(True,)), Condition("url", pattern="^/healthz$")),
        (Condition("level", one_of=("debug",)),),
    )


def test_without_any_there_is_nothing_to_count() -> None:
    assert Config().own == OwnMetrics()


def test_the_order_of_keys_defines_nothing(tmp_path: Path) -> None:
    one = read(tmp_path, "metrics: [{name: a, type: gauge, value: v, match: {x: 1, y: 2}, labels: {l: l, m: m}}]")
    other = read(tmp_path, "metrics: [{type: gauge, labels: {m: m, l: l}, match: {y: 2, x: 1}, name: a, value: v}]")
    assert one.own == other.own


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("{name: a, type: counter}", ".name: 'a' is a counter, so its name must end in _total: a_total"),
        ("{name: a-b, type: gauge, value: v}", ".name: 'a-b' cannot be a metric: letters"),
        ("{name: 'a:b_total', type: counter}", ".name: 'a:b_total' cannot be a metric"),
        ("{name: _total, type: counter}", ".name: '_total' cannot be a metric"),
        ("{name: a_total, type: gauge, value: v}", ".name: 'a_total' ends as parts of counters"),
        ("{name: http_requests_total, type: counter}", ".name: 'http_requests_total' clashes with http_requests"),
        ("{name: logship_x_total, type: counter}", ".name: 'logship_x_total' begins as metrics do that are not yours"),
        ("{name: a, type: summary, value: v}", ".type is 'summary': invalid enum value 'summary'"),
        ("{name: a, type: gauge}", ": a is a gauge and needs a value"),
        ("{name: a, type: histogram}", ": a is a histogram and needs a value"),
        ("{name: a, type: gauge, value: v, buckets: [1]}", ".buckets: a is a gauge; only a histogram has buckets"),
        ("{name: a, type: histogram, value: v, buckets: [2, 1]}", ".buckets: buckets are numbers above 0 that rise"),
        ("{name: a, type: histogram, value: v, buckets: []}", ".buckets: buckets are numbers .* not none"),
        ("{name: a, type: histogram, value: v, buckets: [1.0e-10, 2.0e-10]}", ".buckets: buckets are numbers"),
        ("{name: a, type: gauge, value: '@route'}", ".value: '@route' stands in no record: name a field"),
        ("{name: a, type: gauge, value: {field: v, unit: h}}", ".value.unit is 'h': invalid enum value 'h'"),
        (
            "{name: a, type: gauge, value: {field: v, scale: 0}}",
            ".value.scale: a scale is a number from 1e-18 to 1e\\+18, not 0",
        ),
        ("{name: a, type: gauge, value: {field: v, unit: ms, scale: 2}}", ".value: a unit is a scale already"),
        ("{name: a, type: gauge, value: a..b}", ".value: 'a..b' is no field"),
        ("{name: a, type: gauge, value: a.b.c.d.e.f.g.h.i}", ".value: .* is no field: .* 8 at most"),
        (
            "{name: a, type: gauge, value: {field: v, untt: s}}",
            "unknown key 'metrics.0.value.untt'; did you mean 'unit'",
        ),
        ("{name: a, type: gauge, value: v, lables: {}}", "unknown key 'metrics.0.lables'; did you mean 'labels'"),
        (
            "{name: a_total, type: counter, match: {s: {atleast: 1}}}",
            "'metrics.0.match.s.atleast'; did you mean 'at_least'",
        ),
        ("{name: a, type: histogram, value: {field: v, scale: 1.0e+305}}", r"a scale is a number from .*, not 1e\+305"),
        ("{name: a, type: histogram, value: {field: v, scale: 1.0e-310}}", "a scale is a number from .*, not 1e-310"),
        ("{name: a, type: histogram, value: v, buckets: [1, 1.0e+300]}", r"buckets.* not 1, 1e\+300"),
        ("{name: a_total, type: counter, match: {s: {pattern: '('}}}", r".match: s: '\(' is no regular expression"),
        ("{name: a_total, type: counter, match: {s: {pattern: '(a+)+'}}}", r".match: s: '\(a\+\)\+' repeats a group"),
        ("{name: a_total, type: counter, match: {s: {above: 2, below: 1}}}", ".match: s: no number is above 2"),
        ("{name: a_total, type: counter, match: {s: {}}}", ".match: s: a condition that asks for nothing"),
        (
            "{name: a_total, type: counter, match: {'@rout': x}}",
            ".match: '@rout' is not known; there are @method, @route",
        ),
        ("{name: a_total, type: counter, match: {s: null}}", ".match is .*: expected"),
        ("{name: a_total, type: counter, labels: {le: x}}", ".labels.le: 'le' cannot be a label: Prometheus keeps"),
        ("{name: a_total, type: counter, labels: {__a: x}}", ".labels.__a: '__a' cannot be a label: Prometheus keeps"),
        ("{name: a_total, type: counter, labels: {job: x}}", ".labels.job: 'job' cannot be a label: Prometheus keeps"),
        ("{name: a_total, type: counter, labels: {a-b: x}}", ".labels.a-b: 'a-b' cannot be a label: letters"),
        ("{name: a_total, type: counter, labels: {service: x}}", ".labels.service: 'service' is a label of a source"),
        ("{name: a_total, type: counter, labels: {l: ''}}", ".labels.l: '' is no field"),
        ("{name: a_total, type: counter, labels: {l: {field: x, pattern: '['}}}", r".labels.l: '\[' is no regular"),
        (
            "{name: a_total, type: counter, labels: {l: {field: x, values: [a]}}}",
            ".labels.l: the default '' is none of",
        ),
        (
            "{name: a_total, type: counter, labels: {l: {field: x, values: [a, a], default: a}}}",
            ".labels.l: values stand twice in a, a",
        ),
        (
            "{name: a_total, type: counter, labels: {l: {field: x, values: [a, b, c, d], default: a}}}",
            ".labels.l: 4 values, and limits.max_label_values allows 3",
        ),
        (
            f"{{name: a_total, type: counter, labels: {{l: {THREE_VALUES}, m: {TWO_VALUES}}}}}",
            ".labels: a_total begins with 6 series, the product .* limits.max_series allows 5",
        ),
    ],
)
def test_a_metric_that_cannot_be_is_refused_with_its_place(tmp_path: Path, metric: str, message: str) -> None:
    limits = "limits: {max_series: 5, max_label_values: 3}"
    text = f"sources: [{{labels: {{service: x}}}}]\n{limits}\nmetrics:\n  - {metric}\n"
    with pytest.raises(ConfigError, match=rf"logship\.yml:4: .*{message}") as refused:
        read(tmp_path, text)
    assert "metrics.0" in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{}", "drop.0: a rule without a condition would drop every line"),
        ("{'@route': x}", "drop.0: '@route' stands in no record: name a field"),
        ("{url: {patern: x}}", "unknown key 'drop.0.url.patern'; did you mean 'pattern'"),
    ],
)
def test_a_drop_rule_that_cannot_be_is_refused_with_its_place(tmp_path: Path, rule: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"logship\.yml:2: {message}"):
        read(tmp_path, f"drop:\n  - {rule}\n")


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("{name: a_total, type: counter}", "{name: a_total, type: counter}", "clashes with a"),
        ("{name: a, type: gauge, value: v}", "{name: a_total, type: counter}", "clashes with a"),
        ("{name: a_total, type: counter}", "{name: a, type: histogram, value: v}", "clashes with a"),
        ("{name: a, type: histogram, value: v}", "{name: a_sum_total, type: counter}", "clashes with a_sum"),
    ],
)
def test_two_metrics_never_share_the_name_of_a_sample(tmp_path: Path, first: str, second: str, clash: str) -> None:
    with pytest.raises(ConfigError, match=rf"logship\.yml:3: metrics\.1\.name: .* {clash}, which logship has from a"):
        read(tmp_path, f"metrics:\n  - {first}\n  - {second}\n")


def test_no_metric_takes_the_name_of_a_built_in_one() -> None:
    verdict = {"disk": Verdict(0.0, is_healthy=True)}
    tally = Tally(last_event=0.0, checks=verdict, writers={"b": Writer(((1, 1),), None, Word(1, 1))})
    families: list[Metric] = [
        *TallyCollector(lambda: tally, DEFAULT_BUCKETS, now=lambda: 0.0).collect(),
        *StandingCollector(lambda: Standing(saved_at=0.0)).collect(),
    ]
    own = {family.name for family in families if not family.name.startswith(_RESERVED_PREFIXES)}
    assert own <= _TAKEN


def test_the_documented_example_can_be_obeyed(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    own = read(tmp_path, example).own
    assert [metric.kind for metric in own.metrics] == ["counter", "histogram", "gauge"]
    assert len(own.drop) == 1


@pytest.mark.parametrize("kind", [MetricOptions, LabelOptions, ValueOptions, ConditionOptions])
def test_every_key_is_documented(kind: type) -> None:
    for key in (each.name for each in fields(kind)):
        assert re.search(rf"`{key}`|\W{key}:", DOCUMENT), key


@pytest.mark.parametrize("name", DERIVED)
def test_everything_derived_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT
