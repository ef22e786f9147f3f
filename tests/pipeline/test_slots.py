"""Lines are told apart by their times, also across batches."""

from __future__ import annotations

from logship.measure import OwnMetrics
from logship.model import Batch
from logship.pipeline import MeasureOptions, SlotPipeline

TIMED = '{"timestamp":"1970-01-01T00:00:%02dZ","message":"HTTP Request","method":"GET","url":"/","status":200}\n'
BARE = '{"message":"HTTP Request","method":"GET","url":"/","status":200,"timestamp":null}\n'


def shares(*batches: str) -> list[tuple[int | None, int]]:
    pipeline = SlotPipeline(MeasureOptions(), {}, OwnMetrics(), width=lambda: 10)
    for text in batches:
        pipeline.feed(Batch(1, 0, len(text), text.encode()))
    pipeline.close_share()
    return [(share.start, share.change.requests) for share in pipeline.take_shares()]


def test_lines_are_shared_out_by_slot() -> None:
    assert shares(TIMED % 3 + TIMED % 9 + TIMED % 10, TIMED % 25) == [(0, 2), (10, 1), (20, 1)]


def test_a_line_without_a_time_goes_with_the_one_before_it_in_another_batch_too() -> None:
    assert shares(TIMED % 12, BARE, TIMED % 31) == [(10, 2), (30, 1)]


def test_a_line_before_any_time_is_of_no_slot() -> None:
    assert shares(BARE, TIMED % 12) == [(None, 1), (10, 1)]
