"""Requests without a duration count beside those that have one, in whichever order they come."""

from __future__ import annotations

from itertools import permutations

import pytest

from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

WITH, WITHOUT = b'"duration":150,', b""


def line(duration: bytes) -> bytes:
    return b'{"message":"HTTP Request","method":"GET","route":"/a",%b"status":200,"level":"info"}\n' % duration


@pytest.mark.parametrize("durations", sorted(set(permutations([WITH, WITH, WITHOUT, WITHOUT]))))
@pytest.mark.parametrize("at_once", [True, False])
def test_requests_with_and_without_a_duration_share_a_series(durations: tuple[bytes, ...], *, at_once: bool) -> None:
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions(format="winston")})
    lines = [line(each) for each in durations]
    for chunk in [b"".join(lines)] if at_once else lines:
        pipeline.feed(Batch(1, 0, len(chunk), chunk, 0, ""))
    (series,) = pipeline.take().series.values()
    assert (series.requests, sum(series.buckets), series.sum_ns) == (4, 2, 300_000_000)
