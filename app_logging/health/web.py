"""Health checks over HTTP: applications to be mounted where a probe asks, one for ASGI and one for WSGI.

200 or 503, with JSON. The answer is a few seconds old at the most, and a storm of probes runs the checks no more often
than that. Details stay in the log unless they are asked for: they tell of the inside, and the path may be open to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from app_logging.asgi_exchange import Receive, Scope, Send
from app_logging.health.checks import HealthChecks
from app_logging.health.result import Report

METHODS = ("GET", "HEAD")


class HealthEndpoint:
    """An ASGI application that answers with the state of health, whatever path it is mounted at.

    Args:
        checks: What is run.
        details: Whether the answer has the details of the checks.
    """

    def __init__(self, checks: HealthChecks, *, details: bool = False) -> None:
        self._checks = checks
        self._details = details

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; take part in the lifespan if it is served alone."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            method = scope["method"]
            report = await self._checks.recent_async() if method in METHODS else None
            status, headers, body = _answer(method, report, details=self._details)
            encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
            await send({"type": "http.response.start", "status": status, "headers": encoded})
            await send({"type": "http.response.body", "body": body})


class WSGIHealthEndpoint:
    """The same for WSGI.

    Args:
        checks: What is run.
        details: Whether the answer has the details of the checks.
    """

    def __init__(self, checks: HealthChecks, *, details: bool = False) -> None:
        self._checks = checks
        self._details = details

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        method = environ["REQUEST_METHOD"]
        report = self._checks.recent() if method in METHODS else None
        status, headers, body = _answer(method, report, details=self._details)
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]


async def _live(receive: Receive, send: Send) -> None:
    kind = ""
    while kind != "lifespan.shutdown":
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})


def _answer(method: str, report: Report | None, *, details: bool) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body."""
    if report is None:
        return 405, [("Allow", ", ".join(METHODS)), ("Content-Length", "0")], b""
    body = report.as_json(details=details) + b"\n"
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return report.http_status, headers, body if method == "GET" else b""
