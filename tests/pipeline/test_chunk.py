"""What is derived for whole chunks is what the built-in numbers say, whatever stands between the requests."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.conditions import Condition
from logship.measure import OwnLabel, OwnMetric, OwnMetrics, Tally
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

REQUESTS = (Condition("message", one_of=("HTTP Request",)),)
DERIVED = ("@method", "@route", "@status", "@level")
LABELS = tuple(OwnLabel(field[1:], field) for field in DERIVED)
ALL = OwnMetric("all_total", "counter", match=REQUESTS, labels=LABELS[:3])
RARE = OwnMetric("rare_total", "counter", match=(*REQUESTS, Condition("status", at_least=500)), labels=LABELS[:3])
LEVELS = OwnMetric("levels_total", "counter", labels=LABELS[3:])
DROP = ((Condition("url", pattern="^/health"),),)

sound = st.fixed_dictionaries(
    {
        "message": st.just("HTTP Request"),
        "level": st.sampled_from(["info", "warn"]),
        "method": st.sampled_from(["GET", "PUT"]),
        "url": st.sampled_from(
            ["/a/7", "/a/8?x", "/health", "/b", *(f"/names/{one}{two}" for one in "xyz" for two in "xyz")]
        ),
        "status": st.sampled_from([200, 200, 404, 503]),
        "duration": st.sampled_from([1, 2.5]),
    },
    optional={"route": st.sampled_from(["/r/:id", "/names/xx", "/names/zz"])},
)
other = st.just({"message": "other", "level": "debug"})
odd: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, sound, duration=st.sampled_from([-1, None, 1e16])),
    st.builds(dict, sound, status=st.just(999)),
    st.builds(dict, sound, sample_rate=st.sampled_from([0.5, 7])),
    st.builds(dict, sound, url=st.none()),
)
ordinary_lines = st.lists(st.one_of(sound, sound, sound, other), min_size=1, max_size=60)
odd_lines = st.lists(st.one_of(sound, sound, sound, other, odd), min_size=1, max_size=60)
SEEN_BEFORE = [
    {"message": "HTTP Request", "level": "info", "method": "GET", "url": f"/names/{one}{two}", "status": 200}
    for one in "abcdefg"
    for two in "abcdefghijklmn"
]


def count(records: list[dict[str, Any]], own: OwnMetrics) -> Tally:
    """Return the numbers of lines that come after so many that a segment is soon learned to be a parameter."""
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions("app")}, own)
    for batch in (SEEN_BEFORE, records):
        lines = b"".join(json.dumps(record).encode() + b"\n" for record in batch)
        pipeline.feed(Batch(0, 0, len(lines), lines))
    return pipeline.take()


@pytest.mark.parametrize("drop", [(), DROP], ids=["all", "some dropped"])
@given(records=st.one_of(ordinary_lines, odd_lines))
def test_each_request_counts_under_the_labels_of_the_built_in_metrics(
    drop: tuple[tuple[Condition, ...], ...], records: list[dict[str, Any]]
) -> None:
    tally = count(records, OwnMetrics((ALL, RARE, LEVELS), drop))
    built_in = {tuple(labels): series.requests for labels, series in tally.series.items()}
    own = {name: {key.values: each.records for key, each in tally.own.items() if key.metric == name} for name in NAMES}
    assert own["all_total"] == built_in
    assert own["rare_total"] == {labels: count for labels, count in built_in.items() if labels[2] >= "500"}
    if all(record.get("sample_rate") is None for record in records):
        assert {level: count for (level,), count in own["levels_total"].items()} == +tally.messages


NAMES = (ALL.name, RARE.name, LEVELS.name)


def test_routes_of_few_requests_do_not_shift_those_of_all() -> None:
    requests = [
        {"message": "HTTP Request", "method": "GET", "url": f"/{'abcdef'[number % 6]}/{number}", "status": status}
        for number, status in enumerate([503, *[200] * 20, 503])
    ]
    tally = count(requests, OwnMetrics((RARE, ALL)))
    counted = Counter({tuple(labels): series.requests for labels, series in tally.series.items()})
    assert {key.values: each.records for key, each in tally.own.items() if key.metric == ALL.name} == counted


@pytest.mark.parametrize(
    "odd",
    [{"duration": -1}, {"sample_rate": 0.5}, {"sample_rate": 0.5, "url": "/b"}, {"status": 999}, {"url": None}],
    ids=str,
)
def test_one_odd_request_among_many_is_seen(odd: dict[str, Any]) -> None:
    """Its labels have been counted before, so that nothing else gives it away."""
    request = {"message": "HTTP Request", "level": "info", "method": "GET", "url": "/a/7", "status": 200, "duration": 1}
    tally = count([*[request] * 9, request | odd, *[request] * 9], OwnMetrics((ALL,)))
    built_in = {tuple(labels): series.requests for labels, series in tally.series.items()}
    assert {key.values: each.records for key, each in tally.own.items()} == built_in


def test_routes_of_a_learned_segment_count_under_its_name() -> None:
    requests = [{"message": "HTTP Request", "method": "GET", "url": f"/names/z{at}", "status": 200} for at in "opqrst"]
    tally = count(requests, OwnMetrics((ALL,)))
    built_in = {tuple(labels): series.requests for labels, series in tally.series.items()}
    assert built_in["GET", "/names/:param", "200"] == 4  # of the six, beside the 98
    assert {key.values: each.records for key, each in tally.own.items()} == built_in
