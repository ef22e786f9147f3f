"""The same small application in every framework, and clients that ask it within the process.

    GET  /heroes/{id}       Wonder Woman; the user "u-17" if the header X-User is sent
    GET  /v1/items/{n}      item, in a mounted application or an included router
    GET  /stream            abc three times, each after an eighth of a second
    GET  /wait/{ms}         waited that long
    GET  /boom              raises KeyError
    anything else           404

Nobody really waits: `wait` is what the handlers call.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Any], Any]
Wait = Callable[[float], None]
Headers = Sequence[tuple[str, str]]

PEER = "203.0.113.9"
WOMAN = "Wonder Woman"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@dataclasses.dataclass
class Answer:
    """What came back; status 0 if the application raised, or the client did not wait."""

    status: int = 0
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


def starlette_application(wait: Wait) -> AsgiApp:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response, StreamingResponse
    from starlette.routing import Mount, Route

    async def hero(request: Request) -> Response:
        if "x-user" in request.headers:
            request.scope["user"] = request.headers["x-user"]
        return PlainTextResponse(WOMAN)

    async def stream(_request: Request) -> Response:
        return StreamingResponse(_pieces_async(wait))

    async def wait_for(request: Request) -> Response:
        wait(request.path_params["ms"] / 1000)
        return PlainTextResponse("waited")

    async def boom(_request: Request) -> Response:
        raise KeyError("hero")

    async def item(_request: Request) -> Response:
        return PlainTextResponse("item")

    return Starlette(
        routes=[
            Route("/heroes/{id}", hero),
            Route("/stream", stream),
            Route("/wait/{ms:int}", wait_for),
            Route("/boom", boom),
            Mount("/v1", routes=[Route("/items/{n:int}", item)]),
        ]
    )


def fastapi_application(wait: Wait) -> AsgiApp:
    from fastapi import APIRouter, FastAPI, Request
    from fastapi.responses import PlainTextResponse, Response, StreamingResponse

    app, router = FastAPI(), APIRouter()

    async def hero(id: str, request: Request) -> Response:  # noqa: A002, ARG001 - the parameter is the route's
        if "x-user" in request.headers:
            request.state.user = request.headers["x-user"]
        return PlainTextResponse(WOMAN)

    def stream() -> Response:
        return StreamingResponse(_pieces_async(wait))

    async def wait_for(ms: int) -> Response:
        wait(ms / 1000)
        return PlainTextResponse("waited")

    async def boom() -> Response:
        raise KeyError("hero")

    async def item(n: int) -> Response:  # noqa: ARG001
        return PlainTextResponse("item")

    # FastAPI reads annotations by name, and these names are local.
    hero.__annotations__ |= {"id": str, "request": Request}
    for path, endpoint in (("/heroes/{id}", hero), ("/stream", stream), ("/wait/{ms}", wait_for), ("/boom", boom)):
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/items/{n}", item, response_model=None)
    app.include_router(router, prefix="/v1")
    return app


def litestar_application(wait: Wait) -> AsgiApp:
    from litestar import Litestar, Request, Router, get, head
    from litestar.response import Stream

    @get("/heroes/{id:str}", media_type="text/plain")
    async def hero(request: Request[Any, Any, Any]) -> str:
        if "x-user" in request.headers:
            request.scope["state"]["user"] = request.headers["x-user"]
        return WOMAN

    @head("/heroes/{id:str}", media_type="text/plain")
    async def hero_head() -> None:
        return None

    @get("/stream")
    async def stream() -> Stream:
        return Stream(_pieces_async(wait))

    @get("/wait/{ms:int}", media_type="text/plain")
    async def wait_for(request: Request[Any, Any, Any]) -> str:
        wait(request.path_params["ms"] / 1000)
        return "waited"

    @get("/boom")
    async def boom() -> None:
        raise KeyError("hero")

    @get("/items/{n:int}", media_type="text/plain")
    async def item() -> str:
        return "item"

    # Litestar reads annotations by name, and these names are local.
    hero.fn.__annotations__["request"] = wait_for.fn.__annotations__["request"] = Request
    stream.fn.__annotations__["return"] = Stream
    router = Router("/v1", route_handlers=[item])
    return Litestar([hero, hero_head, stream, wait_for, boom, router], openapi_config=None, logging_config=None)


def quart_application(wait: Wait) -> AsgiApp:
    import quart

    app, part = quart.Quart("heroes"), quart.Blueprint("v1", "v1", url_prefix="/v1")
    _add_rules(app, part, wait, quart)
    app.add_url_rule("/stream", "stream", lambda: quart.Response(_pieces_async(wait)))
    app.register_blueprint(part)
    return app


def flask_application(wait: Wait) -> WsgiApp:
    import flask

    app, part = flask.Flask("heroes"), flask.Blueprint("v1", "v1", url_prefix="/v1")
    _add_rules(app, part, wait, flask)
    app.add_url_rule("/stream", "stream", lambda: flask.Response(_pieces(wait)))
    app.register_blueprint(part)
    return app


def _add_rules(app: Any, part: Any, wait: Wait, framework: Any) -> None:
    def hero(id: str) -> Any:  # noqa: A002, ARG001
        if "X-User" in framework.request.headers:
            framework.g.user = framework.request.headers["X-User"]
            if "quart" in framework.__name__:
                framework.request.scope["user"] = framework.request.headers["X-User"]
        return framework.Response(WOMAN, mimetype="text/plain")

    def wait_for(ms: int) -> str:
        wait(ms / 1000)
        return "waited"

    def boom() -> str:
        raise KeyError("hero")

    app.add_url_rule("/heroes/<id>", "hero", hero)
    app.add_url_rule("/wait/<int:ms>", "wait", wait_for)
    app.add_url_rule("/boom", "boom", boom)
    part.add_url_rule("/items/<int:n>", "item", lambda n: "item")  # noqa: ARG005


def configure_django() -> None:
    """Set Django up, once in a process."""
    import django
    from django.conf import settings

    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["app_logging.django.RequestLogMiddleware"],
        SECRET_KEY="for tests",  # noqa: S106
        USE_TZ=True,
    )
    django.setup()


def django_urls(wait: Wait, *, is_async: bool) -> tuple[Any, ...]:
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import include, path

    def hero(request: Any, id: str) -> Any:  # noqa: A002, ARG001
        if "X-User" in request.headers:
            request.user = request.headers["X-User"]
        return HttpResponse(WOMAN, content_type="text/plain")

    def stream(_request: Any) -> Any:
        return StreamingHttpResponse(_pieces_async(wait) if is_async else _pieces(wait))

    def wait_for(_request: Any, ms: int) -> Any:
        wait(ms / 1000)
        return HttpResponse("waited")

    def boom(_request: Any) -> Any:
        raise KeyError("hero")

    def item(_request: Any, n: int) -> Any:  # noqa: ARG001
        return HttpResponse("item")

    def view(function: Callable[..., Any]) -> Callable[..., Any]:
        if not is_async:
            return function

        async def asynchronous(*arguments: Any, **more: Any) -> Any:
            return function(*arguments, **more)

        return asynchronous

    return (
        path("heroes/<id>", view(hero)),
        path("stream", view(stream)),
        path("wait/<int:ms>", view(wait_for)),
        path("boom", view(boom)),
        path("v1/", include(([path("items/<int:n>", view(item))], "v1"))),
    )


def django_application(wait: Wait, options: Mapping[str, Any], *, is_async: bool) -> Any:
    """Return Django's handler; its middleware is ours already."""
    configure_django()
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    urls = django_urls(wait, is_async=is_async)
    with override_settings(APP_LOGGING_REQUESTS=dict(options)):
        handler: Any = ASGIHandler() if is_async else WSGIHandler()

    class WithUrls:
        """The settings hold for as long as a request lasts."""

        def __call__(self, environ: Any, start_response: Any) -> Any:
            with override_settings(ROOT_URLCONF=urls):
                return handler(environ, start_response)

    async def with_urls(scope: Any, receive: Any, send: Any) -> None:
        with override_settings(ROOT_URLCONF=urls):
            await handler(scope, receive, send)

    return with_urls if is_async else WithUrls()


def _pieces(wait: Wait) -> Iterator[bytes]:
    for _ in range(3):
        wait(0.125)
        yield b"abc"


async def _pieces_async(wait: Wait) -> AsyncIterator[bytes]:
    for piece in _pieces(wait):
        yield piece


def ask_asgi(
    app: AsgiApp,
    method: str,
    target: str,
    headers: Headers = (),
    *,
    leaves_after: int | None = None,
) -> Answer:
    """Ask an ASGI application; the client may leave after some messages of the answer, 0 is before the first."""
    path, _, query = target.partition("?")
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": _decoded(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"h"), *((name.lower().encode(), value.encode("latin-1")) for name, value in headers)],
        "client": (PEER, 1234),
        "server": ("h", 80),
        "extensions": {},
        "state": {},
    }
    answer = Answer()
    asyncio.run(_exchange(app, scope, answer, leaves_after))
    return answer


async def _exchange(app: AsgiApp, scope: Any, answer: Answer, leaves_after: int | None) -> None:  # noqa: C901
    is_over, has_left, messages, has_asked = asyncio.Event(), leaves_after == 0, 0, False
    if has_left:
        is_over.set()

    async def receive() -> Any:
        nonlocal has_asked
        if not has_asked:
            has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await is_over.wait()  # servers say so behind a complete answer as well
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal messages, has_left
        messages += 1
        if has_left:
            return
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                is_over.set()
        if messages == leaves_after:
            has_left = True
            is_over.set()
            for _ in range(10):  # the application hears of it before it goes on
                await asyncio.sleep(0)

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - as a server does
        answer.status = answer.status or 500


def ask_wsgi(
    app: WsgiApp,
    method: str,
    target: str,
    headers: Headers = (),
    *,
    leaves_after: int | None = None,
) -> Answer:
    """Ask a WSGI application as PEP 3333 says; the client may leave after some pieces of the body."""
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _decoded(path).encode().decode("latin-1"),
        "RAW_URI": target,
        "QUERY_STRING": query,
        "SERVER_NAME": "h",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": PEER,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": "h",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers},
    }
    answer = Answer()

    def start_response(status: str, sent: Headers, _exc_info: Any = None) -> Any:
        answer.status = int(status[:3])
        answer.headers = {name.lower(): value for name, value in sent}

    try:
        body = app(environ, start_response)
    except Exception:  # noqa: BLE001 - as a server does
        answer.status = 500
        return answer
    try:
        for number, piece in enumerate(body, 1):
            answer.body += piece
            if number == leaves_after:
                break
    finally:
        if hasattr(body, "close"):
            body.close()
    return answer


def _decoded(path: str) -> str:
    return unquote(path)
