"""What counts as an error is what `status=5xx` chooses."""

from __future__ import annotations

import pytest

from logship.measure import Series, Tally
from logship.model import LabelSet
from logship.replay import condition, selected
from logship.replay.summary import total

ONE = Series(1, (1, 0), 5_000_000, 5_000_000, {})


@pytest.mark.parametrize(
    ("status", "errors"),
    [("200", 0), ("499", 0), ("500", 1), ("503", 1), ("599", 1), ("0", 0), ("__other__", 0), ("unknown", 0)],
)
def test_only_a_status_from_500_to_599_is_an_error(status: str, errors: int) -> None:
    tally = Tally({LabelSet("GET", "/a", status): ONE})
    found = total(tally)
    assert found is not None
    assert found.errors == errors
    assert selected(tally, (condition("status=5xx"),)).requests == errors
