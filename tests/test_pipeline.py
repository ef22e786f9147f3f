"""Lines come in any division, the same numbers come out, and they add up to the lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Tally, merge
from logship.model import OTHER, UNMATCHED, Batch, LabelSet, Reason
from logship.pipeline import MAX_LABEL_CHARACTERS, MeasureOptions, Pipeline, SourceOptions

APP = (
    (
        b'{"level":"info","message":"HTTP Request","method":"GET","url":"/a/1?x=1","route":"/a/{id}","status":200,'
        b'"duration":12.6,"timestamp":"2026-11-23T07:00:00Z","seq":18,"boot_id":"b"}'
    ),
    (
        b'{"level":"error","message":"HTTP Request","method":"GET","url":"/b","route":"/b","status":500,'
        b'"duration":0.000001,"exception":{"type":"KeyError"},"seq":19,"boot_id":"b"}'
    ),
    (
        b'{"level":"info","message":"HTTP Request","method":"GET","url":"/none","status":404,'
        b'"duration":3,"seq":20,"boot_id":"b"}'
    ),
)
APP_OTHERS = (
    b'{"level":"error","message":"boom","exception":{"type":"ValueError"},"seq":1,"boot_id":"b"}',
    b'{"level":"info","message":"here","stack":"File app.py","seq":2,"boot_id":"b"}',
    b'{"level":"debug","message":"x","seq":3,"boot_id":"b"}',
)
WINSTON = (
    b'{"duration":33,"level":"info","message":"HTTP Request","method":"GET","status":200,"url":"/items/17?x=1"}',
    b'{"level":"warn","message":"HTTP Request","metadata":{"duration":9.99,"method":"PUT","status":404,"url":"/i/4"}}',
    b'{"duration":"5001","level":"info","message":"HTTP Request","method":"GET","status":"200","url":"/items/18"}',
)
WINSTON_OTHERS = (
    b'{"level":"error","message":"boom","stack":"TypeError: x\\n    at y"}',
    b'{"level":"error","message":"boom","metadata":{"stack":"Error"}}',
    b'{"level":"info","message":"Upstream call slow","status":200,"duration":5000}',
)
HOSTILE = (
    b"",
    b" ",
    b"{}",
    b"{}{}",
    b"{}] [{}",
    b'{"message":"HTTP Request"}',
    b'{"message":"HTTP Request","metadata":{"status":"x"}}',
    b'{"message":"HTTP Request","metadata":{"method":"GET"}}',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":0,"duration":1}',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":-1}',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":1e308}',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":true}',
    b'{"message":"HTTP Request","method":"GET","url":"/","status":200}',
    b'{"message":"HTTP Request","method":"GET","route":"' + b"r" * 600 + b'","status":200,"duration":1}',
    b'{"message":"HTTP Request","method":"","url":"/","status":200,"duration":1}',
    b'{"message":"\xff HTTP Request"}',
    b"not JSON",
    b"\0\0",
    b"[1]",
    b'{"x":' + b"[" * 5000,
)

logs = st.lists(st.sampled_from([*APP, *APP_OTHERS, *WINSTON, *WINSTON_OTHERS, *HOSTILE]), max_size=40)
Chosen = tuple[MeasureOptions, SourceOptions]
DEFAULT: Chosen = (MeasureOptions(), SourceOptions())
options = st.sampled_from(
    [
        DEFAULT,
        (MeasureOptions(quantiles=True), SourceOptions()),
        (MeasureOptions(), SourceOptions("app")),
        (MeasureOptions(routes=("/items/:itemId", "/b"), buckets=(0.01, 0.03)), SourceOptions("winston")),
    ]
)


def request(**fields: object) -> bytes:
    """Return a request line of winston's with `fields` (as JSON text) in the place of the usual ones."""
    usual: dict[str, object] = {
        "message": '"HTTP Request"',
        "method": '"GET"',
        "url": '"/a"',
        "status": 200,
        "duration": 1,
        "level": '"info"',
    }
    chosen = {name: value for name, value in (usual | fields).items() if value is not None}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in chosen.items()) + "}\n").encode()


def batches(chunks: Iterable[bytes], generation: int = 0) -> list[Batch]:
    found, offset = [], 0
    for chunk in chunks:
        found.append(Batch(generation, offset, offset + len(chunk), chunk))
        offset += len(chunk)
    return found


def count(chunks: Sequence[bytes], chosen: Chosen = DEFAULT, *, fold_each: bool = False) -> Tally:
    """Return the tally of `chunks`, without the span of events, which is looked at only at the ends of chunks."""
    pipeline = Pipeline(chosen[0], {"": chosen[1]})
    total = Tally()
    for batch in batches(chunks):
        pipeline.feed(batch)
        if fold_each:
            total = merge(total, pipeline.take())
    total = merge(total, pipeline.take())
    total.first_event = total.last_event = None
    return total


@given(logs, options, st.data())
def test_any_division_into_chunks_gives_the_same_tally(lines: list[bytes], chosen: Chosen, data: st.DataObject) -> None:
    log = b"".join(line + b"\n" for line in lines)
    ends = [at + 1 for at, byte in enumerate(log) if byte == ord("\n")]
    cuts = sorted(data.draw(st.sets(st.sampled_from(ends)))) if ends else []
    chunks = [log[start:end] for start, end in pairwise([0, *cuts, len(log)]) if start < end]
    expected = count([log] if log else [], chosen)
    assert count(chunks, chosen) == expected
    assert count(chunks, chosen, fold_each=True) == expected
    assert expected.lines == len(lines)
    assert expected.read_bytes == len(log)


@given(logs, logs)
def test_two_files_count_as_much_together_as_each_alone(one: list[bytes], other: list[bytes]) -> None:
    first, second = (b"".join(line + b"\n" for line in lines) for lines in (one, other))
    pipeline = Pipeline(MeasureOptions())
    for batch in (*batches([first] if first else []), *batches([second] if second else [], generation=1)):
        pipeline.feed(batch)
    together = pipeline.take()
    together.first_event = together.last_event = None
    assert together == merge(count([first] if first else []), count([second] if second else []))


RATED = b'{"level":"info","message":"HTTP Request","method":"GET","route":"/","status":200,"sample_rate":%b,"seq":1}'

REASONS = {
    Reason.INVALID_UTF8: b'{"message":"\xff"}\n',
    Reason.NUL_BYTES: b"{}\0\n",
    Reason.INVALID_JSON: b"GET /\n",
    Reason.AMBIGUOUS_FORMAT: b'{"method":"GET","url":"/","status":200,"duration":1}\n',
    Reason.WRAPPED: b'{"log":"{}\\n","stream":"stdout","time":"2026-11-23T07:00:00Z"}\n',
    Reason.TOO_DEEP: b"[" * 100_000 + b"\n",
    Reason.NOT_AN_OBJECT: b"[]\n",
    Reason.MISSING_METHOD: request(method=None),
    Reason.MISSING_URL: request(url=None),
    Reason.MISSING_STATUS: request(status=None),
    Reason.INVALID_METHOD: request(method=5),
    Reason.INVALID_URL: request(url="[]"),
    Reason.INVALID_ROUTE: request(route="{}"),
    Reason.INVALID_STATUS: request(status=600),
    Reason.INVALID_DURATION: request(duration='"fast"'),
    Reason.INVALID_SAMPLE_RATE: RATED % b"0" + b"\n",
}


OF_A_SOURCE = {Reason.TOO_LONG, Reason.INVALID_LINE, Reason.INVALID_WRAP}
OF_AN_UNKNOWN_FORMAT = {Reason.AMBIGUOUS_FORMAT, Reason.WRAPPED}


@pytest.mark.parametrize("reason", [each for each in Reason if each not in OF_A_SOURCE])
@pytest.mark.parametrize("before", [b"", WINSTON[0] + b"\n", APP[0] + b"\n"])
def test_each_reason_has_a_line_that_is_rejected_for_it(reason: Reason, before: bytes) -> None:
    if reason is Reason.INVALID_SAMPLE_RATE and before.startswith(WINSTON[0]):
        return  # only app_logging samples
    if reason in OF_AN_UNKNOWN_FORMAT and before:
        return  # a line before has shown the format
    tally = count([before + REASONS[reason]])
    assert dict(tally.rejected) == {reason: 1}
    assert tally.requests == bool(before)
    assert tally.not_request == 0


def test_lines_over_the_limit_are_rejected_as_too_long() -> None:
    pipeline = Pipeline(MeasureOptions())
    pipeline.feed(Batch(0, 0, 5_000_000, request(), oversize=3))
    pipeline.feed(Batch(0, 5_000_000, 9_000_000, b"", oversize=1))
    tally = pipeline.take()
    assert (tally.rejected[Reason.TOO_LONG], tally.requests, tally.lines) == (4, 1, 5)
    assert tally.read_bytes == 9_000_000


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"method": '""'}, Reason.MISSING_METHOD),
        ({"method": "null"}, Reason.MISSING_METHOD),
        ({"url": "null"}, Reason.MISSING_URL),
        ({"status": "null"}, Reason.MISSING_STATUS),
        ({"status": 99}, Reason.INVALID_STATUS),
        ({"status": 0}, Reason.INVALID_STATUS),
        ({"status": -200}, Reason.INVALID_STATUS),
        ({"status": 999}, Reason.INVALID_STATUS),
        ({"status": "true"}, Reason.INVALID_STATUS),
        ({"status": 10**30}, Reason.INVALID_STATUS),
        ({"duration": -0.001}, Reason.INVALID_DURATION),
        ({"duration": "1e400"}, Reason.INVALID_DURATION),
        ({"duration": "1e308"}, Reason.INVALID_DURATION),
        ({"duration": "1e16"}, Reason.INVALID_DURATION),
    ],
)
@pytest.mark.parametrize("copies", [1, 3])
def test_a_value_out_of_range_rejects_the_request(fields: dict[str, object], reason: Reason, copies: int) -> None:
    tally = count([request() + request(**fields) * copies])
    assert dict(tally.rejected) == {reason: copies}
    assert dict(tally.messages) == {"info": 1}
    assert tally.requests == 1


@pytest.mark.parametrize("method", [None, '"GET"'])
def test_under_metadata_the_reasons_are_the_same(method: str | None) -> None:
    fields = {"method": method, "status": "200"}
    inner = ",".join(f'"{name}":{value}' for name, value in fields.items() if value is not None)
    tally = count([f'{{"message":"HTTP Request","metadata":{{{inner}}}}}\n'.encode()])
    assert dict(tally.rejected) == {Reason.MISSING_METHOD if method is None else Reason.MISSING_URL: 1}


@pytest.mark.parametrize(
    ("duration", "bucket"), [(0, 0), ("-0.0", 0), (100, 0), (100.00000000000001, 1), (5000, 4), ("1e15", 5)]
)
def test_a_duration_within_range_falls_into_its_bucket(duration: object, bucket: int) -> None:
    (series,) = count([request(duration=duration)]).series.values()
    assert series.buckets.index(1) == bucket
    assert sum(series.buckets) == 1


def test_a_request_without_a_duration_counts_in_the_counter_alone() -> None:
    tally = count([request(duration=None) + request(duration="null") + request(duration=200)])
    (series,) = tally.series.values()
    assert (series.requests, series.buckets, series.sum_ns) == (3, (0, 1, 0, 0, 0, 0), 200_000_000)
    assert count([request(duration=None)]).series[LabelSet("GET", "/a", "200")].buckets == (0,) * 6


def test_messages_count_requests_and_all_other_records_by_level() -> None:
    tally = count([b"".join(line + b"\n" for line in (*WINSTON, *WINSTON_OTHERS, b"{}"))])
    assert tally.messages == {"info": 3, "warn": 1, "error": 2, "unknown": 1}
    assert tally.exceptions == {"TypeError": 1, "Error": 1}
    assert tally.not_request == 4


def test_a_look_alike_is_no_request() -> None:
    tally = count([request() + WINSTON_OTHERS[2] + b"\n"])
    assert (tally.requests, tally.not_request) == (1, 1)


def test_a_route_in_the_record_goes_before_the_url() -> None:
    tally = count([request(route='"/heroes/{id}"', url='"/x/1"', status=404)])
    assert list(tally.series) == [LabelSet("GET", "/heroes/{id}", "404")]


def test_a_404_without_a_route_is_unmatched() -> None:
    assert list(count([request(status=404)]).series) == [LabelSet("GET", UNMATCHED, "404")]


@pytest.mark.parametrize("field", ["method", "route", "url"])
def test_a_label_over_the_limit_is_folded_and_counted(field: str) -> None:
    fits = "/" + "x" * (MAX_LABEL_CHARACTERS - 1)
    tally = count(
        [request(**{field: f'"{fits}"'}) + request(**{field: f'"{fits}x"'}) * 2 + request(**{field: f'"{fits}y"'})]
    )
    assert tally.requests == 4
    assert tally.folded == 3
    assert sorted(series.requests for series in tally.series.values()) == [1, 3]
    assert all(OTHER in labels for labels, series in tally.series.items() if series.requests == 3)


def test_an_exception_type_over_the_limit_is_folded() -> None:
    tally = count([b'{"message":"x","stack":"' + b"E" * 600 + b': y"}\n'])
    assert tally.exceptions == {OTHER: 1}


def test_labels_hold_no_nul_at_which_prometheus_refuses_a_scrape() -> None:
    tally = count([request(route='"/a\\u0000b"', method='"\\u0000"') * 2 + request(route='"/a\\u0000b"')])
    assert tally.series.keys() == {LabelSet("\ufffd", "/a\ufffdb", "200"), LabelSet("GET", "/a\ufffdb", "200")}
    app = count([APP[0] + b'\n{"message":"x","exception":{"type":"A\\u0000"},"seq":1}\n'])
    assert app.exceptions == {"A\ufffd": 1}


@pytest.mark.parametrize("fold_each", [False, True])
def test_a_flood_of_label_sets_is_counted_to_the_last(*, fold_each: bool) -> None:
    chunks = [
        b"".join(request(route=f'"/r{number}"', level=f'"l{number % 7}"') for number in range(start, start + 500))
        for start in range(0, 10_000, 500)
    ] * 2
    tally = count(chunks, fold_each=fold_each)
    assert len(tally.series) == 10_000
    assert {series.requests for series in tally.series.values()} == {2}
    assert {series.sum_ns for series in tally.series.values()} == {2_000_000}
    assert tally.lines == 20_000


def test_lists_do_not_grow_with_label_sets_or_with_their_length() -> None:
    pipeline = Pipeline(MeasureOptions())
    for start in range(0, 60_000, 1000):
        lines = b"".join(
            request(route=f'"{"x" * 600}{number}"', level=f'"{number}"') for number in range(start, start + 1000)
        )
        pipeline.feed(Batch(0, start, start + 1, lines))
    (counter,) = pipeline._counters.values()
    assert len(counter._durations) <= 4096 + 1000
    assert all(len(method) + len(route) < 2 * MAX_LABEL_CHARACTERS for method, route, *_ in counter._durations)
    assert pipeline.take().requests == 60_000


def test_the_format_is_found_for_each_generation() -> None:
    pipeline = Pipeline(MeasureOptions())
    others = APP_OTHERS[2] + b"\n"
    pipeline.feed(Batch(1, 0, 1, others))
    assert pipeline.format_of(1) is None
    pipeline.feed(Batch(2, 0, 1, WINSTON[0] + b"\n"))
    pipeline.feed(Batch(1, 1, 2, APP[0] + b"\n"))
    pipeline.feed(Batch(2, 1, 2, APP[0] + b"\n"))
    assert (pipeline.format_of(1), pipeline.format_of(2), pipeline.format_of(3)) == ("app", "winston", None)
    pipeline.forget(1)
    pipeline.forget(99)
    assert (pipeline.format_of(1), pipeline.format_of(2)) == (None, "winston")


def test_what_stands_before_the_first_request_is_read_as_its_format_says() -> None:
    app = count([APP_OTHERS[0] + b"\n", APP_OTHERS[1] + b"\n", APP[0] + b"\n"])
    assert app.exceptions == {"ValueError": 1}
    winston = count([WINSTON_OTHERS[0] + b"\n", WINSTON_OTHERS[1] + b"\n", WINSTON[0] + b"\n"])
    assert winston.exceptions == {"TypeError": 1, "Error": 1}


def test_the_span_of_events_is_that_of_the_lines() -> None:
    pipeline = Pipeline(MeasureOptions())
    for second in (5, 3, 8):
        lines = f'{{"timestamp":"1970-01-01T00:00:0{second}Z"}}\n'.encode()
        pipeline.feed(Batch(0, 0, len(lines), lines))
    tally = pipeline.take()
    assert (tally.first_event, tally.last_event) == (3.0, 8.0)


def test_taking_twice_counts_once() -> None:
    pipeline = Pipeline(MeasureOptions())
    pipeline.feed(Batch(0, 0, 1, request()))
    assert pipeline.take().requests == 1
    assert pipeline.take() == Tally()
