"""Learn which segments of derived routes are parameters: a position with too many distinct values becomes `:param`.

First come, first served, as for all limits: the values that had a place of their own keep it, so that no number that
was counted ever moves. What is known is a function of the routes that were counted, whatever they came from: after a
restart those of the tally bring it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from logship.measure.routes import PARAMETER

MAX_VALUES = 100
"""Distinct values of a segment behind the same ones: more are things, not places of an application."""

DEFAULT_MAX_ROUTES = 500
"""Distinct values of the label `route`, as a scraper of one application should ever meet."""

_MAX_DEPTH = 24
"""A longer path is left as it is: the limit on routes is there for those."""

_MAX_REMEMBERED = 4096
"""Routes whose label is another that are known without looking again; a flood of new ones must not grow for ever."""

_Tree = dict[str, "_Tree"]


class LearnedSegments:
    """Give derived routes their labels, among the routes of the sources with the same constant labels.

    Args:
        max_routes: How many routes are kept: with so many the label `route` is full, and the rest is counted under
            `__other__` whatever it is called.
        declared: The user's templates, which are never changed.
        counted: The routes that were counted before, by another process or pipeline.
        max_values: From how many values on a segment is a parameter.
    """

    def __init__(
        self,
        max_routes: int = DEFAULT_MAX_ROUTES,
        declared: Iterable[str] = (),
        counted: Iterable[str] = (),
        *,
        max_values: int = MAX_VALUES,
    ) -> None:
        self._max_routes = max_routes
        self._max_values = max_values
        self._declared = frozenset(declared)
        self._routes: set[str] = set()
        self._tree: _Tree = {}
        self._folded: dict[str, str] = {}
        for route in counted:
            self.note(route)

    @property
    def folded(self) -> Mapping[str, str]:
        """The labels that are at hand of derived routes that count under another; it changes with what is counted."""
        return self._folded

    @property
    def kept(self) -> Collection[str]:
        """Routes that are counted as they are; there are others."""
        return self._routes

    def label(self, route: str) -> str:
        """Return the label under which a derived route is counted, and take note of it."""
        if route in self._routes or route in self._declared or not _is_path(route):
            self.note(route)
            return route
        label = self._label(route)
        self._keep(label)
        if label != route:
            if len(self._folded) >= _MAX_REMEMBERED:
                self._folded.clear()
            self._folded[route] = label
        return label

    def would_note(self, route: str) -> bool:
        """Return whether it would be news that a route is counted as it is."""
        return route not in self._routes and _is_path(route) and len(self._routes) < self._max_routes

    def note(self, route: str) -> None:
        """Take note of a route that is counted as it is."""
        if self.would_note(route):
            self._keep(route)
            self._folded.clear()  # its segments stand for themselves from now on

    def _label(self, route: str) -> str:
        node = self._tree
        label = ""
        for segment in _segments(route):
            is_one_of_many = segment not in node and (PARAMETER in node or len(node) >= self._max_values)
            place = PARAMETER if is_one_of_many else segment
            label += "/" + place
            node = node.get(place, {})
        return label

    def _keep(self, route: str) -> None:
        """Put a route into the tree if there is room for it."""
        if len(self._routes) >= self._max_routes:
            return
        self._routes.add(route)
        node = self._tree
        for segment in _segments(route):
            node = node.setdefault(segment, {})


def learns_alike(
    before: Collection[str],
    after: Collection[str],
    besides: Collection[str],
    *,
    max_routes: int = DEFAULT_MAX_ROUTES,
    max_values: int = MAX_VALUES,
) -> bool:
    """Return whether all routes had got the same labels if those `besides` had been kept before, too.

    `before` and `after` are the kept routes at the beginning and at the end. May say no when it is not sure.
    No place where those `besides` have a segment of their own must have come to its limit.
    """
    if not besides:
        return True
    together = {*after, *besides}
    if len(together) > max_routes:
        return False
    all_places, places_before = _tree_of(together), _tree_of(before)
    for route in besides:
        place, held = all_places, places_before
        for segment in _segments(route):
            if segment not in held and (PARAMETER in place or len(place) > max_values):
                return False
            place, held = place[segment], held.get(segment, {})
    return True


def _tree_of(routes: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for route in routes:
        node = tree
        for segment in _segments(route):
            node = node.setdefault(segment, {})
    return tree


def _is_path(route: str) -> bool:
    return route.startswith("/") and route.count("/") <= _MAX_DEPTH


def _segments(route: str) -> list[str]:
    return route[1:].split("/")
