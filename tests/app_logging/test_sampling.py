from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_logging import SettingsError
from app_logging.sampling import Sampler


@pytest.mark.parametrize("rate", [0, -0.1, 1.5, 0.3, 0.75, math.nan, math.inf, "0.5", None])
def test_a_rate_that_is_not_one_out_of_a_whole_number_is_refused_with_its_path(rate: Any) -> None:
    with pytest.raises(SettingsError, match=r"^sample\['/ping'\]: .* one out of a whole number"):
        Sampler({"/ping": rate})


def test_the_nearest_rate_is_named() -> None:
    with pytest.raises(SettingsError, match=r"the nearest is 0\.333333"):
        Sampler({"/ping": 0.3})


@given(interval=st.integers(1, 5000), requests=st.integers(0, 20_000))
def test_the_records_stand_for_the_requests_within_half_an_interval(interval: int, requests: int) -> None:
    sampler = Sampler({"/ping": 1 / interval})
    told = [sampler.interval_of("/ping", None) for _ in range(requests)]
    assert set(told) <= {0, interval}
    assert abs(sum(told) - requests) <= interval / 2


@given(rate=st.floats(min_value=1e-9, max_value=1, exclude_min=True))
def test_an_accepted_rate_is_one_out_of_a_whole_number(rate: float) -> None:
    try:
        sampler = Sampler({"/ping": rate})
    except SettingsError:
        return
    (interval,) = {sampler.interval_of("/ping", None) for _ in range(3)} - {0} or {round(1 / rate)}
    assert interval * rate == pytest.approx(1, rel=1e-5)


def test_each_path_and_each_route_counts_for_itself() -> None:
    sampler = Sampler({"/ping": 0.5, "/heroes/{id}": 0.5})
    assert [sampler.interval_of("/ping", "/ping") for _ in range(4)] == [2, 0, 2, 0]
    paths = ["/heroes/1", "/heroes/2", "/heroes/3", "/heroes/4"]
    assert [sampler.interval_of(path, "/heroes/{id}") for path in paths] == [2, 0, 2, 0]
    assert sampler.interval_of("/other", None) == sampler.interval_of("/other", "/other") == 1
