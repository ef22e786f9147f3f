"""Say where a format keeps what a request is counted by: data only, read by `mapped`, shown by `logship formats`.

A place is a tuple of dotted paths; the first that holds anything is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from logship.conditions import Condition

Paths = tuple[str, ...]


class Unit(StrEnum):
    """The unit of a number; a text that names its unit, such as `12.3ms` or `0.0126s`, is read by what it names."""

    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"
    NAMED = "named"
    """Only such a text is a duration here."""


NANOSECONDS = {Unit.S: 1_000_000_000, Unit.MS: 1_000_000, Unit.US: 1_000, Unit.NS: 1, Unit.NAMED: 1}


class Clock(StrEnum):
    """What a number is that tells a time; a text is read by RFC 3339, the first zone being UTC, or as CLF has it."""

    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"
    TEXT = "text"
    """Only text is a time here."""


class Levels(StrEnum):
    """What a number is that tells a level."""

    NAMES = "names"
    """None is; a level is a name."""
    PINO = "pino"
    """10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal; bunyan has the same."""
    OTEL = "otel"
    """1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal."""


class Telling(StrEnum):
    """How a text tells the type of an exception."""

    NAME = "name"
    """It is the type."""
    FIRST = "first"
    """A stack whose first line begins with the type: V8, the JVM."""
    LAST = "last"
    """A traceback of Python, whose last line begins with the type."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Where a duration stands, and in which unit."""

    path: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Time:
    """Where the time of a record stands, and what a number means there."""

    path: str
    clock: Clock = Clock.TEXT


@dataclass(frozen=True, slots=True)
class Raised:
    """Where the type of an exception stands, and how it is told."""

    path: str
    telling: Telling = Telling.NAME


@dataclass(frozen=True, slots=True)
class Text:
    """A text that holds several fields, as the named groups of an expression: method, url, route, status."""

    path: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Signature:
    """What shows the format without being told: a request line has these keys, and none of those.

    Attributes:
        has: Paths; `a|b` is satisfied by either.
        lacks: Paths.
        texts: One of these stands in each request line as a value; without any, the last key of the first path does.
    """

    has: Paths = ()
    lacks: Paths = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where everything stands in a record.

    Attributes:
        request: What makes a record a request; all must hold. A field that begins with `@` is one of those below.
        unanswered: Values of the status that say that nothing was answered: counted with the status 0.
        untimed: Numbers that say that there is no duration.
        texts: Where fields stand together in a text; looked at for what stands nowhere else.
        ignored: Values of method, url and route that say that there is none.
    """

    request: tuple[Condition, ...] = ()
    method: Paths = ()
    url: Paths = ()
    route: Paths = ()
    status: Paths = ()
    duration: tuple[Duration, ...] = ()
    time: tuple[Time, ...] = ()
    level: Paths = ()
    levels: Levels = Levels.NAMES
    message: Paths = ()
    trace_id: Paths = ()
    exception: tuple[Raised, ...] = ()
    unanswered: tuple[int | None, ...] = ()
    untimed: tuple[float, ...] = ()
    texts: tuple[Text, ...] = ()
    ignored: Paths = ("", "-")

    @property
    def unit(self) -> Unit:
        """The unit that durations are counted in: that of the first place."""
        return self.duration[0].unit if self.duration else Unit.NS


def present(path: str) -> Condition:
    """Return the condition that something stands at `path`."""
    return Condition(path, present=True)


def equals(path: str, *values: str | int | bool) -> Condition:
    """Return the condition that one of `values` stands at `path`."""
    return Condition(path, one_of=values)


def matches(path: str, pattern: str) -> Condition:
    """Return the condition that `pattern` is found in the text at `path`."""
    return Condition(path, pattern=pattern)
