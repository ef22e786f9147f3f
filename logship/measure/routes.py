"""Give a request without a route a template from its url, so that the number of routes stays that of the application.

In order: the user's own templates; for a 404 that none of them matches `unmatched`, since then no route answered; else
each segment of the path that looks like an identifier becomes `:id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from logship.errors import UsageError
from logship.model import UNMATCHED

PLACEHOLDER = ":id"
PARAMETER = ":param"
"""Stands for a segment with too many values, as `segments` learns them; a url that holds it must not say so."""

NOT_FOUND = 404


class Origin(StrEnum):
    """Where the route of a request comes from."""

    OWN = "own"
    """The record says it."""
    DECLARED = "declared"
    """It is the first of the user's templates that matches."""
    PATH = "path"
    """It is the path of the url: nothing in it looks like an identifier."""
    TEMPLATE = "template"
    """It is the path with identifiers replaced."""
    LEARNED = "learned"
    """A segment of it has too many values, and became a parameter."""
    UNMATCHED = "unmatched"
    """No route answered."""


IDENTIFIER = (
    r"(?:\d++(?![^/?#])"  # a number
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![^/?#])"  # a UUID
    r"|[0-9a-fA-F]{16,}+(?![^/?#])"  # an object id or a digest
    rf"|{PARAMETER}(?![^/?#])"
    r"|\d{4}-\d\d-\d\d(?:T[^/?#]*+)?(?![^/?#])"  # a date, a date with a time
    r"|(?=[^/?#]{20})(?:"
    r"[^/?#\d]*+\d[^/?#]*+"  # a long token: words of that length rarely hold a digit
    r"|(?=[^/?#]{32})(?=[^/?#A-Z]*+[A-Z])(?=[^/?#a-z]*+[a-z])[^/?#]++"  # a longer one in mixed case
    r"))"
)
"""A whole path segment that names one thing of many; each alternative reaches to the end of the segment.

The first ones are the frequent ones. Where several match, they match the same.
"""

_SEGMENT = re.compile("/" + IDENTIFIER, re.ASCII)
_PARAMETER = re.compile(r":[A-Za-z_]\w*\??|\{[^{}/]+\}|<[^<>/]+>|\*", re.ASCII)
_REST = re.compile(r"\*|\{\w+:path\}|<path:\w+>", re.ASCII)
_PART = re.compile(
    r"(?P<dot>\.)?(?<![\w}>]):[A-Za-z_]\w*(?P<rule>\([^()]+\))?(?P<optional>\?)?|\{[^{}/]+\}|<[^<>/]+>", re.ASCII
)
"""A placeholder in a segment: `:name.:format?`, `:year(\\d{4})`, `{id}.json`; that of `items:export` is none."""
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", re.ASCII)


def path_of(url: str) -> str:
    """Return the path of `url`: without origin, query and fragment, `/` when there is none."""
    if not url.startswith("/"):
        origin = _ORIGIN.match(url)
        url = url[origin.end() :] if origin else url
    return url.partition("?")[0].partition("#")[0] or "/"


def template(path: str) -> str:
    """Return `path` with each identifier replaced."""
    return _SEGMENT.sub("/" + PLACEHOLDER, path)


def paths_of(route: str, value: str) -> list[str]:
    """Return the path that a template of the user's takes with `value` for its placeholders, if it takes one such."""
    path = _PART.sub(lambda part: f"{part['dot'] or ''}{value}", route)
    path = f"{path[:-1]}{value}/{value}" if path.endswith("/*") else path
    return [path] if Routes([route]).route(path, None) == route else []


class Routes:
    """Derive routes from urls; `declared` are the user's templates, such as `/api/students/:id` or `/files/*`."""

    def __init__(self, declared: Sequence[str] = ()) -> None:
        self.has_declared = bool(declared)
        self._tree = _Node()
        for route in declared:
            self._tree.insert(_segments(_checked(route)), route)

    def route(self, url: str, status: int | None) -> str:
        """Return the route of a request for `url` that was answered with `status`."""
        if self.has_declared:
            declared = self._tree.find(_segments(path_of(url)))
            if declared is not None:
                return declared
        return UNMATCHED if status == NOT_FOUND else template(path_of(url))

    def derive(self, url: str, status: int | None) -> tuple[str, Origin]:
        """Return the same with where it comes from."""
        route, path = self.route(url, status), path_of(url)
        if self.has_declared and self._tree.find(_segments(path)) is not None:
            return route, Origin.DECLARED
        if status == NOT_FOUND:
            return route, Origin.UNMATCHED
        return route, Origin.PATH if route == path else Origin.TEMPLATE


class _Node:
    """One segment of the declared templates; in order: a literal, a pattern, a parameter, a wildcard."""

    __slots__ = ("literals", "parameter", "patterns", "route", "wildcard")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.patterns: dict[re.Pattern[str], _Node] = {}
        self.parameter: _Node | None = None
        self.wildcard: str | None = None
        self.route: str | None = None

    def insert(self, segments: Sequence[str], route: str) -> None:
        if not segments:
            self.route = self.route or route
            return
        head, *rest = segments
        if _REST.fullmatch(head) and not rest:
            self.wildcard = self.wildcard or route
        elif _PARAMETER.fullmatch(head):
            self.parameter = self.parameter or _Node()
            self.parameter.insert(rest, route)
            if head.endswith("?"):
                self.insert(rest, route)
        elif _PART.search(head):
            self.patterns.setdefault(_pattern(head), _Node()).insert(rest, route)
        else:
            self.literals.setdefault(head, _Node()).insert(rest, route)

    def find(self, segments: Sequence[str]) -> str | None:
        if not segments:
            return self.route
        head, rest = segments[0], segments[1:]
        for child in self._children(head):
            found = child.find(rest)
            if found is not None:
                return found
        return self.wildcard

    def _children(self, segment: str) -> Iterator[_Node]:
        if segment in self.literals:
            yield self.literals[segment]
        for pattern, child in self.patterns.items():
            if pattern.fullmatch(segment):
                yield child
        if segment and self.parameter is not None:
            yield self.parameter


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def _checked(route: str) -> str:
    if not route.startswith("/") or "*" in route.removesuffix("/*"):
        raise UsageError(f"route template {route!r} must start with / and may hold * only as its end: /api/files/*")
    for segment in _segments(route):
        if set("{}<>()") & set(_PART.sub("", segment)):
            raise UsageError(f"route template {route!r}: placeholders are :id, {{id}} or <id>, not {segment!r}")
        try:
            _pattern(segment)
        except re.error as error:
            raise UsageError(f"route template {route!r}: {segment!r} holds no regular expression: {error}") from None
    return route


def _pattern(segment: str) -> re.Pattern[str]:
    """Return the expression for a segment of which only parts are placeholders."""
    expression, end = "", 0
    for part in _PART.finditer(segment):
        value = f"(?:{part['rule'][1:-1]})" if part["rule"] else "[^/]+?"
        if part["dot"]:
            value = rf"\.{value}"
        expression += re.escape(segment[end : part.start()]) + (f"(?:{value})?" if part["optional"] else value)
        end = part.end()
    return re.compile(expression + re.escape(segment[end:]))
