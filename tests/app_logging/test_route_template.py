"""The table of what frameworks leave in the scope, and what the template must be."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router

from app_logging.route_template import route_template


async def answer(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def answer_everything(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("ok")(scope, receive, send)


def routes() -> list[Any]:
    items = Route("/items/{n}", answer)
    return [
        Route("/", answer),
        Route("/plain", answer, methods=["GET"]),
        Route("/heroes/{id:int}", answer),
        Route("/files/{path:path}", answer),
        Route("/slash/", answer),
        Mount("/v1", routes=[items, Mount("/deep", routes=[items])]),
        Mount("/t/{tenant}", routes=[Route("/x/{y}", answer), Route("/same/{tenant}", answer)]),
        Mount("/f/{p:path}/z", routes=[Route("/x", answer)]),
        Mount("/static", answer_everything),
        Mount("/sub", Starlette(routes=[items])),
        Host("api.example.org", Router([Mount("/h", routes=[items])])),
    ]


CASES = [
    ("/", "/"),
    ("/plain", "/plain"),
    ("/heroes/7", "/heroes/{id}"),
    ("/files/a/b", "/files/{path}"),
    ("/v1/items/4", "/v1/items/{n}"),
    ("/v1/deep/items/4", "/v1/deep/items/{n}"),
    ("/t/acme/x/1", "/t/{tenant}/x/{y}"),
    ("/t/t/x/1", "/t/{tenant}/x/{y}"),
    ("/t/acme/same/2", "/t/{tenant}/same/{tenant}"),
    ("/f/a/b/z/x", "/f/{p}/z/x"),
    ("/static/any/thing", "/static/{path}"),
    ("/sub/items/4", "/sub/items/{n}"),
    ("/nothing", None),
    ("/v1/nothing", None),
    ("/sub/nothing", None),
    ("/t/acme/nothing", None),
    ("/slash", None),
    ("/heroes/seven", None),
]


def answered_scope(app: Any, path: str, *, root_path: str = "", method: str = "GET", host: str = "h") -> dict[str, Any]:
    """Run the request and return the scope as the application has left it."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": root_path + path,
        "root_path": root_path,
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "server": ("h", 80),
        "scheme": "http",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(_message: Any) -> None:
        pass

    with suppress(KeyError):  # what an endpoint raises, as a server would
        asyncio.run(app(scope, receive, send))
    return scope


@pytest.mark.parametrize("root_path", ["", "/proxy"])
@pytest.mark.parametrize(("path", "expected"), CASES)
def test_starlette(path: str, expected: str | None, root_path: str) -> None:
    scope = answered_scope(Starlette(routes=routes()), path, root_path=root_path)
    assert route_template(scope, root_path) == expected


MOUNTS = [
    ("/v1", "/v1", "/v1"),
    ("/t/{tenant}", "/t/acme", "/t/{tenant}"),
    ("/t/{tenant}", "/t/t", "/t/{tenant}"),  # a value like a literal
    ("/f/{q:path}/w", "/f/a/b/w", "/f/{q}/w"),  # a value with a slash
    ("/n/{number:int}/{other}", "/n/7/7", "/n/{number}/{other}"),
]


@pytest.mark.parametrize("is_application", [True, False])
@pytest.mark.parametrize(("mount", "prefix", "template"), MOUNTS)
@pytest.mark.parametrize(("path", "expected"), CASES)
def test_every_case_below_every_mount(
    path: str, expected: str | None, mount: str, prefix: str, template: str, *, is_application: bool
) -> None:
    below = Mount(mount, Starlette(routes=routes())) if is_application else Mount(mount, routes=routes())
    scope = answered_scope(Starlette(routes=[below]), prefix + path, root_path="/proxy")
    assert route_template(scope, "/proxy") == (template + expected if expected else None)
    scope.pop("route", None)
    assert route_template(scope, "/proxy") == (template + expected if expected else None), "in an older Starlette"


@pytest.mark.parametrize("mount", ["", "/sub/{tenant}"])
def test_fastapi_keeps_the_template_whatever_the_answer(mount: str) -> None:
    fastapi = pytest.importorskip("fastapi")

    async def number(n: int) -> int:
        return n

    async def refusing() -> None:
        raise fastapi.HTTPException(403)

    async def failing() -> None:
        raise KeyError("hero")

    part = fastapi.APIRouter()
    for name, endpoint in (("/number/{n}", number), ("/refusing", refusing), ("/failing", failing)):
        part.add_api_route(name, endpoint)
    app = inner = fastapi.FastAPI()
    inner.include_router(part, prefix="/r")
    if mount:
        app = fastapi.FastAPI()
        app.mount(mount, inner)
    prefix = mount.replace("{tenant}", "acme")
    for path, method, expected in (
        ("/r/number/4", "GET", "/r/number/{n}"),
        ("/r/number/four", "GET", "/r/number/{n}"),  # 422
        ("/r/number/4", "DELETE", "/r/number/{n}"),  # 405
        ("/r/refusing", "GET", "/r/refusing"),
        ("/r/failing", "GET", "/r/failing"),
        ("/r/refusing/", "GET", None),  # 307
    ):
        scope = answered_scope(app, prefix + path, method=method)
        assert route_template(scope, "") == (mount + expected if expected else None), path


def test_the_set_of_templates_is_bounded_whatever_clients_ask_for() -> None:
    app = Starlette(routes=[*routes(), Mount("/{p:path}/m", routes=[Route("/x/{y:path}", answer)])])
    targets = [f"/{'a/' * number}{number}/m/x/{number}/z" for number in range(50)]
    targets += [f"/t/{number}/x/{number}" for number in range(50)] + [f"/{number}" for number in range(50)]
    found = {route_template(answered_scope(app, target), "") for target in targets}
    assert found == {"/{p}/m/x/{y}", "/t/{tenant}/x/{y}", None}


class Tenants:
    """A middleware that moves the first segment of the path, which clients choose, into the root path."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        tenant = scope["path"].removeprefix(scope["root_path"]).split("/")[1]
        scope["root_path"] += f"/{tenant}"
        await self.app(scope, receive, send)


@pytest.mark.parametrize("tenant", ["acme", "items", "0"])
def test_a_prefix_that_clients_choose_is_in_no_template(tenant: str) -> None:
    app = Tenants(Starlette(routes=[Route("/items/{n}", answer), *routes()]))
    for path, expected in (("/items/1", "/items/{n}"), ("/v1/items/1", "/v1/items/{n}"), ("/nothing", None)):
        scope = answered_scope(app, f"/{tenant}{path}")
        blind = set() if "route" in scope else {None}  # an older Starlette leaves none, and a prefix may hide it
        assert route_template(scope, "") in {expected} | blind
        below = route_template(answered_scope(Starlette(routes=[Mount("/m", app)]), f"/m/{tenant}{path}"), "")
        assert below in {expected and f"/m{expected}", "/m/items/{n}", "/m/v1/items/{n}"} | blind, "bounded"


def test_mounts_are_found_through_the_middlewares_around_what_is_mounted() -> None:
    class Wrapped:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    app = Starlette(routes=[Mount("/outer", Wrapped(Wrapped(Starlette(routes=routes()))))])
    for path, expected in CASES:
        scope = answered_scope(app, f"/outer{path}")
        assert route_template(scope, "") == (expected and f"/outer{expected}"), path
        scope.pop("route", None)
        assert route_template(scope, "") == (expected and f"/outer{expected}"), path


def test_what_a_proxy_has_cut_off_is_in_no_template() -> None:
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()
    app.root_path = "/proxy"
    app.add_api_route("/items/{n}", answer, response_model=None)
    assert route_template(answered_scope(app, "/items/4"), "") == "/items/{n}"


@pytest.mark.parametrize(("path", "expected"), CASES)
def test_a_starlette_that_leaves_no_route_in_the_scope(path: str, expected: str | None) -> None:
    scope = answered_scope(Starlette(routes=routes()), path)
    scope.pop("route", None)
    assert route_template(scope, "") == expected


def test_a_method_that_is_not_allowed_keeps_the_template() -> None:
    scope = answered_scope(Starlette(routes=routes()), "/plain", method="DELETE")
    assert route_template(scope, "") == "/plain"
    scope.pop("route", None)
    assert route_template(scope, "") == "/plain"


def test_a_host_adds_nothing_to_the_path() -> None:
    app = Starlette(routes=list(reversed(routes())))
    scope = answered_scope(app, "/h/items/1", host="api.example.org")
    assert route_template(scope, "") == "/h/items/{n}"
    assert route_template(answered_scope(app, "/h/nothing", host="api.example.org"), "") is None


def test_a_middleware_inside_a_mounted_application_sees_the_whole_template() -> None:
    seen: list[str | None] = []

    class Look:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            root_path = scope["root_path"]
            await self.app(scope, receive, send)
            seen.append(route_template(scope, root_path))

    sub = Starlette(routes=[Route("/items/{n}", answer)])
    sub.add_middleware(Look)
    answered_scope(Starlette(routes=[Mount("/t/{tenant}", sub)]), "/t/acme/items/1")
    assert seen == ["/t/{tenant}/items/{n}"]


def test_a_framework_that_leaves_nothing_gets_no_template() -> None:
    assert route_template({"type": "http", "path": "/x"}, "") is None


def test_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi")

    async def item() -> str:
        return "ok"

    inner, outer = fastapi.APIRouter(), fastapi.APIRouter()
    inner.add_api_route("/in/{q}", item)
    outer.add_api_route("/items/{n:int}", item)
    outer.include_router(inner, prefix="/nested")
    sub = fastapi.FastAPI()
    sub.add_api_route("/y/{z}", item)
    app = fastapi.FastAPI()
    app.include_router(outer, prefix="/r")
    app.mount("/sub/{tenant}", sub)
    expected = {
        "/r/items/4": "/r/items/{n}",
        "/r/nested/in/x": "/r/nested/in/{q}",
        "/sub/acme/y/1": "/sub/{tenant}/y/{z}",
        "/sub/acme/nothing": None,
        "/docs": "/docs",
        "/nothing": None,
    }
    for path, template in expected.items():
        assert route_template(answered_scope(app, path), "") == template, path
