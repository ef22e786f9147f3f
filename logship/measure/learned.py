"""Make `Routes` fast for the urls that come again and again, without changing a single answer.

A dictionary of urls loses on real traffic: most urls with an identifier come once. So the templates that recur are
compiled into one regular expression, an alternation by segment whose last group tells the template (371 ns a url where
a substitution takes 554 ns). Urls that it does not know go the long way and are remembered for the next compilation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from logship.measure.routes import IDENTIFIER, NOT_FOUND, PLACEHOLDER, Routes

_MAX_TEMPLATES = 200
"""An alternation is tried one by one: more templates than this would slow down the common ones."""

_MAX_CANDIDATES = 2000
_MAX_ROUTE_CHARACTERS = 256
"""Longer routes are not worth their memory."""

_MAX_SEGMENTS = 24
"""Each segment nests the expression once more, and the compiler of expressions has a limit there."""

_FIRST_COMPILATION = 64
_RECURS = 2

_Tree = dict[str, "_Tree"]
_END = ""
"""Key in the tree behind which a template ends; no segment is called that, as segments begin with their slash."""


class LearnedRoutes:
    """Derive routes as `routes` does."""

    def __init__(self, routes: Routes) -> None:
        self._route = routes.route
        self._learns = not routes.has_declared
        self._candidates: Counter[str] = Counter()
        self._misses = 0
        self._next_compilation = _FIRST_COMPILATION
        self._names: list[str] = []
        self._match: Callable[[str], re.Match[str] | None] = re.compile(r"(?!)").match

    def route(self, url: str, status: int | None) -> str:
        """Return the route of a request for `url` that was answered with `status`."""
        if status != NOT_FOUND:
            known = self._match(url)
            if known is not None:
                return self._names[known.lastindex - 1]  # type: ignore[operator]  # one group always takes part
        route = self._route(url, status)
        if self._learns and status != NOT_FOUND:
            self._learn(url, route)
        return route

    def _learn(self, url: str, route: str) -> None:
        self._misses += 1
        if len(route) > _MAX_ROUTE_CHARACTERS or route.count("/") > _MAX_SEGMENTS or not url.startswith("/"):
            return
        if route in self._candidates or len(self._candidates) < _MAX_CANDIDATES:
            self._candidates[route] += 1
        if self._misses >= self._next_compilation:
            self._misses = 0
            self._next_compilation *= 2
            self._compile()

    def _compile(self) -> None:
        """Compile the most frequent templates; ever more rarely, so that a flood of new urls costs next to nothing."""
        self._candidates = Counter({route: count for route, count in self._candidates.items() if count >= _RECURS})
        tree: _Tree = {}
        for route, _ in self._candidates.most_common(_MAX_TEMPLATES):
            node = tree
            for segment in route[1:].split("/"):
                node = node.setdefault("/" + segment, {})
            node[_END] = {}
        self._names = []
        self._match = re.compile(self._pattern(tree, ""), re.ASCII).match if tree else self._match

    def _pattern(self, tree: _Tree, prefix: str) -> str:
        alternatives = []
        for segment, below in tree.items():
            if segment == _END:
                self._names.append(prefix)
                alternatives.append(r"(?![^?#])()")
            elif segment == "/" + PLACEHOLDER:
                alternatives.append("/" + IDENTIFIER + self._pattern(below, prefix + segment))
            else:
                alternatives.append(re.escape(segment) + self._pattern(below, prefix + segment))
        return "(?:" + "|".join(alternatives) + ")"
