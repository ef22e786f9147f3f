"""What only our own writer says of its records: which are missing, what they stand for, what is in flight."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Admission, Series, Tally, Word, merge
from logship.model import OTHER, Batch, LabelSet, Reason
from logship.pipeline import MAX_LABEL_CHARACTERS, MeasureOptions, Pipeline, SourceOptions

NOON = 1_795_435_200.0
BELOW_ERROR = ("debug", "info", "warning")


def line(seq: object, boot_id: str = "b1", /, **fields: object) -> bytes:
    """Return a record as app_logging ends it."""
    head = {"timestamp": "2026-11-23T12:00:00.000Z", "level": "info", "message": "x"} | fields
    return json.dumps(head | {"seq": seq, "boot_id": boot_id}, separators=(",", ":")).encode() + b"\n"


def request(seq: object, boot_id: str = "b1", /, **fields: object) -> bytes:
    usual: dict[str, object] = {"message": "HTTP Request", "method": "GET", "url": "/a", "route": "/a", "status": 200}
    return line(seq, boot_id, **(usual | {"duration": 12.6, "active": 1} | fields))


def count(
    *chunks: bytes,
    options: MeasureOptions | None = None,
    source: SourceOptions | None = None,
    take_each: bool = False,
) -> Tally:
    """Return the tally of chunks of one file, without the span of events."""
    pipeline, total = Pipeline(options or MeasureOptions(), {"": source or SourceOptions()}), Tally()
    for number, chunk in enumerate(chunks):
        pipeline.feed(Batch(0, number, number + len(chunk), chunk))
        if take_each:
            total = merge(total, pipeline.take())
    total = merge(total, pipeline.take())
    total.first_event = total.last_event = None
    return total


def lost(tally: Tally) -> int:
    total = tally.copy()
    total.settle()
    return total.lost_lines


records = st.lists(
    st.tuples(st.sampled_from(["b1", "b2"]), st.integers(1, 25), st.sampled_from([*BELOW_ERROR, "error", "critical"])),
    min_size=1,
    max_size=40,
    unique_by=lambda each: each[:2],
)


def missing(given_records: list[tuple[str, int, str]]) -> int:
    """Return what plain sets say is missing between records below level error."""
    total = 0
    for boot_id in ("b1", "b2"):
        held = {number for boot, number, _ in given_records if boot == boot_id}
        proven = [number for boot, number, level in given_records if boot == boot_id and level in BELOW_ERROR]
        total += len(set(range(min(proven), max(proven))) - held) if proven else 0
    return total


@given(records, st.data())
def test_any_order_and_any_chunks_of_lines_prove_the_same_losses(
    written: list[tuple[str, int, str]], data: st.DataObject
) -> None:
    lines = [request(1, "b0"), *(line(number, boot_id, level=level) for boot_id, number, level in written)]
    for in_order in (lines, data.draw(st.permutations(lines)), [*lines, *lines]):
        cuts = sorted(data.draw(st.sets(st.integers(1, len(in_order) - 1))) | {0, len(in_order)})
        chunks = [b"".join(in_order[start:end]) for start, end in pairwise(cuts)]
        assert lost(count(*chunks)) == lost(count(*chunks, take_each=True)) == missing(written)


@given(records)
def test_a_replay_of_several_files_proves_what_is_in_none_of_them(written: list[tuple[str, int, str]]) -> None:
    half = len(written) // 2
    parts = [
        count(request(1, "b0"), *(line(number, boot_id, level=level) for boot_id, number, level in part))
        for part in (written[half:], written[:half])
    ]
    assert lost(merge(*parts)) == missing(written)


def test_the_records_in_front_of_the_first_request_count_too() -> None:
    assert lost(count(line(1), line(2), request(5))) == 2


def test_several_processes_in_one_chunk_are_kept_apart() -> None:
    chunk = b"".join(request(number, boot) for number in range(1, 50) for boot in ("b1", "b2", "b3") if number != 7)
    assert lost(count(chunk)) == 3


@pytest.mark.parametrize(
    "rejected",
    [
        line(2)[20:],
        line(2).replace(b'"x"', b'"\xff"'),
        b'{"level":"inf' + line(2),
        request(2, status=999),
        request(2, sample_rate=0),
        line(2).replace(b"}\n", b"\n"),
    ],
    ids=["no beginning", "no UTF-8", "two glued", "refused as a request", "refused for its rate", "no end"],
)
def test_a_line_that_is_rejected_has_its_outcome_and_is_not_lost(rejected: bytes) -> None:
    tally = count(request(1) + rejected + request(3))
    assert tally.rejected.total() == 1
    assert lost(tally) == 0


def test_the_first_of_two_records_glued_on_one_line_is_lost() -> None:
    tally = count(request(1) + line(2)[:-20] + line(3) + request(4))
    assert (tally.rejected.total(), lost(tally)) == (1, 1)


def test_error_log_alone_proves_nothing() -> None:
    chunk = b"".join(request(number, level="error", status=500) for number in (3, 90, 400))
    assert lost(count(chunk)) == 0


@pytest.mark.parametrize("seq", [0, -3, 1 << 60, 10**30, "9", 9.5, None, True])
def test_what_is_no_number_of_a_record_proves_nothing(seq: object) -> None:
    tally = count(request(1) + request(seq) + request(2))
    assert (tally.requests, lost(tally)) == (3, 0)


def test_a_winston_log_with_a_seq_of_its_own_has_no_writers() -> None:
    lines = b"".join(request(number).replace(b',"boot_id":"b1"', b"") for number in (1, 9))
    assert count(lines, source=SourceOptions("winston")).writers == {}
    assert count(lines).writers == {}


def test_a_flood_of_gaps_asks_to_be_taken() -> None:
    pipeline = Pipeline(MeasureOptions())
    for start in range(1, 100_000, 1000):
        pipeline.feed(Batch(0, start, start + 1, b"".join(request(number) for number in range(start, start + 1000, 2))))
        if pipeline.is_crowded:
            break
    assert sum(len(writer.runs) for writer in pipeline.take().writers.values()) < 11_000
    assert not pipeline.is_crowded


def test_a_record_with_a_sampling_rate_stands_for_as_many_requests() -> None:
    one, ten = count(request(1)), count(request(1, sample_rate=0.1))
    (series,), (weighed,) = one.series.values(), ten.series.values()
    assert weighed == series.times(10)
    assert (ten.requests, ten.lines, ten.request_lines, ten.unlogged) == (10, 1, 1, 9)
    assert ten.messages == {"info": 1}
    assert weighed.buckets == (10, 0, 0, 0, 0, 0)
    assert weighed.sum_ns == 126_000_000


@pytest.mark.parametrize(("rate", "weight"), [(1, 1), (1 / 3, 3), (0.25, 4), (1 / 7, 7), ("0.5", 2), (1e-9, 10**9)])
def test_a_rate_is_one_in_so_many(rate: object, weight: int) -> None:
    assert count(request(1) + request(2, sample_rate=rate)).requests == 1 + weight


@pytest.mark.parametrize("rate", [0, -0.1, 1.5, 1e-10, "often", True, [], 10**400])
def test_a_rate_that_is_none_rejects_the_line_as_it_stands_for_nobody_knows_what(rate: object) -> None:
    tally = count(request(1) + request(2, sample_rate=rate))
    assert dict(tally.rejected) == {Reason.INVALID_SAMPLE_RATE: 1}
    assert (tally.requests, tally.lines) == (1, 2)


def test_a_rate_elsewhere_than_in_a_request_means_nothing() -> None:
    tally = count(request(1) + line(2, sample_rate=0.1) + line(3, sample_rate="x"))
    assert (tally.not_request, tally.requests) == (2, 1)


def test_sketches_of_sampled_requests_are_weighed() -> None:
    options = MeasureOptions(quantiles=True)
    (series,) = count(
        request(1, duration=50) + request(2, duration=5, sample_rate=0.01), options=options
    ).series.values()
    assert sorted(series.sketch.values()) == [1, 100]


sampled = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 0.5, 0.1, 0, "x"]), st.sampled_from("abc"), st.sampled_from([None, 5, 700, -1])
    ),
    max_size=20,
)


@given(sampled, st.data())
def test_sampled_requests_come_to_the_same_in_any_chunks_and_keep_their_order(
    given_requests: list[tuple[object, str, object]], data: st.DataObject
) -> None:
    lines = [request(1, route="/first")]
    for number, (rate, route, duration) in enumerate(given_requests, 2):
        more: dict[str, object] = {} if rate is None else {"sample_rate": rate}
        lines.append(request(number, route=f"/{route}", duration=duration, **more))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(lines)))) | {0, len(lines)})
    together, divided = count(b"".join(lines)), count(*(b"".join(lines[a:b]) for a, b in pairwise(cuts)))
    assert divided == together
    assert list(divided.series) == list(together.series)
    assert together.lines == len(lines)


def test_records_that_the_writer_dropped_are_summed() -> None:
    own_up = {"message": "log records dropped", "level": "warning"}
    tally = count(
        request(1) + line(5, dropped=3, **own_up) + line(6, dropped=4, **own_up),
        line(7, dropped=9) + line(8, dropped="x", **own_up) + line(9, dropped=-1, **own_up) + line(10, **own_up),
    )
    assert tally.dropped == 7
    assert lost(tally) == 3, "a record that was dropped has left its number as a gap"


def test_a_record_whose_json_was_written_anew_says_the_same() -> None:
    text = json.dumps(json.loads(line(2, message="log records dropped", dropped=5)), sort_keys=True, indent=None)
    assert count(request(1) + text.encode() + b"\n").dropped == 5


def test_what_is_in_flight_behind_a_request_leaves_that_one_out() -> None:
    tally = count(request(1, active=4) + line(2, active=900))
    assert tally.writers["b1"].in_flight == Word(1, 3)
    assert tally.writers["b1"].heard == Word(2, NOON)


def test_a_heartbeat_says_what_is_in_flight_and_how_long_a_pause_may_be() -> None:
    tally = count(request(1, active=4) + line(2, message="heartbeat", active=2, heartbeat_seconds=10) + line(3))
    assert tally.writers["b1"].in_flight == Word(2, 2)
    assert tally.writers["b1"].heartbeat_seconds == 10


@pytest.mark.parametrize("active", [None, -1, 10**12, 2.5, "4", True])
def test_what_is_no_number_of_requests_says_nothing(active: object) -> None:
    assert count(request(1, active=active)).writers["b1"].in_flight is None


def test_an_empty_route_is_none() -> None:
    tally = count(request(1, route="", url="/items/5") + request(2, route="", url="/no", status=404))
    assert {labels.route for labels in tally.series} == {"/items/:id", "unmatched"}
    assert dict(count(request(1, route="", url=None)).rejected) == {Reason.MISSING_URL: 1}


def test_a_method_that_is_folded_at_the_limit_of_series_is_counted_as_folded_once() -> None:
    change = count(request(1) + request(2, method="X" * (MAX_LABEL_CHARACTERS + 1), route="/b"))
    assert change.folded == 1
    admitted = Admission(1).admit(Tally(), change)
    assert admitted.series.keys() == {LabelSet("GET", "/a", "200"), LabelSet(OTHER, OTHER, "200")}
    assert admitted.folded == 1


def test_a_weight_of_one_changes_nothing() -> None:
    series = Series(2, (1, 1), 5, 4, {3: 2})
    assert series.times(1) == series
