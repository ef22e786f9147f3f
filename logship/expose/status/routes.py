"""The HTTP routes of the status page: the page itself, its style and script, and the same as JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from importlib import resources

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from logship.expose.status.document import choice_of, document
from logship.expose.status.moment import Moment
from logship.expose.status.report import DEFAULT_WINDOW, WINDOWS, Reporter

STATUS_PATH = "/api/v1/status"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_ASSETS = {"status.css": "text/css; charset=utf-8", "status.js": "text/javascript; charset=utf-8"}
_UNCHANGING = {"Cache-Control": "max-age=86400, immutable"}
_SURROGATE = re.compile("[\ud800-\udfff]")
"""What stands for the bytes of a file's name that are not UTF-8; JSON that all readers take has none."""


def status_routes(moment: Callable[[], Moment], now: Callable[[], float] = time.time) -> list[Route]:
    """Return the routes of the page.

    Args:
        moment: Returns what is shown; asked in a thread of its own, it may wait a little for a fresh one.
        now: The time in seconds since the epoch.
    """
    reporter = Reporter()
    contents = {name: resources.files(__package__).joinpath(name).read_bytes() for name in _ASSETS}
    digest = sha256(b"".join(contents.values())).hexdigest()[:12]

    def page(request: Request) -> Response:
        chosen = choice_of(request.query_params.get("window"), request.query_params.get("sort"))
        shown = moment()
        text = document(reporter.report(shown, chosen.window), chosen, max(now() - shown.at, 0.0), digest)
        return HTMLResponse(text.encode("utf-8", "replace"), headers=_HEADERS)

    def status(request: Request) -> Response:
        window = request.query_params.get("window", str(DEFAULT_WINDOW))
        if window not in map(str, WINDOWS):
            return PlainTextResponse("window must be 1, 5 or 15 (minutes)\n", status_code=400, headers=_HEADERS)
        body = json.dumps(asdict(reporter.report(moment(), int(window))), ensure_ascii=False)
        body = _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):x}", body)
        return Response(body, media_type="application/json", headers=_HEADERS)

    def asset(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return Response(contents[name], headers=_HEADERS | _UNCHANGING | {"Content-Type": _ASSETS[name]})

    return [
        Route("/", page),
        Route(STATUS_PATH, status),
        *(Route(f"/{name}", asset) for name in _ASSETS),
    ]
