"""The scope of an answered request comes in, the template of its route goes out: `/api/heroes/{slug}`.

Promises: the set of templates is bounded by the application's routes, whatever clients send; placeholders are written
as in the code, without converters. None means that no route matched (404, a redirect of a slash).

Starlette leaves the matched route in the scope, but only the innermost one, and `root_path` holds the mounts' prefixes
with the *values* of their parameters. So below a mount the mounts are walked again, down to that `root_path`; without
mounts nothing is walked. Older releases of Starlette leave no route at all: there, all routes are walked.
Starlette is not imported: applications of other frameworks pass through here as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]

CONVERTER = re.compile(r"\{(\w+):\w+\}")
FULL_MATCH = 2
"""`starlette.routing.Match.FULL`; in a PARTIAL one the path matches, the method does not (405)."""


def route_template(scope: Scope, root_path: str) -> str | None:
    """Return the template with all prefixes, or None if no route matched.

    Args:
        scope: The scope as the application has left it.
        root_path: The server's prefix, which is in no template: the scope's `root_path` before the application.
    """
    base = scope.get("app_root_path", root_path)
    route = scope.get("route")
    if route is None:
        return _walk_all(scope, base) if "endpoint" in scope else None
    tail = _tail(route, scope)
    if tail is None:
        return None
    return _mount_prefix(scope, base) + tail


def _tail(route: Any, scope: Scope) -> str | None:
    """Return the innermost part of the template."""
    path = _fastapi_path(scope) or _path_of(route)
    if path is None or not _is_mount(route):
        return path
    # The search ended at a mount. With routes of its own, none of them matched; without, the application below
    # it answers everything (StaticFiles). The prefix has the mount's own path already.
    return None if route.routes else "/{path}"


def _fastapi_path(scope: Scope) -> str | None:
    # FastAPI's include_router(prefix=...) keeps the prefixes here only (0.165); the key is private, so it may go.
    context = (scope.get("fastapi") or {}).get("effective_route_context")
    path = getattr(context, "path", None)
    return CONVERTER.sub(r"{\1}", path) if isinstance(path, str) else None


def _path_of(route: Any) -> str | None:
    path = getattr(route, "path", None)
    return CONVERTER.sub(r"{\1}", path) if isinstance(path, str) else None


def _is_mount(route: Any) -> bool:
    return hasattr(route, "routes")


def _mount_prefix(scope: Scope, base: str) -> str:
    """Return the templates of the mounts that were passed, from the outermost."""
    target = scope.get("root_path", "")
    if target == base:
        return ""
    place = _start(scope, base)
    routes = getattr(scope.get("router"), "routes", ())
    prefix = ""
    while place["root_path"] != target:
        mount = _next_mount(routes, place, target)
        if mount is None:
            # No mount that we know made this step: hide the values at least.
            return prefix + _without_values(target[len(place["root_path"]) :], scope.get("path_params", {}))
        prefix += _path_of(mount) or ""
        routes = mount.routes
    return prefix


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
        if _is_mount(route) and not route.routes:
            return template + "/{path}"
        routes = route.routes if _is_mount(route) else None
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


def _without_values(path: str, params: MutableMapping[str, Any]) -> str:
    names = {str(value): name for name, value in params.items()}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in path.split("/"))
