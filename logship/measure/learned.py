"""Make `Routes` fast for the urls that come again and again, without changing a single answer.

A dictionary of urls loses on real traffic: most urls with an identifier come once. So the templates that recur are
compiled into one regular expression, an alternation by segment whose last group tells the template (371 ns a url where
a substitution takes 554 ns). Urls that it does not know go the long way and are remembered for the next compilation.
The slash stands before an alternation, not in it: alternatives that begin with different letters are passed over at
once, which takes a third off.
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
        self.names = [""]
        """The templates by the number of the last group of a match."""
        self.match: Callable[[str], re.Match[str] | None] = re.compile(r"(?!)").match
        """Finds the template of a url that was not answered with 404; both change when one is learned."""

    def route(self, url: str, status: int | None) -> str:
        """Return the route of a request for `url` that was answered with `status`."""
        if status != NOT_FOUND:
            known = self.match(url)
            if known is not None:
                return self.names[known.lastindex or 0]
        return self.learn(url, status)

    def learn(self, url: str, status: int | None) -> str:
        """Return the same for a url that `match` does not find, and remember it."""
        route = self._route(url, status)
        if self._learns and status != NOT_FOUND:
            self._remember(url, route)
        return route

    def _remember(self, url: str, route: str) -> None:
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
        self.names = [""]
        self.match = re.compile(self._pattern(tree, ""), re.ASCII).match if tree else self.match

    def _pattern(self, tree: _Tree, prefix: str) -> str:
        segments = []
        for segment, below in tree.items():
            if segment != _END:
                expression = IDENTIFIER if segment == "/" + PLACEHOLDER else re.escape(segment[1:])
                segments.append(expression + self._pattern(below, prefix + segment))
        alternatives = ["/" + _one_of(segments)] if segments else []
        if _END in tree:
            self.names.append(prefix)
            alternatives.append(r"(?![^?#])()")
        return _one_of(alternatives)


def _one_of(alternatives: list[str]) -> str:
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"
