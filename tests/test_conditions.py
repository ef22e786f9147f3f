"""A condition holds for exactly the values that it describes, and says so when no value can satisfy it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.conditions import MAX_MATCHED_CHARACTERS, Condition, compiled_pattern, number_of, text_of
from logship.errors import UsageError

finite = st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | st.integers() | finite | st.text(max_size=5)


@pytest.mark.parametrize(
    ("condition", "holds_for", "not_for"),
    [
        (Condition("a", one_of=("x", "y")), ["x", "y"], ["X", "", "xy", None, 1, True]),
        (Condition("a", one_of=(500,)), [500, 500.0, "500", "5e2"], [True, "0x1f4", 501, "", None]),
        (Condition("a", one_of=(1,)), [1, 1.0, "1"], [True, "true", None]),
        (Condition("a", one_of=(True,)), [True], [1, 1.0, "true", False, None]),
        (Condition("a", one_of=("500",)), ["500"], [500, 500.0]),
        (Condition("a", one_of=("x", 2, False)), ["x", 2, "2", False], [0, "y", True]),
        (Condition("a", pattern="^/api/"), ["/api/", "/api/heroes"], ["/", " /api/", None]),
        (Condition("a", pattern="^5"), [500, "5", 5.5], [400, None]),
        (Condition("a", pattern="^true$"), [True, "true"], [False, 1]),
        (Condition("a", present=True), ["", 0, False], [None]),
        (Condition("a", present=False), [None], ["", 0, False]),
        (Condition("a", at_least=500, below=600), [500, 599.9, "550"], [600, 499, "x", None, True]),
        (Condition("a", above=0, at_most=1), [0.1, 1], [0, 1.1]),
        (Condition("a", one_of=("aa", "b"), pattern="a"), ["aa"], ["b", "a"]),
    ],
)
def test_a_condition_holds_for_what_it_describes(
    condition: Condition, holds_for: list[Any], not_for: list[Any]
) -> None:
    test = condition.compile()
    assert [value for value in holds_for if not test(value)] == []
    assert [value for value in not_for if test(value)] == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Condition("a"), "asks for nothing"),
        (Condition("a", pattern="("), "'\\(' is no regular expression: missing \\)"),
        (Condition("a", at_least=2, below=1), "no number is above 2 and below 1"),
        (Condition("a", above=1, at_most=1), "no number is above 1 and below 1"),
        (Condition("a", at_least=float("nan")), "no number"),
        (Condition("a", present=False, pattern="x"), "present: false alone"),
        (Condition("a", one_of=("x",), pattern="y"), "none of the values satisfies the rest"),
        (Condition("a", one_of=(1, 2), above=2), "none of the values satisfies the rest"),
    ],
)
def test_a_condition_that_nothing_can_satisfy_is_refused(condition: Condition, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        condition.compile()


def test_one_number_may_be_both_bounds() -> None:
    assert Condition("a", at_least=1, at_most=1).compile()(1)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+", "(a*)*$", r"(\w+\s?)*", "(?:a{1,3}b?)+", "((a+)b?)+", "(x|a+)*", "([a-z]+)+", "(a+){2,}"),
        *("^(a|a)*$", r"(?:\w|\d)+", "((a|b)c)*", "(?:a?){30}a{30}", "(?:a+){9}", "(a+){1,20}", "(a?b)+", "(a|b)*?c"),
    ],
)
def test_a_pattern_that_repeats_a_repeat_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="can search for ever"):
        compiled_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(a++)+", "(?>a+)+", r"(\d{1,3}\.){3}", "(ab)+", "a+b+", "[(a+)]+", r"(\(a\+)+", "((?>a+)b)*", "(a)+"),
        *("(a|b)*+", "(?>a|b)+", "^(GET|POST)$", "(a|b)?c", r"(\|a)+", "[a|b]+", "(a?+b)+", "(ab){30}"),
        r"(\d\d?\.){3}",
    ],
)
def test_a_pattern_that_cannot_search_for_ever_is_taken(pattern: str) -> None:
    assert compiled_pattern(pattern) == re.compile(pattern)


def test_a_pattern_sees_the_beginning_of_a_long_value() -> None:
    value = "a" * MAX_MATCHED_CHARACTERS
    assert Condition("a", pattern="a$").compile()(value + "b")
    assert not Condition("a", pattern="b").compile()(value + "b")


@given(plain)
def test_a_value_is_one_of_itself(value: Any) -> None:
    assert value is None or Condition("a", one_of=(value,)).compile()(value)


@given(plain)
def test_a_number_reads_the_same_as_text_and_as_number(value: Any) -> None:
    text, number = text_of(value), number_of(value)
    if number is not None and not isinstance(value, str) and abs(number) < 1 << 64:
        assert text is not None
        assert number_of(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (200.0, "200"), (0.5, "0.5"), (-0.0, "0"), (1 << 60, str(1 << 60)), ([], None), (None, None)],
)
def test_a_value_has_the_text_that_json_has(value: Any, text: str | None) -> None:
    assert text_of(value) == text
