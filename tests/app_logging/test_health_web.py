"""A probe is answered 200 or 503 with JSON, mounted in real frameworks; the inside stays inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import fastapi
import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app_logging import health


def checks(*, database: object = True, mail: object = True) -> health.HealthChecks:
    return health.HealthChecks(
        health.Check("database", lambda: database),
        health.Check("mail", lambda: mail, essential=False),
        timeout_seconds=30,
        clock=lambda: 5.0,
    )


def asked_asgi(app: Any, path: str = "/healthz", method: str = "GET") -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://heroes") as client:
            return await client.request(method, path)

    return asyncio.run(once())


def asked_wsgi(app: Any, path: str = "/healthz", method: str = "GET") -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://heroes") as client:
        return client.request(method, path)


def bare(found: health.HealthChecks, **options: bool) -> httpx.Response:
    return asked_asgi(health.HealthEndpoint(found, **options))


def bare_wsgi(found: health.HealthChecks, **options: bool) -> httpx.Response:
    return asked_wsgi(health.WSGIHealthEndpoint(found, **options))


def in_starlette(found: health.HealthChecks, **options: bool) -> httpx.Response:
    return asked_asgi(Starlette(routes=[Route("/healthz", health.HealthEndpoint(found, **options))]))


def mounted(found: health.HealthChecks, **options: bool) -> httpx.Response:
    return asked_asgi(Starlette(routes=[Mount("/healthz", health.HealthEndpoint(found, **options))]), "/healthz/")


def in_fastapi(found: health.HealthChecks, **options: bool) -> httpx.Response:
    app = fastapi.FastAPI()
    app.router.routes.append(Route("/healthz", health.HealthEndpoint(found, **options)))
    return asked_asgi(app)


def in_flask(found: health.HealthChecks, **options: bool) -> httpx.Response:
    app = flask.Flask("heroes")
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]  # as Flask documents it
        app.wsgi_app, {"/healthz": health.WSGIHealthEndpoint(found, **options)}
    )
    return asked_wsgi(app)


HOSTS = pytest.mark.parametrize("ask", [bare, bare_wsgi, in_starlette, mounted, in_fastapi, in_flask])
Ask = Callable[..., httpx.Response]


@HOSTS
def test_who_is_healthy_answers_200_with_each_check(ask: Ask) -> None:
    answer = ask(checks())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.json() == {
        "status": "healthy",
        "checks": [
            {"name": "database", "status": "healthy", "duration": 0.0},
            {"name": "mail", "status": "healthy", "duration": 0.0, "essential": False},
        ],
    }


@HOSTS
def test_an_essential_failure_is_503_and_another_one_is_not(ask: Ask) -> None:
    down = ask(checks(database=False))
    assert (down.status_code, down.json()["status"]) == (503, "unhealthy")
    degraded = ask(checks(mail=False))
    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")


@HOSTS
def test_details_are_shown_to_those_alone_who_ask_for_them(ask: Ask) -> None:
    assert "10.0.0.7" not in ask(checks(database="primary is 10.0.0.7")).text
    assert ask(checks(database="primary is 10.0.0.7"), details=True).json()["checks"][0]["detail"] == (
        "primary is 10.0.0.7"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda method: asked_asgi(health.HealthEndpoint(checks()), method=method),
        lambda method: asked_wsgi(health.WSGIHealthEndpoint(checks()), method=method),
    ],
    ids=["asgi", "wsgi"],
)
def test_head_is_answered_without_a_body_and_other_methods_are_not(ask: Callable[[str], httpx.Response]) -> None:
    head = ask("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(ask("GET").content)
    for method in ("POST", "DELETE"):
        assert (ask(method).status_code, ask(method).headers["allow"]) == (405, "GET, HEAD")


def test_a_storm_of_probes_runs_the_checks_once() -> None:
    calls: list[int] = []
    endpoint = health.HealthEndpoint(health.HealthChecks(health.Check("database", lambda: calls.append(1))))

    async def storm() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://heroes") as client:
            return await asyncio.gather(*(client.get("/") for _ in range(100)))

    assert {answer.status_code for answer in asyncio.run(storm())} == {200}
    assert calls == [1]


def test_it_can_be_served_alone() -> None:
    sent: list[str] = []
    events = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(events)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(health.HealthEndpoint(checks())({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_answer_is_one_line_of_json() -> None:
    body = bare(checks()).content
    assert body.count(b"\n") == 1
    assert json.loads(body)
