"""tally → exposition: metric families, encodings, the HTTP side."""

from __future__ import annotations

from logship.expose.collectors import Created, Standing, StandingCollector, TallyCollector, bucket_label, registry_of
from logship.expose.server import DEFAULT_LISTEN, ServeOptions, Server, bind, parse_listen
from logship.expose.text import exposition
from logship.expose.view import View, ViewCollector
from logship.expose.web import application

__all__ = [
    "DEFAULT_LISTEN",
    "Created",
    "ServeOptions",
    "Server",
    "Standing",
    "StandingCollector",
    "TallyCollector",
    "View",
    "ViewCollector",
    "application",
    "bind",
    "bucket_label",
    "exposition",
    "parse_listen",
    "registry_of",
]
