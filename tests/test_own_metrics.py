"""Own metrics count what a plain reading of their definition counts, however the lines are divided and written."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logship.conditions import Condition
from logship.measure import Dated, OwnLabel, OwnMetric, OwnMetrics, OwnValue, Sample, Tally
from logship.model import OTHER, Batch, OwnKey
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

LESSON = (Condition("message", one_of=("lesson",)),)
PLAN = OwnLabel(
    "plan",
    "user.plan",
    pattern=r"^(\w+)-",
    lower=True,
    map=(("p", "premium"),),
    default="none",
    values=("premium", "none"),
)
BOUNDS = (0.5, 1.0)
OWN = OwnMetrics(
    metrics=(
        OwnMetric("lessons_total", "counter", match=LESSON, labels=(OwnLabel("grade", "grade"), PLAN)),
        OwnMetric("took_total", "counter", match=LESSON, value=OwnValue("took", 0.001)),
        OwnMetric("took_seconds", "histogram", match=LESSON, value=OwnValue("took", 0.001), buckets=BOUNDS),
        OwnMetric("size", "gauge", value=OwnValue("size"), labels=(OwnLabel("level", "@level"),)),
        OwnMetric(
            "failed_total",
            "counter",
            match=(Condition("@status", at_least=500), Condition("url", pattern="^/")),
            labels=(OwnLabel("route", "@route"), OwnLabel("method", "@method")),
        ),
    ),
    drop=(
        (Condition("url", pattern="^/health"),),
        (Condition("noise", present=True), Condition("level", one_of=("debug",))),
    ),
)

scalars = st.sampled_from([True, False, 0, 1, 1.0, "1", "true", None, "x", 2.5, [1], {"a": 1}])
fields = st.fixed_dictionaries(
    {"message": st.sampled_from(["lesson", "HTTP Request", "other"]), "level": st.sampled_from(["info", "debug"])},
    optional={
        "grade": scalars,
        "user": st.just({"plan": "P-1"}) | st.just({"plan": "basic-2"}) | st.just({"plan": "x"}) | scalars,
        "took": st.sampled_from([500, 500.5, 1000, "700", 0, -1, 1e22, None, True, "soon", 2000]),
        "size": scalars,
        "noise": scalars,
        "timestamp": st.sampled_from(["2026-11-23T07:00:00Z", "2026-11-23T06:00:00.5Z", "never"]),
        "method": st.sampled_from(["GET", ""]),
        "url": st.sampled_from(["/a/7", "/a/8?x", "/health", "a"]),
        "route": st.sampled_from(["/r/:id", ""]),
        "status": st.sampled_from([200, 500, 503, 999, "500"]),
        "duration": st.sampled_from([1, 1.5, -2]),
        "sample_rate": st.sampled_from([0.5, 0.1, 2]),
    },
)
lines_of_records = st.lists(fields, max_size=12)


def encode(records: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(record).encode() + b"\n" for record in records]


def counted(batches: list[list[bytes]], own: OwnMetrics = OWN, fmt: str = "app") -> Tally:
    """Return what the pipeline makes of lines that come in batches, each taken at once."""
    pipeline, total = Pipeline(MeasureOptions(), {"": SourceOptions(fmt)}, own), Tally()
    total.add(pipeline.take())
    for lines in batches:
        data = b"".join(lines)
        pipeline.feed(Batch(0, 0, len(data), data))
        total.add(pipeline.take())
    return total


def plain_number(value: Any) -> float | None:
    if isinstance(value, bool) or value in ("x", "true", "soon") or not isinstance(value, int | float | str):
        return None
    return float(value)


def plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else value if isinstance(value, str) else ""


class Expected:
    """What own metrics are by their definition, record by record."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.own: dict[OwnKey, Sample] = OWN.zeros()
        self.unfit: Counter[str] = Counter()
        self.dropped = 0
        for record in records:
            self._record(record)

    def _add(self, name: str, labels: tuple[str, ...], sample: Sample) -> None:
        key = OwnKey(name, labels)
        self.own[key] = self.own[key].plus(sample) if key in self.own else sample

    def _record(self, record: dict[str, Any]) -> None:
        noise = record.get("noise")
        is_noise = noise is not None and not isinstance(noise, list | dict) and record["level"] == "debug"
        is_request = record["message"] == "HTTP Request"
        if is_request and isinstance(record.get("status"), str):
            record = {**record, "status": int(record["status"])}
        if record.get("url", "").startswith("/health") or is_noise:
            self.dropped += 1
        elif not is_request or self._is_sound(record):
            weight = round(1 / record["sample_rate"]) if is_request and record.get("sample_rate") else 1
            self._count(record, weight, is_request=is_request)

    def _is_sound(self, record: dict[str, Any]) -> bool:
        named = bool(record.get("method")) and bool(record.get("route") or record.get("url") is not None)
        valid = record.get("status") in (200, 500, 503) and record.get("duration", 0) >= 0
        return named and valid and record.get("sample_rate", 1) <= 1

    def _count(self, record: dict[str, Any], weight: int, *, is_request: bool) -> None:
        if record["message"] == "lesson":
            self._lesson(record)
        size = plain_number(record.get("size"))
        if size is None:
            self.unfit["size"] += 1
        else:
            at = {"2026-11-23T07:00:00Z": 0, "2026-11-23T06:00:00.5Z": 0}.get(record.get("timestamp", ""))
            seconds = datetime.fromisoformat(record["timestamp"]).timestamp() if at is not None else 0.0
            self._add("size", (record["level"],), Sample(1, 0, (), Dated(seconds, size)))
        if is_request and record["status"] >= 500 and record.get("url", "").startswith("/"):
            route = record.get("route") or "/a/:id"
            self._add("failed_total", (route, record["method"]), Sample(weight, weight * 10**9))

    def _lesson(self, record: dict[str, Any]) -> None:
        user = record.get("user")
        plan = user.get("plan", "") if isinstance(user, dict) else ""
        found = {"P-1": "premium", "basic-2": OTHER}.get(plan, "none")
        self._add("lessons_total", (plain_text(record.get("grade")), found), Sample(1, 10**9))
        took = plain_number(record.get("took"))
        if took is None or not 0 <= took <= 1e20:
            self.unfit.update(["took_total", "took_seconds"])
            return
        nano = round(took * 1_000_000)
        self._add("took_total", (), Sample(1, nano))
        buckets = [0, 0, 0]
        buckets[bisect_left(BOUNDS, took / 1000)] = 1
        self._add("took_seconds", (), Sample(1, nano, tuple(buckets)))


@given(lines_of_records)
def test_own_metrics_are_what_their_definition_says(records: list[dict[str, Any]]) -> None:
    tally, expected = counted([encode(records)]), Expected(records)
    assert tally.own == expected.own
    assert tally.own_unfit == +expected.unfit


@settings(max_examples=50)
@given(lines_of_records, st.sets(st.integers(1, 11)))
def test_the_division_of_the_lines_does_not_matter(records: list[dict[str, Any]], cuts: set[int]) -> None:
    lines = encode(records)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    batches = [lines[start:end] for start, end in pairwise(bounds)]
    apart, together = counted(batches), counted([lines])
    assert (apart.own, apart.own_unfit, apart.ruled_out) == (together.own, together.own_unfit, together.ruled_out)


@settings(max_examples=25)
@given(lines_of_records)
def test_a_damaged_line_beside_them_changes_nothing_for_the_others(records: list[dict[str, Any]]) -> None:
    lines = encode(records)
    assert counted([[b"{\n", *lines, b"{]\n"]]).own == counted([lines]).own


@settings(max_examples=25)
@given(lines_of_records)
def test_every_line_has_one_outcome_and_a_dropped_one_counts_nowhere_else(records: list[dict[str, Any]]) -> None:
    tally = counted([encode(records)])
    assert tally.lines == len(records)
    kept = [record for record in records if Expected([record]).dropped == 0]
    without = counted([encode(kept)])
    assert (tally.series, tally.messages, tally.not_request) == (without.series, without.messages, without.not_request)


@settings(max_examples=25)
@given(lines_of_records)
def test_own_metrics_change_no_built_in_number(records: list[dict[str, Any]]) -> None:
    lines = encode(records)
    without, beside = counted([lines], OwnMetrics()), counted([lines], OwnMetrics(OWN.metrics))
    for tally in (without, beside):
        tally.own, tally.own_unfit = {}, Counter()
    assert beside == without


def test_what_the_writer_says_of_itself_counts_although_it_is_dropped() -> None:
    records = [
        {"message": "heartbeat", "level": "info", "active": 3, "heartbeat_seconds": 15, "seq": 1, "boot_id": "b"},
        {"message": "log records dropped", "level": "info", "dropped": 4, "seq": 2, "boot_id": "b"},
        {"message": "x", "level": "info", "seq": 3, "boot_id": "b"},
    ]
    tally = counted([encode(records)], OwnMetrics(drop=((Condition("level", one_of=("info",)),),)))
    assert (tally.ruled_out, tally.dropped, tally.not_request) == (3, 4, 0)
    writer = tally.writers["b"]
    assert (writer.runs, writer.heartbeat_seconds) == (((1, 3),), 15)


@pytest.mark.parametrize("fmt", ["app", "winston", "pino-http", "logfmt"])
def test_own_metrics_are_counted_in_every_kind_of_format(fmt: str) -> None:
    own = OwnMetrics((OwnMetric("a_total", "counter", match=(Condition("kind", one_of=("x",)),)),))
    text = b"kind=x level=info msg=hello\n" if fmt == "logfmt" else b'{"kind":"x","level":30,"msg":"hello"}\n'
    text = text if fmt in ("logfmt", "pino-http") else b'{"kind":"x","level":"info","message":"hello"}\n'
    assert counted([[text]], own, fmt).own == {OwnKey("a_total", ()): Sample(1, 10**9)}


def test_a_flood_of_label_values_is_crowded() -> None:
    own = OwnMetrics((OwnMetric("a_total", "counter", labels=(OwnLabel("n", "n"),)),))
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions("app")}, own)
    data = b"".join(b'{"n":%d}\n' % number for number in range(20_000))
    pipeline.feed(Batch(0, 0, len(data), data))
    assert pipeline.is_crowded
    assert len(pipeline.take().own) == 20_000
    assert not pipeline.is_crowded


def test_labels_hold_nothing_that_an_exposition_cannot() -> None:
    own = OwnMetrics((OwnMetric("a_total", "counter", labels=(OwnLabel("n", "n"),)),))
    lines = [b'{"n":"a\\u0000b"}\n', b'{"n":"\\ud800"}\n', b'{"n":"' + b"x" * 513 + b'"}\n']
    tally = counted([lines], own)
    assert {key.values[0] for key in tally.own} == {"a\ufffdb", "?", OTHER}
    assert tally.folded == 1


def test_sources_with_labels_have_zeros_of_their_own() -> None:
    own = OwnMetrics((OwnMetric("a_total", "counter"),))
    sources = {"a": SourceOptions(labels=(("service", "a"),)), "b": SourceOptions(labels=(("service", "b"),))}
    tally = Pipeline(MeasureOptions(), sources, own).take()
    assert not tally.own
    assert {labels: part.own for labels, part in tally.parts.items()} == {
        (("service", name),): {OwnKey("a_total", ()): Sample(0, 0)} for name in "ab"
    }
