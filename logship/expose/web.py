"""The HTTP routes of the sidecar: /metrics, /healthz, /readyz; everything else is not found.

/healthz and /readyz answer 200, or 503 and the reasons, one on a line.

Each scrape shows one published view. It first asks for a turn, so that it reflects every line that was written before
it (P3), but waits no longer than its budget: behind by more, it answers with what is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client.registry import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from logship.expose.text import encode

_SCRAPE_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
_SHARE_OF_SCRAPE_TIMEOUT = 0.5
"""The rest of the scrape's own timeout is for rendering and the network."""

MAX_REASONS = 20
"""A probe wants to know what is wrong, not in how many places."""


def application(
    *,
    registry: CollectorRegistry,
    freshen: Callable[[float], bool],
    stall: Callable[[], str | None],
    missing: Callable[[], Sequence[str]],
    budget_seconds: Callable[[], float],
) -> Starlette:
    """Return the ASGI application.

    Args:
        registry: What /metrics renders.
        freshen: Wait at most so many seconds until everything written before the call is counted.
        stall: Why the sidecar is not alive, None when it is; asked in the thread of the server, it must not wait.
        missing: What the sidecar needs and has not; asked in a thread of its own.
        budget_seconds: Returns the longest wait of a scrape.
    """

    def metrics(request: Request) -> Response:
        freshen(scrape_budget(budget_seconds(), request.headers.get(_SCRAPE_TIMEOUT_HEADER)))
        body, content_type = encode(registry, request.headers.get("Accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(_request: Request) -> Response:
        why_not = stall()
        return _probed([] if why_not is None else [why_not])

    def readyz(_request: Request) -> Response:
        return _probed(missing())

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz), Route("/readyz", readyz)])


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
