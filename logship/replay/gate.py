"""Judge the numbers by an expression, for CI and deploys: text comes in, the rows that break it go out.

p99 > 500ms
error_rate >= 1%
p95{route="/api/heroes/:slug", method!="OPTIONS"} > 0.2s
total(rate) < 10/s
p99 > 1.2x                 # than the same route in the replay that this one is compared with
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from logship.errors import UsageError
from logship.measure import Tally
from logship.replay.compare import Change, changes, in_total
from logship.replay.selection import LABELS, LabelCondition, stated
from logship.replay.summary import Choice, RouteSummary
from logship.replay.values import SAID, printable

_COLUMNS = {
    "requests": "requests",
    "rate": "rate",
    "errors": "errors",
    "error_rate": "error_share",
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "max": "max",
}
"""What can be judged, and the column of a summary that it is."""

_DURATION = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_UNITS: Mapping[str, Mapping[str, float]] = {
    "requests": {"": 1.0},
    "errors": {"": 1.0},
    "rate": {"": 1.0, "/s": 1.0, "/m": 1 / 60},
    "error_rate": {"%": 0.01},
}
"""What each unit of a limit is; for all others durations."""

_RELATIVE = "x"
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class _Token(NamedTuple):
    text: str
    kind: str
    at: int


_TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<sign>=~|!~|!=|>=|<=|[>=<{}(),%]|/[sm]\b)|(?P<end>\Z))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """An expression that must not hold.

    Attributes:
        text: As it was given.
        name: What is judged, one of the columns by its name here.
        operator: How it is compared.
        limit: What with: seconds, a share, a number; how many times the value before when it is relative.
        is_relative: Whether the limit is a multiple of the value before.
        of_total: Whether all requests together are judged, not each route.
        where: Conditions on the labels of what is judged.
    """

    text: str
    name: str
    operator: str
    limit: float
    is_relative: bool = False
    of_total: bool = False
    where: tuple[LabelCondition, ...] = field(default=())


def gate(text: str) -> Gate:
    """Return what `text` states; raise UsageError with the place where it cannot be read."""
    return _Parser(text).gate()


def judge(judged: Gate, now: Tally, before: Tally) -> list[str]:
    """Return what breaks the gate, a line for each row; also that there is nothing to be judged."""
    return list(_breaches(judged, now, before))


def _breaches(judged: Gate, now: Tally, before: Tally) -> Iterator[str]:
    say = SAID[_COLUMNS[judged.name]]
    is_judged = False
    for row in _rows(judged, now, before):
        value, base = _value(judged, row.now), _value(judged, row.before) if judged.is_relative else 1.0
        if value is None or base is None:
            continue
        is_judged = True
        if _OPERATORS[judged.operator](value, judged.limit * base):
            was = f", before {say(base)}" if judged.is_relative else ""
            yield f"{_name(row)} has {judged.name} {say(value)}{was}"
    if not is_judged:
        yield "cannot be judged: no such request was counted"


def _rows(judged: Gate, now: Tally, before: Tally) -> Sequence[Change]:
    choice = Choice(where=judged.where)
    return [in_total(now, before, choice)] if judged.of_total else changes(now, before, choice)


def _value(judged: Gate, row: RouteSummary | None) -> float | None:
    value: float | None = getattr(row, _COLUMNS[judged.name], None)
    return value


def _name(row: Change) -> str:
    return f"{printable(row.method)} {printable(row.route)}" if row.route or row.method else "total"


class _Parser:
    """Read one expression from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._token = self._next()

    def gate(self) -> Gate:
        """Return what the whole text states."""
        of_total = self._token.text == "total"
        if of_total:
            self._advance()
            self._take("(")
        name = self._take_one(_COLUMNS, "what is judged")
        where = self._conditions() if self._token.text == "{" else ()
        if of_total:
            self._take(")")
        sign = self._take_one(_OPERATORS, "a comparison")
        limit, unit = self._limit(name)
        if self._token.kind != "end":
            self._fail("the end")
        if unit == _RELATIVE:
            return Gate(self._text, name, sign, limit, is_relative=True, of_total=of_total, where=where)
        units = _UNITS.get(name, _DURATION)
        return Gate(self._text, name, sign, limit * units[unit], of_total=of_total, where=where)

    def _limit(self, name: str) -> tuple[float, str]:
        if self._token.kind != "number":
            self._fail("a number")
        limit = float(self._advance().text)
        allowed = {**_UNITS.get(name, _DURATION), _RELATIVE: 1.0}
        if self._token.kind == "end":
            if "" not in allowed:
                self._fail(f"a unit ({', '.join(allowed)})")
            return limit, ""
        return limit, self._take_one({unit: None for unit in allowed if unit}, "a unit")

    def _conditions(self) -> tuple[LabelCondition, ...]:
        self._take("{")
        found = []
        while self._token.text != "}":
            label = self._take_one(dict.fromkeys(LABELS), "a label")
            sign = self._take_one(dict.fromkeys(("=", "!=", "=~", "!~")), "a comparison")
            if self._token.kind != "text":
                self._fail("a text in double quotes")
            value = re.sub(r"\\(.)", r"\1", self._advance().text[1:-1])
            found.append(stated(label, sign, value))
            if self._token.text == ",":
                self._advance()
            elif self._token.text != "}":
                self._fail(", or }")
        self._take("}")
        return tuple(found)

    def _take(self, text: str) -> None:
        if self._token.text != text:
            self._fail(text)
        self._advance()

    def _take_one(self, allowed: Mapping[str, object], meaning: str) -> str:
        if self._token.text not in allowed:
            self._fail(f"{meaning} ({', '.join(allowed)})")
        return self._advance().text

    def _advance(self) -> _Token:
        taken = self._token
        if taken.kind != "end":
            self._token = self._next()
        return taken

    def _next(self) -> _Token:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            start = len(self._text) - len(self._text[self._at :].lstrip())
            return _Token(self._text[start : start + 10], "unknown", start)
        self._at = found.end()
        return _Token(found[found.lastgroup], found.lastgroup, found.start(found.lastgroup))

    def _fail(self, expected: str) -> NoReturn:
        met = repr(self._token.text) if self._token.kind != "end" else "the end"
        raise UsageError(
            f"--fail-if {self._text!r}, character {self._token.at + 1}: {expected} must stand here, not {met}"
        )
