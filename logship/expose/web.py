"""The HTTP routes of the sidecar: /metrics, /healthz, /readyz, and its pages; everything else is not found.

/healthz and /readyz answer 200, or 503 and the reasons, one on a line.

Each scrape shows one published view. It first asks for a turn, so that it reflects every line that was written before
it (P3), but waits no longer than its budget: behind by more, it answers with what is committed. The format and the
coding are what its headers want; `name[]` in the query, as in other clients of Prometheus, shows these metrics alone.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from logship.expose.negotiation import choose_format, wants_gzip

_SCRAPE_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
_SHARE_OF_SCRAPE_TIMEOUT = 0.5
"""The rest of the scrape's own timeout is for rendering and the network."""

MAX_REASONS = 20
"""A probe wants to know what is wrong, not in how many places."""

_GZIP_LEVEL = 1
"""Metrics repeat themselves: higher levels take several times as long for a few percent."""


class Render(Protocol):
    """Returns the metrics as text, of some names if they are given; called by any number of threads."""

    def __call__(self, *, openmetrics: bool, names: Collection[str] = ()) -> bytes:
        """Return the metrics."""


def application(
    *,
    render: Render,
    freshen: Callable[[float], bool],
    stall: Callable[[], str | None],
    missing: Callable[[], Sequence[str]],
    budget_seconds: Callable[[], float],
    pages: Sequence[BaseRoute] = (),
) -> Starlette:
    """Return the ASGI application.

    Args:
        render: Returns what /metrics shows.
        freshen: Wait at most so many seconds until everything written before the call is counted.
        stall: Why the sidecar is not alive, None when it is; asked in the thread of the server, it must not wait.
        missing: What the sidecar needs and has not; asked in a thread of its own.
        budget_seconds: Returns the longest wait of a scrape.
        pages: Further routes, such as those of the status page.
    """

    def metrics(request: Request) -> Response:
        freshen(scrape_budget(budget_seconds(), request.headers.get(_SCRAPE_TIMEOUT_HEADER)))
        choice = choose_format(_joined(request, "Accept"))
        body = render(openmetrics=choice.is_openmetrics, names=frozenset(request.query_params.getlist("name[]")))
        headers = {"Content-Type": choice.content_type, "Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
        if wants_gzip(_joined(request, "Accept-Encoding")):
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers)

    async def healthz(_request: Request) -> Response:
        why_not = stall()
        return _probed([] if why_not is None else [why_not])

    def readyz(_request: Request) -> Response:
        return _probed(missing())

    routes = [Route("/metrics", metrics), Route("/healthz", healthz), Route("/readyz", readyz), *pages]
    served = Starlette(routes=routes)
    served.router.redirect_slashes = False  # it would lead to whatever host the client says this is
    return served


def _joined(request: Request, header: str) -> str:
    """Return a header that may stand there several times as one."""
    return ", ".join(request.headers.getlist(header))


def _probed(reasons: Sequence[str]) -> Response:
    headers = {"Cache-Control": "no-store"}
    if not reasons:
        return PlainTextResponse("ok\n", headers=headers)
    lines = "".join(f"{_printable(reason)}\n" for reason in reasons[:MAX_REASONS])
    return PlainTextResponse(lines, status_code=503, headers=headers)


def _printable(reason: str) -> str:
    """Return a reason on one line, whatever the name of a file in it holds."""
    return "".join(each if each.isprintable() else "?" for each in reason)


def scrape_budget(budget_seconds: float, scrape_timeout: str | None) -> float:
    """Return how long a scrape may wait, given the timeout that Prometheus says it has; nonsense there is ignored."""
    try:
        timeout = float(scrape_timeout) if scrape_timeout is not None else budget_seconds / _SHARE_OF_SCRAPE_TIMEOUT
    except ValueError:
        return budget_seconds
    return min(budget_seconds, timeout * _SHARE_OF_SCRAPE_TIMEOUT) if timeout > 0 else budget_seconds
