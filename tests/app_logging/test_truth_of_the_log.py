"""The log is the truth (P4): what logship derives from the records is what prometheus-client measures in the process.

The exporter is an independent middleware around ours, on the same clock. Its routes come from the table of traffic.
Times are multiples of an eighth of a second, which binary fractions hold exactly: those on a bound must not waver.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
import web_applications as web
from prometheus_client import CollectorRegistry, Histogram

import app_logging
from logship.config import Config
from logship.measure import Tally
from logship.replay import plan, replay

BOUNDS = (0.1, 0.5, 1, 2, 5)
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
Numbers = dict[tuple[str, str, str], tuple[int, tuple[int, ...], float]]


@dataclass(frozen=True)
class Visit:
    """One kind of request, and the route that it must be counted under."""

    ask: str
    route: str
    leaves_after: int | None = None


TRAFFIC = [
    Visit("GET /heroes/{number}?token=t", "/heroes/{id}"),
    Visit("HEAD /heroes/{number}", "/heroes/{id}"),
    Visit("GET /wait/0", "/wait/{ms}"),
    Visit("GET /wait/125", "/wait/{ms}"),
    Visit("GET /wait/500", "/wait/{ms}"),  # on the bound of a bucket
    Visit("GET /wait/625", "/wait/{ms}"),
    Visit("GET /wait/5000", "/wait/{ms}"),  # as well
    Visit("GET /wait/5125", "/wait/{ms}"),
    Visit("GET /stream", "/stream"),
    Visit("GET /stream", "/stream", leaves_after=2),
    Visit("GET /boom", "/boom"),
    Visit("GET /v1/items/{number}", "/v1/items/{n}"),
    Visit("GET /v1/nothing/{number}", "unmatched"),
    Visit("GET /wp-{number}.php", "unmatched"),
]


class Exporter:
    """prometheus-client, as an application would use it."""

    def __init__(self, clock: web.Clock) -> None:
        self.registry = CollectorRegistry()
        names = ["method", "route", "status_code"]
        self.seconds = Histogram("latency", "-", names, buckets=BOUNDS, registry=self.registry)
        self.clock = clock
        self.route = ""

    def observe(self, method: str, status: int, started_at: float) -> None:
        self.seconds.labels(method, self.route, str(status)).observe(self.clock() - started_at)

    def asgi(self, app: web.AsgiApp) -> web.AsgiApp:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            started_at, status = self.clock(), 500

            async def watched(message: Any) -> None:
                nonlocal status
                status = message.get("status", status)
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                self.observe(scope["method"], status, started_at)

        return wrapped

    def wsgi(self, app: web.WsgiApp) -> web.WsgiApp:
        def wrapped(environ: Any, start_response: Any) -> Iterator[bytes]:
            started_at, seen = self.clock(), [500]

            def watched(status: str, *more: Any) -> Any:
                seen.append(int(status[:3]))
                return start_response(status, *more)

            body = app(environ, watched)
            try:
                yield from body
            finally:
                body.close()
                self.observe(environ["REQUEST_METHOD"], seen[-1], started_at)

        return wrapped

    def numbers(self) -> Numbers:
        found: dict[tuple[str, str, str], list[Any]] = {}
        for sample in next(iter(self.registry.collect())).samples:
            labels = sample.labels
            key = (labels["method"], labels["route"], labels["status_code"])
            numbers = found.setdefault(key, [0, (), 0.0])
            if sample.name.endswith("_count"):
                numbers[0] = int(sample.value)
            elif sample.name.endswith("_bucket"):
                numbers[1] += (int(sample.value),)
            elif sample.name.endswith("_sum"):
                numbers[2] = pytest.approx(sample.value, abs=1e-6)
        return {key: (count, buckets, total) for key, (count, buckets, total) in found.items()}


def derived(tally: Tally) -> Numbers:
    found = {}
    for labels, series in tally.series.items():
        method, route, status = tuple(labels)
        key = (method, PLACEHOLDER.sub(r"{\1}", route), status)
        found[key] = (series.requests, tuple(accumulate(series.buckets)), series.sum_ns / 1e9)
    return found


def client_of(framework: str, clock: web.Clock, exporter: Exporter) -> Callable[..., web.Answer]:
    if framework == "django":
        wsgi = exporter.wsgi(web.django_application(clock.wait, {"clock": clock}, is_async=False))
    elif framework == "flask":
        wsgi = exporter.wsgi(app_logging.WSGIRequestLogMiddleware(web.flask_application(clock.wait), clock=clock))
    else:
        if framework == "django-async":
            app = web.django_application(clock.wait, {"clock": clock}, is_async=True)
        else:
            make = getattr(web, f"{framework}_application")
            app = app_logging.RequestLogMiddleware(make(clock.wait), clock=clock)
        return lambda *arguments, **more: web.ask_asgi(exporter.asgi(app), *arguments, **more)
    return lambda *arguments, **more: web.ask_wsgi(wsgi, *arguments, **more)


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "flask", "django", "django-async"])
def test_what_logship_derives_is_what_an_exporter_measures(framework: str, tmp_path: Path) -> None:
    app_logging.configure(service="heroes-api", log_dir=tmp_path, console=False, level="info")
    clock = web.Clock()
    exporter = Exporter(clock)
    ask = client_of(framework, clock, exporter)
    visits = random.Random(7).choices(TRAFFIC, k=150) + TRAFFIC  # noqa: S311 - the same each time
    for number, visit in enumerate(visits):
        exporter.route = visit.route
        method, target = visit.ask.replace("{number}", str(number)).split(" ")
        ask(method, target, leaves_after=visit.leaves_after)
    result = replay(plan([str(tmp_path / "combined.log")]), Config(), lambda _more: None)
    assert derived(result.tally) == exporter.numbers()
    assert sum(count for count, _buckets, _sum in derived(result.tally).values()) == len(visits)
    assert {status for _method, _route, status in derived(result.tally)} == {"200", "404", "500"}
