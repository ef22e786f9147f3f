"""Compose the page: scripts, styles and data in one file that asks nobody for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from logship.replay.html.elements import Markup, as_script_data, element, escaped


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    anchor: str
    title: str
    content: Markup


def page(title: str, head: Markup, sections: Iterable[Section], data: dict[str, Any], library: str) -> str:
    """Return the whole document; `data` is what the charts draw with the script `library`."""
    shown = list(sections)
    own = _static("report.js")
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(own)}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    links = (element("a", each.title, href=f"#{each.anchor}") for each in shown)
    parts = (
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
        f"<title>{escaped(title)}</title><style>{_static('report.css')}</style></head><body>",
        element("header", element("h1", title), head, element("nav", *links, aria_label="Sections")),
        element("main", *map(_section, shown)),
        f'<script type="application/json" id="chart-data">{as_script_data(data)}</script>',
        f'<script type="text/plain" id="library">{_packed(library)}</script>',
        f"<script>{own}</script></body></html>",
    )
    return "\n".join(parts) + "\n"


def _section(section: Section) -> Markup:
    heading = element("h2", section.title, id=f"{section.anchor}-title")
    return element("section", heading, section.content, id=section.anchor, aria_labelledby=f"{section.anchor}-title")


def _static(name: str) -> str:
    return resources.files("logship.replay.html").joinpath("static", name).read_text("utf-8")


def _hash(script: str) -> str:
    """Return the source expression that lets just this script run: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _packed(script: str) -> str:
    """Return a script at 40 % of its size; the page unpacks it."""
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()
