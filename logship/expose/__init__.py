"""tally → exposition: metric families, encodings, the HTTP side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logship.on_demand import exports

if TYPE_CHECKING:
    from logship.expose.access import Access, AccessFile, WebOptions, access_of, open_to_all
    from logship.expose.bounds import bucket_label
    from logship.expose.collectors import (
        DURATIONS,
        REQUESTS,
        Created,
        Standing,
        StandingCollector,
        TallyCollector,
        registry_of,
    )
    from logship.expose.options import DEFAULT_LISTEN, ServeOptions, parse_listen
    from logship.expose.rendering import Renderer, exposition
    from logship.expose.server import Server, bind
    from logship.expose.view import View
    from logship.expose.web import application
else:
    __getattr__ = exports(
        __name__,
        {
            "access": (
                "Access",
                "AccessFile",
                "WebOptions",
                "access_of",
                "open_to_all",
            ),
            "bounds": ("bucket_label",),
            "collectors": (
                "DURATIONS",
                "REQUESTS",
                "Created",
                "Standing",
                "StandingCollector",
                "TallyCollector",
                "registry_of",
            ),
            "options": ("DEFAULT_LISTEN", "ServeOptions", "parse_listen"),
            "rendering": (
                "Renderer",
                "exposition",
            ),
            "server": ("Server", "bind"),
            "view": ("View",),
            "web": ("application",),
        },
    )

__all__ = [
    "DEFAULT_LISTEN",
    "DURATIONS",
    "REQUESTS",
    "Access",
    "AccessFile",
    "Created",
    "Renderer",
    "ServeOptions",
    "Server",
    "Standing",
    "StandingCollector",
    "TallyCollector",
    "View",
    "WebOptions",
    "access_of",
    "application",
    "bind",
    "bucket_label",
    "exposition",
    "open_to_all",
    "parse_listen",
    "registry_of",
]
