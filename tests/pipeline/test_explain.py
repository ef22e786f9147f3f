"""What is explained is what counts: outcome by outcome, and number by number, for any lines of any format."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.conditions import Condition
from logship.measure import Admission, Origin, OwnLabel, OwnMetric, OwnMetrics, Tally
from logship.model import Batch, Reason
from logship.parse import FORMATS
from logship.pipeline import Choice, Explained, Explainer, MeasureOptions, Outcome, Pipeline, SourceOptions
from logship.pipeline.explain import LONG_LABEL

DATA = Path(__file__).parent.parent / "data" / "formats"
SAMPLES = {
    fmt.name: (DATA / f"{fmt.name}.log").read_bytes().splitlines(keepends=True)
    for fmt in FORMATS
    if (DATA / f"{fmt.name}.log").exists()
}
WRAPPED = [line for wrap in ("docker", "cri") for line in (DATA / f"{wrap}.log").read_bytes().splitlines(keepends=True)]
OWN = OwnMetrics(
    (
        OwnMetric("things_total", "counter", match=(Condition("level", one_of=("info", "error")),)),
        OwnMetric("asked_total", "counter", labels=(OwnLabel("route", "@route"),)),
    ),
    ((Condition("url", pattern="health"),),),
)
HOSTILE = (
    b"\n",
    b"\0\0\n",
    b"not JSON\n",
    b"{}\n",
    b"[1]\n",
    b'{"message":"HTTP Request"}\n',
    b'{"message":"HTTP Request","method":"GET","url":"/health","status":200,"duration":1}\n',
    b'{"message":"HTTP Request","method":"GET","route":"' + b"r" * 600 + b'","status":200,"duration":1}\n',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":"x","duration":1}\n',
    b'{"method":"GET","url":"/","status":200,"duration":12}\n',
    b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"\\ud800"}},{"severityNumber":9}]}]}]}\n',
    b'{"log":"a\\nb\\n","stream":"stdout"}\n',
    b'{"log":"part","stream":"stdout"}\n',
    b"\xff\xfe\n",
)
lines = st.lists(
    st.sampled_from([*HOSTILE, *WRAPPED, *(line for each in SAMPLES.values() for line in each)]), max_size=25
)
sources = st.builds(
    SourceOptions,
    format=st.sampled_from([None, None, "app", "winston", "otlp-json", "combined", "nginx-json"]),
    labels=st.sampled_from([(), (("service", "a"),)]),
    wrap=st.sampled_from([None, None, "docker", "cri"]),
)


def explainer(source: SourceOptions, own: OwnMetrics = OwnMetrics(), max_series: int = 1000) -> Explainer:  # noqa: B008
    return Explainer(MeasureOptions(), {"": source}, own, Admission(max_series))


def counted(log: bytes, source: SourceOptions, own: OwnMetrics, max_series: int) -> Tally:
    pipeline, total = Pipeline(MeasureOptions(), {"": source}, own), Tally()
    pipeline.feed(Batch(0, 0, len(log), log))
    total.add(Admission(max_series).admit(total, pipeline.take()))
    return total


def without_bytes(tally: Tally) -> Tally:
    """Return a tally without what depends on the division into batches: its bytes, the span of events, empty parts."""
    for _, part in tally.by_labels():
        part.read_bytes, part.first_event, part.last_event = 0, None, None
    tally.parts = {labels: part for labels, part in tally.parts.items() if part != Tally()}
    return tally


@given(
    lines,
    sources,
    st.sampled_from([OwnMetrics(), OWN]),
    st.integers(1, 5),
    st.sampled_from(["at once", "line by line"]),
)
def test_the_sums_are_those_of_the_pipeline(
    log: list[bytes], source: SourceOptions, own: OwnMetrics, max_series: int, division: str
) -> None:
    explains = explainer(source, own, max_series)
    text = b"".join(log)
    batches = [text] if division == "at once" or source.wrap is not None else log
    explained = [each for lines in batches for each in explains.explain(Batch(0, 0, len(lines), lines))]
    expected = counted(text, source, own, max_series)
    assert without_bytes(explains.total) == without_bytes(expected)
    assert sum(explains.formats.values()) == len(explained) == expected.whole().lines
    assert outcomes_of(explained) == outcomes(expected.whole())
    assert all(each.change.whole().lines == 1 for each in explained)


@given(lines, sources, st.integers(1, 5))
def test_what_is_counted_without_being_explained_adds_up_the_same(
    log: list[bytes], source: SourceOptions, max_series: int
) -> None:
    explains, divided = explainer(source, OWN, max_series), b"".join(log[5:])
    for lines in [*log[:5], divided] if source.wrap is None else [b"".join(log)]:
        batch = Batch(0, 0, len(lines), lines)
        if lines is not divided or not explains.count(batch):
            list(explains.explain(batch))
    assert without_bytes(explains.total) == without_bytes(counted(b"".join(log), source, OWN, max_series))
    assert sum(explains.formats.values()) == explains.total.whole().lines


def explained(line: bytes, source: SourceOptions = SourceOptions(), **limits: int) -> Explained:  # noqa: B008
    return next(
        Explainer(MeasureOptions(routes=("/zoo/:animal",)), {"": source}, OwnMetrics(), Admission(**limits)).explain(
            Batch(0, 0, len(line), line)
        )
    )


def request(**fields: object) -> bytes:
    usual = {"message": "HTTP Request", "method": "GET", "url": "/a", "status": 200, "duration": 12}
    return (json.dumps(usual | fields) + "\n").encode()


@pytest.mark.parametrize(
    ("line", "label", "origin"),
    [
        (request(route="/own/{id}"), "/own/{id}", Origin.OWN),
        (request(url="/zoo/bear?x=1"), "/zoo/:animal", Origin.DECLARED),
        (request(url="/heroes"), "/heroes", Origin.PATH),
        (request(url="/heroes/17"), "/heroes/:id", Origin.TEMPLATE),
        (request(url="/nope", status=404), "unmatched", Origin.UNMATCHED),
        (request(route="r" * 600), "__other__", None),
    ],
)
def test_a_route_is_told_with_where_it_comes_from(line: bytes, label: str, origin: Origin | None) -> None:
    said = explained(line)
    assert (said.label, said.origin) == (label, origin)


def test_a_learned_route_is_told_as_one() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    log = [request(url=f"/users/{one}{two}") for one in letters[:5] for two in letters]
    said = list(explainer(SourceOptions()).explain(Batch(0, 0, 0, b"".join(log))))
    assert [each.origin for each in said] == [Origin.PATH] * 100 + [Origin.LEARNED] * 30
    assert said[-1].label == "/users/:param"


def test_the_limit_that_folded_a_request_is_told() -> None:
    log = request(url="/a") + request(url="/b") + request(route="r" * 600)
    for limits, told in (({"max_series": 1}, "limits.max_series"), ({"max_routes": 1}, "limits.max_routes")):
        explains = Explainer(MeasureOptions(), {}, OwnMetrics(), Admission(**limits))
        said = list(explains.explain(Batch(0, 0, len(log), log)))
        assert [each.limits for each in said] == [(), (told,), (LONG_LABEL,)]
        assert [each.label for each in said] == ["/a", "__other__", "__other__"]


def test_the_choice_of_a_format_is_told() -> None:
    ambiguous = b'{"method":"GET","url":"/","status":200,"duration":12}\n'
    log = b'{"message":"before"}\n' + ambiguous + request() + b'{"message":"behind"}\n'
    said = list(explainer(SourceOptions()).explain(Batch(0, 0, len(log), log)))
    assert [each.choice for each in said] == [Choice.UNDECIDED, Choice.AMBIGUOUS, Choice.FOUND, Choice.FOUND]
    assert [each.format for each in said] == [None, None, "winston", "winston"]
    assert {"slog", "zap"} <= set(said[1].candidates)
    assert explained(request(), SourceOptions("winston")).choice is Choice.NAMED


def test_fields_are_told_as_they_are_read_and_as_written_where_they_cannot_be() -> None:
    line = request(level="info", timestamp="2026-11-23T07:00:00Z", trace_id="abc")
    assert explained(line).fields == {
        "method": "GET",
        "url": "/a",
        "status": 200,
        "duration": 0.012,
        "level": "info",
        "time": 1795417200.0,
        "trace_id": "abc",
    }
    refused = explained(request(status="many", duration="12.3ms"), SourceOptions("winston"))
    assert refused.reason is Reason.INVALID_STATUS
    assert refused.fields == {"method": "GET", "url": "/a", "status": "many", "duration": "12.3ms"}


def test_each_record_of_an_otlp_export_is_explained_alone() -> None:
    export = SAMPLES["otlp-json"][0]
    said = list(explainer(SourceOptions()).explain(Batch(0, 0, len(export), export)))
    assert len(said) == sum(len(scope["logRecords"]) for scope in json.loads(export)["resourceLogs"][0]["scopeLogs"])
    assert {each.format for each in said} == {"otlp-json"}


def outcomes_of(explained: list[Explained]) -> Counter[tuple[Outcome, Reason | None]]:
    return Counter((each.outcome, each.reason) for each in explained)


def outcomes(tally: Tally) -> Counter[tuple[Outcome, Reason | None]]:
    found: Counter[tuple[Outcome, Reason | None]] = Counter()
    found[Outcome.REQUEST, None] = tally.request_lines
    found[Outcome.NOT_REQUEST, None] = tally.not_request
    found[Outcome.DROPPED, None] = tally.ruled_out
    found.update({(Outcome.REJECTED, reason): count for reason, count in tally.rejected.items()})
    return found
