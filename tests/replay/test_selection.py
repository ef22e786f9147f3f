"""Conditions on labels say which requests are shown; what is no condition is named."""

from __future__ import annotations

import pytest

from logship.errors import UsageError
from logship.measure import Series, Tally
from logship.model import LabelSet
from logship.replay import condition, is_condition, selected

LABELS = LabelSet("GET", "/api/students/:id", "503")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("route=/api/students/:id", True),
        ("route=/api/students", False),
        ("route!=/api/students", True),
        ("status=503", True),
        ("status=5xx", True),
        ("status=5XX", True),
        ("status=4xx", False),
        ("status!=5xx", False),
        ("status!=4xx", True),
        ("method=GET", True),
        ("method=get", False),
        ("method=", False),
        ("route=~/api/.*", True),
        ("route=~/api", False),
        ("route!~/api", True),
        ("route=~.*=.*", False),
        ("route=5xx", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:  # noqa: FBT001
    assert is_condition(text)
    assert condition(text).holds(LABELS) is holds
    assert str(condition(text)) == text


@pytest.mark.parametrize("text", ["", "status", "5xx", "code=200", "status>500", "a.log", "/logs/route=x/a.log"])
def test_what_is_no_condition_is_named(text: str) -> None:
    assert not is_condition(text)
    with pytest.raises(UsageError, match=r"is no condition; one is a label \(method, route, status\)"):
        condition(text)


def test_a_broken_expression_is_named() -> None:
    with pytest.raises(UsageError, match=r"route=~\( has a broken regular expression: missing \)"):
        condition("route=~(")


def test_a_selection_keeps_series_of_all_sources_and_nothing_else_changes() -> None:
    series = Series(1, (1,), 1, 1, {})
    found, other = LabelSet("GET", "/", "200"), LabelSet("GET", "/", "500")
    tally = Tally(
        {found: series, other: series}, not_request=3, parts={(("a", "b"),): Tally({found: series, other: series})}
    )
    chosen = selected(tally, [condition("status=2xx")])
    assert chosen == Tally({found: series}, not_request=3, parts={(("a", "b"),): Tally({found: series})})
    assert len(tally.series) == 2
