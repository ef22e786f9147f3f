"""What a request record costs: microseconds per request, beside a bare application and prometheus-client.

    python benchmarks/request_middleware.py [--requests 5000] [--rounds 7]

Each middleware wraps the same application that answers at once; requests are made in the process, so that nothing but
the middleware is measured. Rounds are interleaved and the median counts. Ours writes its record to real files.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

import app_logging

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Any], Any]

HEADERS = [
    (b"host", b"heroes.example.org"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/143.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"x-request-id", b"0d9f4f0f6c1b4d0e8f4d1f5b8f6f3a11"),
    (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    (b"connection", b"keep-alive"),
]


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Wonder Woman"})


class PrometheusMiddleware:
    """What an exporter does in the process: one histogram, one counter, one gauge."""

    def __init__(self, app: App) -> None:
        registry = CollectorRegistry()
        self.app = app
        labels = ["method", "route", "status"]
        self.seconds = Histogram("http_request_duration_seconds", "-", labels, registry=registry)
        self.requests = Counter("http_requests", "-", labels, registry=registry)
        self.active = Gauge("active_connections", "-", registry=registry)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Measure one request."""
        status = 500

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started_at = time.perf_counter()
        self.active.inc()
        try:
            await self.app(scope, receive, watched)
        finally:
            labels = (scope["method"], "/heroes/{id}", str(status))
            self.active.dec()
            self.seconds.labels(*labels).observe(time.perf_counter() - started_at)
            self.requests.labels(*labels).inc()


class Route:
    """What Starlette leaves in the scope."""

    def __init__(self) -> None:
        self.path = "/heroes/{id}"


ROUTE = Route()


def scope() -> Scope:
    return {
        "type": "http",
        "method": "GET",
        "path": "/heroes/17",
        "raw_path": b"/heroes/17",
        "root_path": "",
        "query_string": b"",
        "headers": HEADERS,
        "client": ("203.0.113.9", 1234),
        "route": ROUTE,
    }


async def ask(app: App, requests: int) -> float:
    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    started_at = time.perf_counter()
    for _ in range(requests):
        await app(scope(), receive, send)
    return (time.perf_counter() - started_at) / requests


def ask_wsgi(app: WsgiApp, requests: int) -> float:
    def start_response(_status: str, _headers: Any, _exc_info: Any = None) -> Any:
        return None

    started_at = time.perf_counter()
    for _ in range(requests):
        body = app(environ(), start_response)
        for _piece in body:
            pass
        if hasattr(body, "close"):
            body.close()
    return (time.perf_counter() - started_at) / requests


def environ() -> dict[str, Any]:
    return dict(ENVIRON)


ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/heroes/17",
    "RAW_URI": "/heroes/17",
    "QUERY_STRING": "",
    "REMOTE_ADDR": "203.0.113.9",
    "app_logging.route": "/heroes/{id}",
    **{f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in HEADERS},
}


def answer_wsgi(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Wonder Woman"]


def log_line() -> Callable[[], None]:
    """Return what writes a record as long as that of a request: the part that is not the middleware's."""
    log = app_logging.get_logger("app_logging.request")
    fields = {
        "method": "GET",
        "url": "/heroes/17",
        "route": "/heroes/{id}",
        "status": 200,
        "duration": 0.012,
        "userAgent": HEADERS[1][1].decode(),
        "ip": "203.0.113.9",
        "userId": "anonymous",
        "bytes": 12,
        "active": 1,
        "request_id": HEADERS[5][1].decode(),
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "00f067aa0ba902b7",
    }
    return lambda: log.info(app_logging.REQUEST_MESSAGE, **fields)


def time_of(call: Callable[[], None], times: int) -> float:
    started_at = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started_at) / times


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        app_logging.configure(service="heroes-api", environment="benchmark", log_dir=directory, console=False)
        ours, peer = app_logging.RequestLogMiddleware(answer), PrometheusMiddleware(answer)
        ours_wsgi = app_logging.WSGIRequestLogMiddleware(answer_wsgi)
        number = options.requests
        line = log_line()
        measures: dict[str, Callable[[], float]] = {
            "bare ASGI": lambda: asyncio.run(ask(answer, number)),
            "app_logging, ASGI": lambda: asyncio.run(ask(ours, number)),
            "prometheus-client, ASGI": lambda: asyncio.run(ask(peer, number)),
            "bare WSGI": lambda: ask_wsgi(answer_wsgi, number),
            "app_logging, WSGI": lambda: ask_wsgi(ours_wsgi, number),
            "the same record by a log call": lambda: time_of(line, number),
        }
        times: dict[str, list[float]] = {name: [] for name in measures}
        gc.freeze()
        for _ in range(options.rounds):
            for name, measure in measures.items():
                times[name].append(measure() * 1e6)
        app_logging.reset()
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        bare = medians.get(f"bare {name[-4:]}", 0.0) if "," in name else 0.0
        more = f"  +{median - bare:5.1f}" if bare else ""
        print(f"{name:32}{median:8.1f} us{more}")
    print(f"Python {sys.version.split()[0]}, {options.rounds} rounds of {options.requests} requests, medians")


if __name__ == "__main__":
    main()
