"""Turn columns of values into records, as a mapping says: the same code for a chunk of lines and for one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, compress, repeat
from typing import Any

from logship.conditions import Test
from logship.model import UNMATCHED, Reason
from logship.parse.columns import Columns, each, filled
from logship.parse.mapping import Duration, Mapping, Paths, Unit
from logship.parse.records import MappedRecord
from logship.parse.values import UNKNOWN_METHOD, Refused, duration, exception_type, level, status, text_or_refuse

REQUEST_MESSAGE = "HTTP Request"
"""The message that a request gets, whatever it is called in its format."""

FIELDS = ("method", "url", "route", "status", "level")
"""What stands at paths of its own, and what an `@` in a condition can mean."""


_NUMBERS = {int, float}


class Projection:
    """Read records as one mapping says.

    Attributes:
        paths: All paths that are looked at.
    """

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._places: dict[str, Paths] = {f"@{name}": getattr(mapping, name) for name in FIELDS}
        self._tests: list[tuple[str, Test]] = [(known.field, known.compile()) for known in mapping.request]
        asked = (self._places.get(name, (name,)) for name, _ in self._tests)
        alone = (
            *(place.path for place in mapping.duration),
            *(place.path for place in mapping.exception),
            *(place.path for place in mapping.texts),
        )
        self.paths = tuple(dict.fromkeys(chain(alone, *self._places.values(), *asked)))

    def requests(self, columns: Columns, count: int) -> list[bool]:
        """Return which of `count` records are requests."""
        fields = _Fields(self._mapping, self._places, columns, count)
        return self._requests(fields)

    def records(self, columns: Columns, count: int) -> list[MappedRecord]:
        """Return the records; raise Refused when one of them is a request that cannot be read."""
        fields = _Fields(self._mapping, self._places, columns, count)
        flags = self._requests(fields)
        levels = each(lambda value: level(value, self._mapping.levels), fields["@level"])
        exceptions = filled(count, fields.exceptions())
        if all(flags):
            return self._counted(fields, flags, levels, exceptions)
        others = iter(_others(_without(levels, flags), _without(exceptions, flags)))
        requests = iter(
            self._counted(fields, flags, list(compress(levels, flags)), list(compress(exceptions, flags)))
            if any(flags)
            else ()
        )
        return [next(requests) if flag else next(others) for flag in flags]

    def _requests(self, fields: _Fields) -> list[bool]:
        flags = [True] * fields.count
        for name, test in self._tests:
            flags = [flag and passed for flag, passed in zip(flags, each(test, fields[name]), strict=True)]
        return flags

    def _counted(
        self, fields: _Fields, flags: Sequence[bool], levels: list[str | None], exceptions: list[str | None]
    ) -> list[MappedRecord]:
        mapping = self._mapping
        method, url, route, code = (list(compress(fields[f"@{name}"], flags)) for name in FIELDS[:4])
        methods = each(lambda value: _method(value, mapping.ignored), method)
        urls, routes = _texts(url, Reason.INVALID_URL), _texts(route, Reason.INVALID_ROUTE)
        if not set(mapping.ignored).isdisjoint(urls) or not set(mapping.ignored).isdisjoint(routes):
            routes = [_route(*both, mapping.ignored) for both in zip(urls, routes, strict=True)]
        statuses = each(lambda value: status(value, mapping.unanswered), code)
        durations = filled(len(levels), fields.durations(flags))
        return list(
            map(MappedRecord, levels, repeat(REQUEST_MESSAGE), methods, urls, routes, statuses, durations, exceptions)
        )


class _Fields:
    """The values of fields, by `@` and name, or by path; each is looked up once."""

    def __init__(self, mapping: Mapping, places: dict[str, Paths], columns: Columns, count: int) -> None:
        self.count = count
        self._mapping = mapping
        self._places = places
        self._columns = columns
        self._known: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._known:
            self._known[name] = filled(self.count, self._sources(name)) if name in self._places else self._columns(name)
        return self._known[name]

    def _sources(self, name: str) -> Iterator[list[Any]]:
        yield from (self[path] for path in self._places[name])
        for text in self._mapping.texts:
            if name[1:] in text.pattern.groupindex:
                yield [_group(text.pattern, name[1:], value) for value in self[text.path]]

    def durations(self, flags: Sequence[bool]) -> Iterator[list[float | None]]:
        """Yield the durations of the flagged records, place by place."""
        for place in self._mapping.duration:
            yield _durations(list(compress(self[place.path], flags)), place, self._mapping)

    def exceptions(self) -> Iterator[list[str | None]]:
        """Yield the types of exceptions, place by place."""
        for place in self._mapping.exception:
            yield each(partial(exception_type, telling=place.telling), self[place.path])


def _group(pattern: re.Pattern[str], name: str, text: Any) -> str | None:
    """Return a part of `text`; "" when that is a text of another kind, as a request that could not be read is."""
    if not isinstance(text, str):
        return None
    found = pattern.match(text)
    return found[name] if found else ""


def _others(levels: list[str | None], exceptions: list[str | None]) -> list[MappedRecord]:
    return [MappedRecord(level=at, exception_type=raised) for at, raised in zip(levels, exceptions, strict=True)]


def _without(column: list[Any], flags: list[bool]) -> list[Any]:
    return [value for value, flag in zip(column, flags, strict=True) if not flag]


def _method(value: Any, ignored: Paths) -> str | None:
    return UNKNOWN_METHOD if value in ignored else text_or_refuse(value, Reason.INVALID_METHOD)


def _route(url: str | None, route: str | None, ignored: Paths) -> str | None:
    """Return the route of a request whose url or route says that there is none."""
    if route and route not in ignored:
        return route
    return UNMATCHED if url in ignored else None


def _texts(column: list[Any], reason: Reason) -> list[str | None]:
    if not {str, type(None)}.issuperset(map(type, column)):
        raise Refused(reason)
    return column


def _durations(column: list[Any], place: Duration, mapping: Mapping) -> list[float | None]:
    if place.unit is mapping.unit is not Unit.NAMED and not mapping.untimed and _NUMBERS.issuperset(map(type, column)):
        with suppress(OverflowError):
            return list(map(float, column))
    read = each(lambda value: duration(value, place.unit, mapping.unit), column)
    return [None if value in mapping.untimed else value for value in read] if mapping.untimed else read
