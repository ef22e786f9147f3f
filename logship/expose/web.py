"""The HTTP routes of the sidecar: /metrics, /healthz, /readyz; everything else is not found.

Each answer shows one published view. A scrape first asks for a turn, so that it reflects every line that was written
before it (P3), but waits no longer than its budget: behind by more, it answers with what is committed.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client.registry import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from logship.expose.text import encode

_SCRAPE_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
_SHARE_OF_SCRAPE_TIMEOUT = 0.5
"""The rest of the scrape's own timeout is for rendering and the network."""


def application(
    *,
    registry: CollectorRegistry,
    freshen: Callable[[float], bool],
    readiness: Callable[[], str | None],
    budget_seconds: Callable[[], float],
) -> Starlette:
    """Return the ASGI application.

    Args:
        registry: What /metrics renders.
        freshen: Wait at most so many seconds until everything written before the call is counted.
        readiness: Why the sidecar is not ready, None when it is.
        budget_seconds: Returns the longest wait of a scrape.
    """

    def metrics(request: Request) -> Response:
        freshen(scrape_budget(budget_seconds(), request.headers.get(_SCRAPE_TIMEOUT_HEADER)))
        body, content_type = encode(registry, request.headers.get("Accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        why_not = readiness()
        return PlainTextResponse("ok\n") if why_not is None else PlainTextResponse(f"{why_not}\n", status_code=503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz), Route("/readyz", readyz)])


def scrape_budget(budget_seconds: float, scrape_timeout: str | None) -> float:
    """Return how long a scrape may wait, given the timeout that Prometheus says it has; nonsense there is ignored."""
    try:
        timeout = float(scrape_timeout) if scrape_timeout is not None else budget_seconds / _SHARE_OF_SCRAPE_TIMEOUT
    except ValueError:
        return budget_seconds
    return min(budget_seconds, timeout * _SHARE_OF_SCRAPE_TIMEOUT) if timeout > 0 else budget_seconds
