"""Own metrics are exposed as the configuration states them, in forms that Prometheus accepts."""

from __future__ import annotations

import subprocess

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from logship.expose import Renderer, View, exposition
from logship.measure import DEFAULT_BUCKETS, Dated, OwnLabel, OwnMetric, OwnValue, Sample, Tally
from logship.model import Constant, OwnKey, SeriesKey

METRICS = (
    OwnMetric("lessons_total", "counter", help="Lessons\nthat were\\ended.", labels=(OwnLabel("grade", "grade"),)),
    OwnMetric("took_seconds", "histogram", value=OwnValue("took"), buckets=(0.5, 1.0), labels=(OwnLabel("a", "a"),)),
    OwnMetric("waiting", "gauge", value=OwnValue("waiting"), labels=(OwnLabel("a", "a"), OwnLabel("b", "b"))),
    OwnMetric("never_total", "counter"),
)
TALLY = Tally(
    own={
        OwnKey("lessons_total", ('a "quoted" \\ one\n',)): Sample(3, 3_000_000_000),
        OwnKey("lessons_total", ("",)): Sample(1, 500_000_000),
        OwnKey("took_seconds", ("x",)): Sample(4, 1_750_000_001, (1, 2, 1)),
        OwnKey("waiting", ("x", "y")): Sample(2, 0, (), Dated(5.0, -2.5)),
    }
)


def own_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("lessons", "took", "waiting", "never"))]


def test_samples_are_what_was_counted() -> None:
    assert own_lines(exposition(TALLY, DEFAULT_BUCKETS, METRICS)) == [
        'lessons_total{grade=""} 0.5',
        'lessons_total{grade="a \\"quoted\\" \\\\ one\\n"} 3.0',
        'took_seconds_bucket{a="x",le="0.5"} 1.0',
        'took_seconds_bucket{a="x",le="1.0"} 3.0',
        'took_seconds_bucket{a="x",le="+Inf"} 4.0',
        'took_seconds_count{a="x"} 4.0',
        'took_seconds_sum{a="x"} 1.750000001',
        'waiting{a="x",b="y"} -2.5',
    ]


def test_sources_with_labels_have_series_of_their_own() -> None:
    service: Constant = (("service", "x"),)
    tally = Tally(own={OwnKey("never_total", ()): Sample(1, 1_000_000_000)})
    tally.part(service).own = {OwnKey("never_total", ()): Sample(2, 2_000_000_000)}
    text = exposition(tally, DEFAULT_BUCKETS, METRICS)
    assert own_lines(text) == ["never_total 1.0", 'never_total{service="x"} 2.0']
    assert text.count("# TYPE never_total counter") == 1


def test_openmetrics_says_when_a_series_began() -> None:
    created: dict[SeriesKey, float] = {((), key): 7.0 for key in TALLY.own}
    view = View(tally=TALLY, created=created, metrics=METRICS)
    text = Renderer(lambda: view).render(openmetrics=True).decode()
    families = list(parse_openmetrics(text))  # type: ignore[no-untyped-call]  # as the package has it
    began = {sample.name: sample.value for family in families for sample in family.samples if "_created" in sample.name}
    assert began == {"lessons_created": 7.0, "took_seconds_created": 7.0}


def test_promtool_has_nothing_to_say(promtool: str) -> None:
    text = exposition(TALLY, DEFAULT_BUCKETS, METRICS)
    checked = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")
