from __future__ import annotations

import io
import wsgiref.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import flask
import pytest
import web_applications as web
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import app_logging
from app_logging.route_template import TOLD_ROUTE

Records = list[dict[str, Any]]
Middleware = app_logging.WSGIRequestLogMiddleware


@pytest.fixture
def log(tmp_path: Path, read_records: Callable[[Path], Records]) -> Callable[[], Records]:
    app_logging.configure(service="heroes-api", log_dir=tmp_path, console=False)
    return lambda: read_records(tmp_path / "combined.log")


def answering(body: Any, status: str = "200 OK", headers: web.Headers | None = None) -> Any:
    def app(_environ: Any, start_response: Any) -> Any:
        start_response(status, headers or [])
        return body

    return app


@pytest.fixture
def shop() -> flask.Flask:
    app = flask.Flask("shop")
    part = flask.Blueprint("part", "part", url_prefix="/bp/<tenant>")
    app.add_url_rule("/items/<int:n>", "item", lambda n: "item")  # noqa: ARG005
    part.add_url_rule("/x/<y>", "x", lambda tenant, y: "x")  # noqa: ARG005
    app.register_blueprint(part)
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    return app


@pytest.mark.parametrize(
    ("target", "method", "route", "status"),
    [
        ("/items/4", "GET", "/items/<int:n>", 200),
        ("/bp/acme/x/1", "GET", "/bp/<tenant>/x/<y>", 200),
        ("/static/none.css", "GET", "/static/<path:filename>", 404),
        ("/nothing", "GET", None, 404),
        ("/items/seven", "GET", None, 404),
        ("/items/4", "DELETE", None, 405),
        ("/slash", "GET", None, 308),
    ],
)
@pytest.mark.parametrize("mount", ["", "/shop"])
def test_flasks_rule_is_the_route_with_the_prefix_of_its_mount(  # noqa: PLR0917 - pytest passes them by name
    shop: flask.Flask, log: Callable[[], Records], target: str, method: str, route: str | None, status: int, mount: str
) -> None:
    app = Middleware(DispatcherMiddleware(answering([b""]), {mount: shop.wsgi_app}) if mount else shop)
    assert web.ask_wsgi(app, method, mount + target).status == status
    (record,) = log()
    assert (record["url"], record.get("route")) == (mount + target, mount + route if route else None)


def test_a_middleware_within_flask_sees_the_same(shop: flask.Flask, log: Callable[[], Records]) -> None:
    shop.wsgi_app = Middleware(shop.wsgi_app)  # type: ignore[method-assign] # as Flask's documentation does it
    web.ask_wsgi(shop, "GET", "/items/4")
    assert [record["route"] for record in log()] == ["/items/<int:n>"]


def test_a_prefix_that_a_client_sends_is_not_in_the_route(shop: flask.Flask, log: Callable[[], Records]) -> None:
    app = Middleware(ProxyFix(shop, x_prefix=1))
    for prefix in ("/a", "/items"):
        web.ask_wsgi(app, "GET", "/items/4", [("X-Forwarded-Prefix", prefix)])
    assert {record["route"] for record in log()} == {"/items/<int:n>"}


@pytest.mark.parametrize("tenant", ["acme", "v1", "items"])
def test_a_prefix_that_a_middleware_takes_from_the_path_is_not_in_the_route(
    shop: flask.Flask, log: Callable[[], Records], tenant: str
) -> None:
    def tenants(environ: Any, start_response: Any) -> Any:
        wsgiref.util.shift_path_info(environ)
        return shop(environ, start_response)

    web.ask_wsgi(Middleware(tenants), "GET", f"/{tenant}/items/4")
    assert [record["route"] for record in log()] == ["/items/<int:n>"]


def test_mounts_are_found_within_mounts_and_middlewares(shop: flask.Flask, log: Callable[[], Records]) -> None:
    inner = DispatcherMiddleware(answering([b""]), {"/inner": ProxyFix(shop)})
    shop.wsgi_app = DispatcherMiddleware(shop.wsgi_app, {"/outer": ProxyFix(inner)})  # type: ignore[method-assign]
    web.ask_wsgi(Middleware(shop), "GET", "/outer/inner/items/4")
    assert [record["route"] for record in log()] == ["/outer/inner/items/<int:n>"]


def test_any_other_application_tells_its_route_by_one_line(log: Callable[[], Records]) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        environ[TOLD_ROUTE] = "/heroes/{id}"
        return answering([b"Wonder Woman"])(environ, start_response)

    web.ask_wsgi(Middleware(DispatcherMiddleware(answering([b""]), {"/v1": app})), "GET", "/v1/heroes/1")
    assert [record["route"] for record in log()] == ["/v1/heroes/{id}"]


def test_the_record_is_written_once_the_body_is_closed(log: Callable[[], Records]) -> None:
    clock = web.Clock()
    body = Middleware(answering([b"abc"]), clock=clock)({**ENVIRON}, lambda *_: None)
    clock.wait(1)
    assert list(body) == [b"abc"]
    clock.wait(60)
    assert log() == []
    body.close()  # type: ignore[attr-defined] # PEP 3333: if there is one
    body.close()  # type: ignore[attr-defined]
    (record,) = log()
    assert (record["duration"], record["bytes"]) == (1000.0, 3)


ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "SERVER_NAME": "h", "SERVER_PORT": "80"}


def test_a_body_of_one_piece_keeps_its_length_and_a_stream_has_none() -> None:
    sized: Any = Middleware(answering([b"abc"]))({**ENVIRON}, lambda *_: None)
    stream: Any = Middleware(answering(iter([b"abc"])))({**ENVIRON}, lambda *_: None)
    assert len(sized) == 1
    assert not hasattr(stream, "__len__")
    sized.close()
    stream.close()


def test_what_is_written_by_the_old_way_counts(log: Callable[[], Records]) -> None:
    def app(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])(b"abc")
        return [b"d"]

    list(body := Middleware(app)({**ENVIRON}, lambda *_: lambda _piece: None))
    body.close()  # type: ignore[attr-defined]
    assert [record["bytes"] for record in log()] == [4]


@pytest.mark.parametrize("when", ["call", "body", "close"])
def test_an_exception_goes_to_the_server_and_into_the_one_record(log: Callable[[], Records], when: str) -> None:
    class Failing:
        def __iter__(self) -> Iterator[bytes]:
            yield b"abc"
            if when == "body":
                raise KeyError("hero")

        def close(self) -> None:
            if when == "close":
                raise KeyError("hero")

    def app(environ: Any, start_response: Any) -> Any:
        if when == "call":
            raise KeyError("hero")
        return answering(Failing())(environ, start_response)

    def serve() -> None:
        body = Middleware(app)({**ENVIRON}, lambda *_: None)
        try:
            list(body)
        finally:
            body.close()  # type: ignore[attr-defined]

    with pytest.raises(KeyError):
        serve()
    (record,) = log()
    if when != "close":
        assert (record["error"], record["level"]) == ("KeyError", "error")
    assert record["status"] == (500 if when == "call" else 200)
    assert "aborted" not in record


def test_an_error_page_bears_the_exception_it_was_made_for(log: Callable[[], Records]) -> None:
    def app(_environ: Any, start_response: Any) -> Any:
        try:
            raise KeyError("hero")  # noqa: TRY301 - the error page of a small framework
        except KeyError as error:
            start_response("500 Broken", [], (KeyError, error, error.__traceback__))
        return [b"sorry"]

    seen: list[Any] = []
    body = Middleware(app)({**ENVIRON}, lambda *arguments: seen.append(arguments))
    assert len(seen[0]) == 3, "the server hears of it as well"
    body.close()  # type: ignore[attr-defined]
    assert log()[-1]["error"] == "KeyError"


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", "200 OK", []),
        ("GET", "204 No Content", []),
        ("GET", "304 Not Modified", []),
        ("GET", "200 OK", [("Content-Length", "3")]),
    ],
)
def test_a_body_that_the_server_does_not_take_to_its_end_is_no_abort_if_it_need_not(
    log: Callable[[], Records], method: str, status: str, headers: web.Headers
) -> None:
    body = Middleware(answering(iter([b"abc", b""]), status, headers))(
        {**ENVIRON, "REQUEST_METHOD": method}, lambda *_: None
    )
    next(iter(body))
    body.close()  # type: ignore[attr-defined]
    assert "aborted" not in log()[0]


def test_a_file_stays_what_the_server_can_send_by_itself(log: Callable[[], Records]) -> None:
    file = io.BytesIO(b"abc")
    given = FileWrapper(file)
    app = Middleware(answering(given, headers=[("Content-Length", "3")]))
    body = app({**ENVIRON, "wsgi.file_wrapper": FileWrapper}, lambda *_: None)
    assert body is given
    body.close()
    assert file.closed
    assert [(record["bytes"], "aborted" in record) for record in log()] == [(3, False)]


def test_the_user_of_flask_login_and_the_servers_user_are_found(shop: flask.Flask, log: Callable[[], Records]) -> None:
    def log_in() -> None:
        flask.g._login_user = type("User", (), {"is_authenticated": True, "id": 7})()

    web.ask_wsgi(Middleware(answering([b""])), "GET", "/x")
    list(body := Middleware(answering([b""]))({**ENVIRON, "REMOTE_USER": "diana"}, lambda *_: None))
    body.close()  # type: ignore[attr-defined]
    shop.before_request(log_in)
    web.ask_wsgi(Middleware(shop), "GET", "/items/4")
    assert [record["userId"] for record in log()] == ["anonymous", "diana", "7"]


def test_lines_of_the_request_bear_its_ids_until_the_body_is_closed(log: Callable[[], Records]) -> None:
    def pieces() -> Iterator[bytes]:
        app_logging.get_logger("stream").info("piece")
        yield b"abc"

    web.ask_wsgi(Middleware(answering(pieces())), "GET", "/x", [("X-Request-ID", "r-1")])
    app_logging.get_logger("later").info("later")
    assert [record.get("request_id") for record in log()] == ["r-1", "r-1", None]


def test_a_server_that_decodes_the_path_its_own_way_breaks_nothing(log: Callable[[], Records]) -> None:
    list(body := Middleware(answering([b""]))({**ENVIRON, "PATH_INFO": "/\u20ac"}, print))
    body.close()  # type: ignore[attr-defined]
    assert log()[0]["status"] == 200


def test_a_server_that_gives_nothing_for_a_variable_breaks_nothing(log: Callable[[], Records]) -> None:
    names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "HTTP_USER_AGENT", "HTTP_X_REQUEST_ID")
    more = ("HTTP_X_FORWARDED_FOR", "HTTP_TRACEPARENT", "RAW_URI", "REMOTE_USER")
    environ = {**ENVIRON, **dict.fromkeys((*names, *more))}

    def app(environ: Any, start_response: Any) -> Any:
        environ[TOLD_ROUTE] = "/x"
        return answering([b""])(environ, start_response)

    list(body := Middleware(app, trusted_proxies=["unix"])(environ, print))
    body.close()  # type: ignore[attr-defined]
    (record,) = log()
    assert (record["url"], record["userAgent"], record["ip"], record["route"]) == ("", "", "unix", "/x")


def test_the_prefix_of_the_server_is_in_the_url(log: Callable[[], Records]) -> None:
    list(body := Middleware(answering([b""]))({**ENVIRON, "SCRIPT_NAME": "/v1", "PATH_INFO": "/\xc3\xa4 b"}, print))
    body.close()  # type: ignore[attr-defined]
    assert log()[0]["url"] == "/v1/%C3%A4%20b"


def test_an_application_without_a_body_ends_its_request(log: Callable[[], Records]) -> None:
    web.ask_wsgi(Middleware(answering(None)), "GET", "/x")
    (record,) = log()
    assert (record["error"], record["active"]) == ("TypeError", 1)


def test_a_middleware_below_another_writes_no_second_record(log: Callable[[], Records]) -> None:
    web.ask_wsgi(Middleware(Middleware(answering([b"abc"]))), "GET", "/x")
    assert len(log()) == 1
