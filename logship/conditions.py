"""Say what a field of a record must be like: a condition is data, and compiles to a test of a plain JSON value.

A field that is absent and one that is null are the same: None. Nothing here knows where a field stands in a record.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from logship.errors import UsageError

Scalar = str | int | float | bool
"""A value that can be compared with; JSON has no others but null."""

Test = Callable[[Any], bool]

MAX_MATCHED_CHARACTERS = 512
"""A pattern sees so much of a value: who writes the log must not decide how long an expression searches."""

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_DECIMAL = 100
_EXACT_INTEGERS = 1 << 53
_LONG_INTEGERS = 1 << 64

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\((?P<atomic>\?>)?)|(?P<close>\))"
    r"|(?P<choice>\|)|(?P<repeat>(?:[*+?]|\{(?P<least>\d*)(?P<range>,(?P<most>\d*))?\})(?P<possessive>\+)?\??)|.",
    re.DOTALL,
)
"""The parts of a regular expression that decide how often it may try again."""

_FEW = 4
"""Times that a group may come whatever is in it, as that of an address: `(\\d{1,3}\\.){3}`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the value of one field must be like; everything that is stated must hold.

    A number equals its like, however it is written: 500, 500.0 or "500". A text equals only itself, and so does a
    boolean.

    Attributes:
        field: The field, as a dotted path.
        one_of: The values that it may have; empty for any.
        pattern: A regular expression (Python's `re`) that is found in its text, of which it sees the first 512
            characters; numbers and booleans are taken as they look in JSON.
        present: Whether it must be there, or must not.
        above: Lower bound of a number, itself excluded.
        at_least: Lower bound of a number.
        below: Upper bound of a number, itself excluded.
        at_most: Upper bound of a number.
    """

    field: str
    one_of: tuple[Scalar, ...] = ()
    pattern: str | None = None
    present: bool | None = None
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None

    @property
    def texts(self) -> frozenset[str]:
        """The texts that the field must be one of; empty when something else can satisfy the condition."""
        texts = frozenset(each for each in self.one_of if isinstance(each, str))
        return texts if len(texts) == len(set(self.one_of)) else frozenset()

    def compile(self) -> Test:
        """Return the test of a plain value; raise UsageError when the condition makes no sense."""
        tests = list(self._tests())
        if not tests:
            raise UsageError("a condition that asks for nothing; state a value, a pattern, a bound or present")
        if (why := self._contradiction(tests)) is not None:
            raise UsageError(why)
        return all_of(tests)

    def _tests(self) -> Iterable[Test]:
        if self.one_of:
            yield _is_one_of(self.one_of)
        if self.pattern is not None:
            yield _has(compiled_pattern(self.pattern))
        bounds = (self.above, self.at_least, self.below, self.at_most)
        if any(bound is not None for bound in bounds):
            yield _is_within(*bounds)
        if self.present is not None:
            yield _is_present if self.present else _is_absent

    def _contradiction(self, tests: list[Test]) -> str | None:
        """Return why no value can satisfy the condition, as far as that is seen; None when one can."""
        if self.present is False and len(tests) > 1:
            return "a field that must not be there has no value; state present: false alone"
        low = max((bound for bound in (self.above, self.at_least) if bound is not None), default=-math.inf)
        high = min((bound for bound in (self.below, self.at_most) if bound is not None), default=math.inf)
        is_open = self.above == low or self.below == high
        if math.isnan(low) or math.isnan(high) or low > high or (low == high and is_open):
            return f"no number is above {low:g} and below {high:g}"
        if self.one_of and not any(_passes(tests, each) for each in self.one_of):
            return "none of the values satisfies the rest of the condition"
        return None


def all_of(tests: list[Test]) -> Test:
    """Return one test that is passed by what passes each of `tests`."""
    return tests[0] if len(tests) == 1 else lambda value: _passes(tests, value)


def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """Return a regular expression; raise UsageError when it is none, or could search for ever."""
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{pattern!r} is no regular expression: {error}") from None
    if _repeats_a_repeat(pattern):
        raise UsageError(
            f"{pattern!r} repeats a group that can itself match in several ways, which can search for ever; "
            "make it possessive: (a++)+ for (a+)+, (a|b)*+ for (a|b)*"
        )
    return compiled


def text_of(value: Any) -> str | None:
    """Return a plain value as text, as it looks in JSON; None for what is absent, a list or an object."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -_LONG_INTEGERS < value < _LONG_INTEGERS:
        return str(value)
    number = float_of(value) if isinstance(value, int | float) else None
    if number is None:
        return None
    return str(int(number)) if number.is_integer() and abs(number) <= _EXACT_INTEGERS else repr(number)


def number_of(value: Any) -> float | None:
    """Return a plain value as a finite number, also one that is written as text; None for what is none."""
    if isinstance(value, str):
        is_decimal = len(value) <= _LONGEST_DECIMAL and _DECIMAL.fullmatch(value)
        return float_of(float(value)) if is_decimal else None
    return float_of(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def float_of(value: float) -> float | None:
    """Return a number as a finite float; None when it is none."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _passes(tests: Iterable[Test], value: Any) -> bool:
    return all(test(value) for test in tests)


def _is_one_of(values: tuple[Scalar, ...]) -> Test:
    texts = frozenset(each for each in values if isinstance(each, str))
    booleans = frozenset(each for each in values if isinstance(each, bool))
    numbers = frozenset(number_of(each) for each in values if not isinstance(each, str | bool)) - {None}

    def test(value: Any) -> bool:
        if isinstance(value, bool):
            return value in booleans
        if isinstance(value, str) and value in texts:
            return True
        return bool(numbers) and number_of(value) in numbers

    return (lambda value: isinstance(value, str) and value in texts) if len(texts) == len(set(values)) else test


def _has(pattern: re.Pattern[str]) -> Test:
    search = pattern.search

    def test(value: Any) -> bool:
        text = text_of(value)
        return text is not None and search(text[:MAX_MATCHED_CHARACTERS]) is not None

    return test


def _is_within(above: float | None, at_least: float | None, below: float | None, at_most: float | None) -> Test:
    def test(value: Any) -> bool:
        number = number_of(value)
        return (
            number is not None
            and (above is None or number > above)
            and (at_least is None or number >= at_least)
            and (below is None or number < below)
            and (at_most is None or number <= at_most)
        )

    return test


def _is_present(value: Any) -> bool:
    return value is not None


def _is_absent(value: Any) -> bool:
    return value is None


def _repeats_a_repeat(pattern: str) -> bool:
    """Return whether a group that may come many times can match in several ways: the time grows by powers."""
    groups: list[tuple[bool, bool]] = [(False, False)]  # of each open one: is it atomic, does something in it vary
    closed_varies = False
    for token in _TOKEN.finditer(pattern):
        is_atomic, varies = groups[-1]
        if token["open"]:
            groups.append((token["atomic"] is not None, False))
        elif token["choice"]:
            groups[-1] = (is_atomic, True)
        elif token["repeat"] and not token["possessive"]:
            if closed_varies and _may_come_often(token):
                return True
            groups[-1] = (is_atomic, varies or token["least"] is None or token["range"] is not None)
        closed_varies = bool(token["close"]) and varies and not is_atomic
        if token["close"] and len(groups) > 1:
            groups.pop()
            groups[-1] = (groups[-1][0], groups[-1][1] or closed_varies)
    return False


def _may_come_often(repeat: re.Match[str]) -> bool:
    """Return whether what stands before it may come so often that its ways to match multiply beyond use."""
    if repeat["least"] is None:
        return not repeat["repeat"].startswith("?")
    most = repeat["most"] if repeat["range"] else repeat["least"]
    return not most or int(most) > _FEW
