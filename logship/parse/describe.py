"""Say in words what a mapping says in data, for `logship formats` and for the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logship.conditions import Condition
from logship.parse.formats import Format
from logship.parse.mapping import Clock, Levels, Mapping, Raised, Telling, Time, Unit

UNITS = {
    Unit.S: "seconds",
    Unit.MS: "milliseconds",
    Unit.US: "microseconds",
    Unit.NS: "nanoseconds",
    Unit.NAMED: "text with its unit",
}
_CLOCKS = {Clock.S: "seconds", Clock.MS: "milliseconds", Clock.US: "microseconds", Clock.NS: "nanoseconds"}
_LEVELS = {Levels.NAMES: "", Levels.PINO: " (10 trace … 60 fatal)", Levels.OTEL: " (1-4 trace … 21-24 fatal)"}
_TELLING = {
    Telling.NAME: "",
    Telling.FIRST: " (a stack that begins with it)",
    Telling.LAST: " (a traceback's last line)",
}


def description(fmt: Format) -> Iterator[tuple[str, str]]:
    """Yield what is known of a format: a word, and what it says of that."""
    mapping = fmt.mapping
    yield "request", _request(fmt)
    for name in ("method", "url", "route", "status"):
        yield name, _places(mapping, name)
    yield "no answer", _unanswered(mapping)
    yield "duration", durations(mapping)
    yield "time", ", ".join(map(_time, mapping.time))
    yield "level", ", ".join(mapping.level) + _LEVELS[mapping.levels] if mapping.level else ""
    yield "message", ", ".join(mapping.message)
    yield "trace", ", ".join(mapping.trace_id)
    yield "exception", ", ".join(map(_raised, mapping.exception))
    yield "own fields", ", ".join(f"also under {under}" for under in fmt.fields_under)
    yield "found by", _found_by(fmt)
    yield "known from", fmt.facts


def durations(mapping: Mapping) -> str:
    """Return where durations stand, and in which units."""
    by_unit: dict[Unit, list[str]] = {}
    for place in mapping.duration:
        by_unit.setdefault(place.unit, []).append(place.path)
    return "; ".join(f"{', '.join(paths)}: {UNITS[unit]}" for unit, paths in by_unit.items()) or "none"


def _request(fmt: Format) -> str:
    return " and ".join(map(_condition, fmt.mapping.request)) or "each line"


def _condition(condition: Condition) -> str:
    field = condition.field.replace("@", "a ")
    if condition.one_of:
        return f"{field} is {' or '.join(map(_shown, condition.one_of))}"
    return f"{field} matches {condition.pattern}" if condition.pattern is not None else f"{field} is there"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _places(mapping: Mapping, name: str) -> str:
    paths: Sequence[str] = getattr(mapping, name)
    return ", ".join([*paths, *(f"in {text.path}" for text in mapping.texts if name in text.pattern.groupindex)])


def _unanswered(mapping: Mapping) -> str:
    values = ["none" if value is None else str(value) for value in mapping.unanswered]
    return f"a status of {' or '.join(values)} counts as status 0" if values else ""


def _time(place: Time) -> str:
    return place.path if place.clock is Clock.TEXT else f"{place.path} (a number is {_CLOCKS[place.clock]})"


def _raised(place: Raised) -> str:
    return place.path + _TELLING[place.telling]


def _found_by(fmt: Format) -> str:
    if fmt.signature is None:
        return "must be told"
    if fmt.line is not None:
        return "its lines; must be told when a number stands at their end"
    lacks = f", without {', '.join(fmt.signature.lacks)}" if fmt.signature.lacks else ""
    return ", ".join(each.replace("|", " or ") for each in fmt.signature.has) + lacks
