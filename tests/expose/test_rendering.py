"""What is rendered is, byte for byte, what prometheus_client writes, however one view follows another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from logship.expose import Renderer, Standing, StandingCollector, TallyCollector, View, registry_of
from logship.expose.lines import Form, count_text, number_text
from logship.expose.series import Durations
from logship.measure import UNITS, Dated, Exemplar, ExemplarKey, OwnLabel, OwnMetric, Sample, Series, Tally, Verdict
from logship.model import LabelSet, OwnKey, Reason, SeriesKey

NOW = 1_795_000_130.0
BUCKETS = (0.1, 2.5, 1e7)

METRICS = (
    OwnMetric("jobs_total", "counter", 'Jobs\nof "two" lines.', labels=(OwnLabel("zone", "z"), OwnLabel("area", "a"))),
    OwnMetric("depth", "gauge", labels=(OwnLabel("queue", "q"),)),
    OwnMetric("fever", "histogram", labels=(OwnLabel("le_grand", "l"), OwnLabel("a", "a")), buckets=(-1.0, 0.5)),
    OwnMetric("size_bytes", "histogram", buckets=(1.0,)),
)

texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('\\"\n\r{}%sd,= \u2028')), max_size=8
)
counts = st.one_of(st.integers(0, 3), st.integers(999_990, 1_000_010), st.integers(0, 2**70))
times = st.floats(0, 4e9)
floats = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1e-7, 1e6, 999_999.9, 1e16, -5.0]))
constants = st.one_of(
    st.just(()),
    st.tuples(st.tuples(st.just("app"), texts)),
    st.tuples(st.tuples(st.sampled_from(["pod", "le_x"]), texts)),
)
labels = st.builds(LabelSet, st.sampled_from(["GET", "POST"]), texts, st.sampled_from(["200", "500"]))
series = st.builds(
    Series,
    counts,
    st.one_of(st.just((0, 0, 0, 0)), st.tuples(*[counts] * 4)),
    st.integers(0, 2**80),
    st.just(0),
    st.just({}),
)
samples = {
    "jobs_total": st.builds(Sample, counts, st.integers(0, 2**80)),
    "depth": st.builds(Sample, counts, st.just(0), st.just(()), st.one_of(st.none(), st.builds(Dated, times, floats))),
    "fever": st.builds(Sample, counts, st.integers(-(2**70), 2**70), st.tuples(counts, counts, counts)),
    "size_bytes": st.builds(Sample, counts, st.integers(0, 10 * UNITS), st.tuples(counts, counts)),
    "unknown_total": st.builds(Sample, counts, st.just(1)),
}
lengths = {"jobs_total": 2, "depth": 1, "fever": 2, "size_bytes": 0, "unknown_total": 1}


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    own = {}
    for name in draw(st.lists(st.sampled_from(sorted(samples)), max_size=6)):
        own[OwnKey(name, tuple(draw(st.lists(texts, min_size=lengths[name], max_size=lengths[name]))))] = draw(
            samples[name]
        )
    return Tally(
        series=draw(st.dictionaries(labels, series, max_size=6)),
        messages=Counter(draw(st.dictionaries(texts, counts, max_size=2))),
        rejected=Counter(draw(st.dictionaries(st.sampled_from(list(Reason)), counts, max_size=2))),
        own=own,
        checks={name: Verdict(NOW, is_healthy=True) for name in draw(st.lists(texts, max_size=1))},
        last_event=draw(st.one_of(st.none(), times)),
    )


@st.composite
def views(draw: st.DrawFn, before: View | None = None) -> View:
    """A view of any numbers, or one that has some of them in common with another."""
    tally = draw(tallies())
    tally.parts = {constant: draw(tallies()) for constant in draw(st.lists(constants.filter(bool), max_size=2))}
    if before is not None and draw(st.booleans()):
        tally.series = {**before.tally.series, **tally.series}
        tally.own = {**before.tally.own, **tally.own}
    known: list[SeriesKey] = []
    for constant, part in tally.by_labels():
        known += ((constant, labels) for labels in part.series)
        known += ((constant, key) for key in part.own)
    created: Mapping[SeriesKey, float] = {key: draw(times) for key in known if draw(st.booleans())}
    exemplars: dict[ExemplarKey, Exemplar] = {
        (constant, key, draw(st.integers(0, 3))): Exemplar(draw(times), draw(texts), draw(floats))
        for constant, key in known
        if isinstance(key, LabelSet) and draw(st.booleans())
    }
    if before is not None:
        created = draw(st.sampled_from([created, before.created]))
        exemplars = draw(st.sampled_from([exemplars, dict(before.exemplars)]))
    standing = Standing(2, 100, {"opened": 3})
    if before is not None and draw(st.integers(0, 5)):
        return replace(before, tally=tally, created=created, exemplars=exemplars, standing=standing)
    buckets = draw(st.sampled_from([BUCKETS, (1.0, 2.0, 3.0)]))
    metrics = draw(st.sampled_from([METRICS, METRICS[:2], ()]))
    return View(tally, buckets, created, draw(st.sampled_from([0.0, NOW])), standing, metrics, exemplars)


@st.composite
def successions(draw: st.DrawFn) -> list[View]:
    found = [draw(views())]
    for _ in range(draw(st.integers(0, 3))):
        found.append(draw(views(found[-1])))
    return found


class WithoutCreated(Collector):
    """Leave creation times out: only OpenMetrics has them, and the encoder of text would make a gauge of each."""

    def __init__(self, whole: Collector) -> None:
        self._whole = whole

    def collect(self) -> Iterator[Metric]:
        for metric in self._whole.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def as_the_client_has_it(view: View, *, openmetrics: bool) -> bytes:
    counted = TallyCollector(
        lambda: view.tally, view.buckets, view.created_of, lambda: NOW, view.metrics, exemplars=view.exemplars
    )
    registry = registry_of(counted, StandingCollector(lambda: view.standing))
    if openmetrics:
        return generate_openmetrics(registry)  # type: ignore[no-untyped-call, no-any-return]  # as the package has it
    return generate_latest(registry_of(WithoutCreated(registry)))


@given(successions())
def test_it_is_what_the_client_library_writes(succession: list[View]) -> None:
    shown = succession[:1]
    renderer = Renderer(lambda: shown[0], now=lambda: NOW)
    for shown[0] in succession:
        for openmetrics in (False, True):
            expected = as_the_client_has_it(shown[0], openmetrics=openmetrics)
            assert renderer.render(openmetrics=openmetrics) == expected


@given(st.one_of(floats, st.floats(999_999, 1_000_001)), counts)
def test_numbers_are_written_as_the_client_library_does(value: float, count: int) -> None:
    from prometheus_client.utils import floatToGoString

    assert number_text(value) == floatToGoString(value)  # type: ignore[no-untyped-call]
    assert count_text(count) == floatToGoString(count)  # type: ignore[no-untyped-call]


VIEW = View(
    Tally(
        series={
            LabelSet("GET", "/a", "200"): Series(2, (1, 1, 0, 0), 5, 5, {}),
            LabelSet("GET", 'x http_requests_total{a="\r\n"} 1', "200"): Series(1, (1, 0, 0, 0), 5, 5, {}),
        },
        messages=Counter(info=3),
    ),
    BUCKETS,
)


@pytest.mark.parametrize("openmetrics", [False, True])
@pytest.mark.parametrize(
    ("names", "samples"),
    [
        (["http_requests_total"], {"http_requests_total"}),
        (["http_requests"], {"http_requests_total"}),
        (["http_request_duration_seconds_sum"], {"http_request_duration_seconds_sum"}),
        (["log_messages_total", "logship_lost_lines_total"], {"log_messages_total", "logship_lost_lines_total"}),
        (["http", "a", "nobody", ""], set()),
    ],
)
def test_names_choose_samples_or_families(names: list[str], samples: set[str], openmetrics: bool) -> None:  # noqa: FBT001
    text = Renderer(lambda: VIEW).render(openmetrics=openmetrics, names=names).decode()
    all_lines = Renderer(lambda: VIEW).render(openmetrics=openmetrics).decode().split("\n")
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert {line.partition("{")[0].partition(" ")[0] for line in lines} == samples
    assert lines == [line for line in all_lines if line.partition("{")[0].partition(" ")[0] in samples]
    assert text.count("# TYPE ") == len({sample.removesuffix("_sum") for sample in samples})
    assert text.endswith("# EOF\n") == openmetrics


@pytest.mark.parametrize("openmetrics", [False, True])
def test_other_collectors_come_last(openmetrics: bool) -> None:  # noqa: FBT001
    class Others(Collector):
        def collect(self) -> Iterator[Metric]:
            metric = Metric("other", "Something else.", "gauge")
            metric.add_sample("other", {}, 1.5)
            yield metric

    alone = Renderer(lambda: VIEW, now=lambda: NOW).render(openmetrics=openmetrics)
    both = Renderer(lambda: VIEW, [Others()], now=lambda: NOW).render(openmetrics=openmetrics)
    eof = b"# EOF\n" if openmetrics else b""
    assert both == alone.removesuffix(eof) + b"# HELP other Something else.\n# TYPE other gauge\nother 1.5\n" + eof


def test_only_series_that_changed_are_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [LabelSet("GET", f"/{number}", "200") for number in range(500)]
    before = View(Tally(series={labels: Series(1, (1, 0, 0, 0), 5, 5, {}) for labels in routes}), BUCKETS)
    after = replace(before, tally=replace(before.tally, series=dict(before.tally.series)))
    after.tally.series[routes[7]] = Series(2, (2, 0, 0, 0), 5, 5, {})
    shown = [before]
    renderer = Renderer(lambda: shown[0])
    renderer.render(openmetrics=False)
    written: list[LabelSet] = []
    original = Durations.numbers

    def numbers(self: Durations, labels: LabelSet, each: Series, form: Form) -> Sequence[float | bytes]:
        written.append(labels)
        return original(self, labels, each, form)

    monkeypatch.setattr(Durations, "numbers", numbers)
    shown[0] = after
    renderer.render(openmetrics=False)
    assert routes[7] in written
    assert len(written) < len(routes) / 2, "its page, and no other"
