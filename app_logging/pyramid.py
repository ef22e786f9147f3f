"""Pyramid tells which route answers: `config.include("app_logging.pyramid")`, and the WSGI middleware around it."""

from __future__ import annotations

from typing import Any

from app_logging.route_template import TOLD_ROUTE


def includeme(config: Any) -> None:
    """Have Pyramid leave the pattern of the matched route where the middleware looks for it."""
    config.add_subscriber(_keep_pattern, "pyramid.interfaces.IBeforeTraversal")


def _keep_pattern(event: Any) -> None:
    request = event.request
    if request.matched_route is not None:
        request.environ[TOLD_ROUTE] = "/" + request.matched_route.pattern.lstrip("/")
