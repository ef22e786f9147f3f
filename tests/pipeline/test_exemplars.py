"""Recent requests with a trace id are found under the labels and in the bucket in which they were counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Exemplar, Exemplars
from logship.model import Batch, LabelSet
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

LABELS = (("service", "a"),)
SOURCES = {"": SourceOptions(), "ecs": SourceOptions("ecs", LABELS)}
TIME = "2026-11-23T07:00:00Z"
AT = 1795417200.0


def request(trace_id: object = "abc", **fields: object) -> bytes:
    usual = {"message": "HTTP Request", "method": "GET", "url": "/a/1", "status": 200, "duration": 150}
    return (json.dumps(usual | {"timestamp": TIME, "trace_id": trace_id} | fields) + "\n").encode()


def found(*batches: bytes, source: str = "", options: MeasureOptions = MeasureOptions()) -> Exemplars:  # noqa: B008
    pipeline = Pipeline(options, SOURCES, with_exemplars=True)
    for lines in batches:
        pipeline.feed(Batch(0, 0, len(lines), lines, source=source))
    return pipeline.take_exemplars()


def test_a_request_with_a_trace_id_is_an_exemplar_of_its_bucket() -> None:
    assert found(request()) == {((), LabelSet("GET", "/a/:id", "200"), 1): Exemplar(AT, "abc", 0.15)}


def test_the_latest_request_of_a_bucket_is_its_exemplar() -> None:
    later, earlier = request("later", timestamp="2026-11-23T07:00:01Z"), request("earlier")
    assert [each.trace_id for each in found(later + earlier).values()] == ["later"]
    assert [each.trace_id for each in found(earlier, later).values()] == ["later"]
    assert [each.trace_id for each in found(later, earlier).values()] == ["later"]


@pytest.mark.parametrize(
    "line",
    [
        request(None),
        request(""),
        request(17),
        request("0" * 32),
        request("a" * 65),
        request("00-" + "0" * 32 + "-00f067aa0ba902b7-01"),
        request('a"b'),
        request(message="other"),
        request(status=7),
        request(duration=None),
        request(duration=-1),
        request(method=None),
        b"not JSON with a trace_id\n",
    ],
)
def test_what_is_no_exemplar(line: bytes) -> None:
    assert found(request(None) + line) == {}


def test_other_formats_and_sources_with_labels_have_exemplars_too() -> None:
    line = {"http": {"request": {"method": "GET"}, "response": {"status_code": 200}}, "url": {"path": "/a"}}
    line |= {"event": {"duration": 3_000_000}, "trace.id": "abc", "@timestamp": TIME, "ecs.version": "1.6.0"}
    logged = (json.dumps(line) + "\n").encode()
    assert found(logged, source="ecs") == {(LABELS, LabelSet("GET", "/a", "200"), 0): Exemplar(AT, "abc", 0.003)}


@pytest.mark.parametrize(
    "text",
    [
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "projects/heroes/traces/4bf92f3577b34da6a3ce929d0e0e4736",
    ],
)
def test_a_trace_id_is_found_in_what_carries_it(text: str) -> None:
    assert [each.trace_id for each in found(request(text)).values()] == ["4bf92f3577b34da6a3ce929d0e0e4736"]


@given(st.integers(0, 12000), st.integers(1, 5))
def test_only_the_end_of_a_chunk_is_read_again(padding: int, count: int) -> None:
    end = b"".join(request(f"t{number}", timestamp=f"2026-11-23T07:00:0{number}Z") for number in range(count))
    lines = request("first", status=500) + request(None, pad="x" * padding) + end
    exemplars = found(lines)
    assert exemplars[(), LabelSet("GET", "/a/:id", "200"), 1].trace_id == f"t{count - 1}"
    assert (((), LabelSet("GET", "/a/:id", "500"), 1) in exemplars) == (len(lines) <= 8192)


def test_nothing_is_noted_where_nobody_asks() -> None:
    pipeline = Pipeline(MeasureOptions())
    pipeline.feed(Batch(0, 0, 1, request()))
    assert pipeline.take_exemplars() == {}
