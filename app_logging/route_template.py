"""The scope of an answered request comes in, the template of its route goes out: `/api/heroes/{slug}`.

Promises: the set of templates is bounded by the application's routes, whatever clients send; placeholders are written
as in the code, without converters. None means that no route matched (404, a redirect of a slash).

Starlette leaves the matched route in the scope, but only the innermost one, and `root_path` holds the mounts' prefixes
with the *values* of their parameters. So below a mount the mounts are walked again, down to that `root_path`; without
mounts nothing is walked. Older releases of Starlette leave no route at all: there, all routes are walked.
A prefix that no mount made is left out: a dispatcher may have taken it from what a client sent.
Starlette is not imported: applications of other frameworks pass through here as well.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]

CONVERTER = re.compile(r"\{(\w+):\w+\}")
TOLD_ROUTE = "app_logging.route"
"""Where an application, or what we add to a framework, may leave the template: in the scope, or in WSGI's environ."""

MAX_ROUTES = 4096
"""More than any application has; each stands here once without its converters."""

NO_ROUTES: tuple[Any, ...] = ()

MAX_WRAPPERS = 16
"""Middlewares around an application that are looked through."""

FULL_MATCH = 2
"""`starlette.routing.Match.FULL`; in a PARTIAL one the path matches, the method does not (405)."""


def route_template(scope: Scope, root_path: str) -> str | None:
    """Return the template with all prefixes, or None if no route matched.

    Args:
        scope: The scope as the application has left it.
        root_path: The server's prefix, which is in no template: the scope's `root_path` before the application.
    """
    if TOLD_ROUTE in scope:
        return str(scope[TOLD_ROUTE])
    base = scope.get("app_root_path", root_path)
    route = scope.get("route")
    if route is None:
        if "path_template" in scope:
            return _litestar_path(scope)
        return _walk_all(scope, base) if "endpoint" in scope else None
    path = _fastapi_path(scope) if "fastapi" in scope else None
    if path is None:
        path = _path_of(route)
    if path is None:
        return None
    if _is_mount(route):
        # The search ended at a mount. With routes of its own, none of them matched; without, the application below
        # it answers everything (StaticFiles). The prefix has the mount's own path already.
        if _routes_below(route):
            return None
        path = "/{path}"
    return path if scope.get("root_path", "") == base else _mount_prefix(scope, base) + path


def _fastapi_path(scope: Scope) -> str | None:
    # FastAPI's include_router(prefix=...) keeps the prefixes here only (0.165); the key is private, so it may go.
    context = (scope["fastapi"] or {}).get("effective_route_context")
    path = getattr(context, "path", None)
    return without_converters(path) if isinstance(path, str) else None


@functools.lru_cache(maxsize=MAX_ROUTES)
def without_converters(path: str) -> str:
    """Return the template with `{id}` for `{id:int}`."""
    return CONVERTER.sub(r"{\1}", path)


def _litestar_path(scope: Scope) -> str | None:
    if scope["path_template"]:
        return str(scope["path_template"])
    # Litestar leaves an empty template for what is mounted: an application or a directory.
    mounts = sorted(getattr(scope.get("route_handler"), "paths", ()))
    return f"{mounts[0].rstrip('/')}/{{path}}" if mounts else None


def _path_of(route: Any) -> str | None:
    path = getattr(route, "path", None)
    return without_converters(path) if isinstance(path, str) else None


def _is_mount(route: Any) -> bool:
    return hasattr(route, "routes")


def _mount_prefix(scope: Scope, base: str) -> str:
    """Return the templates of the mounts that were passed, from the outermost."""
    target = scope.get("root_path", "")
    place = _start(scope, base)
    routes = getattr(scope.get("router"), "routes", ())
    prefix = ""
    while place["root_path"] != target:
        mount = _next_mount(routes, place, target)
        if mount is None:
            return prefix
        prefix += _path_of(mount) or ""
        routes = _routes_below(mount)
    return prefix


def _routes_below(mount: Any) -> Iterable[Any]:
    """Return the routes of what is mounted, found through the middlewares around it."""
    app = mount
    for _ in range(MAX_WRAPPERS):
        routes: Iterable[Any] | None = getattr(app, "routes", None)
        app = getattr(app, "app", None)
        if routes or app is None:
            return routes or NO_ROUTES
    return NO_ROUTES


def _next_mount(routes: Iterable[Any], place: Scope, target: str) -> Any:
    """Return the mount or host that leads to the target, and move the place behind it."""
    for route in routes:
        if not _is_mount(route):
            continue
        match, child = route.matches(place)
        if match.value == FULL_MATCH and target.startswith(child.get("root_path", "")):
            place.update(child)
            return route
    return None


def _walk_all(scope: Scope, base: str) -> str | None:
    """Route the request again, to learn which routes it went through."""
    place = _start(scope, base)
    routes: Iterable[Any] | None = getattr(scope.get("router"), "routes", ())
    template = ""
    while routes is not None:
        route, child = _first_match(routes, place)
        if route is None:
            return None
        template += _path_of(route) or ""
        place.update(child)
        routes = _routes_below(route) if _is_mount(route) else None
        if routes is NO_ROUTES:
            return template + "/{path}"
    return template


def _first_match(routes: Iterable[Any], place: Scope) -> tuple[Any, Scope]:
    partial: tuple[Any, Scope] = (None, {})
    for route in routes:
        match, child = route.matches(place)
        if match.value == FULL_MATCH:
            return route, child
        if match.value and partial[0] is None:
            partial = (route, child)
    return partial


def _start(scope: Scope, base: str) -> Scope:
    kept = {key: scope[key] for key in ("type", "path", "method", "headers") if key in scope}
    return {**kept, "root_path": base, "path_params": {}}
