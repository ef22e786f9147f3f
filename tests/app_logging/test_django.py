from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import web_applications as web

import app_logging

web.configure_django()

from django.core.handlers.asgi import ASGIHandler  # noqa: E402 - only works in a process that is set up
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.test import AsyncRequestFactory, Client, override_settings  # noqa: E402
from django.urls import include, path, re_path  # noqa: E402
from django.utils.functional import SimpleLazyObject  # noqa: E402

from app_logging.django import RequestLogMiddleware  # noqa: E402

Records = list[dict[str, Any]]
Serve = Callable[..., web.Answer]


@pytest.fixture
def log(tmp_path: Path, read_records: Callable[[Path], Records]) -> Callable[[], Records]:
    app_logging.configure(service="heroes-api", log_dir=tmp_path, console=False)
    return lambda: read_records(tmp_path / "combined.log")


@pytest.fixture
def requests(log: Callable[[], Records]) -> Callable[[], Records]:
    return lambda: [record for record in log() if record["message"] == app_logging.REQUEST_MESSAGE]


def serve(target: str, *urls: Any, method: str = "GET", headers: web.Headers = (), **settings: Any) -> web.Answer:
    with override_settings(ROOT_URLCONF=urls, **settings):
        return web.ask_wsgi(WSGIHandler(), method, target, headers)


def serve_async(target: str, *urls: Any, leaves_after: int | None = None, **settings: Any) -> web.Answer:
    with override_settings(ROOT_URLCONF=urls, **settings):
        return web.ask_asgi(ASGIHandler(), "GET", target, leaves_after=leaves_after)


def ok(_request: Any, **_parameters: Any) -> Any:
    return HttpResponse("ok")


def missing(_request: Any, **_parameters: Any) -> Any:
    raise Http404


@pytest.mark.parametrize(
    ("target", "route", "status"),
    [
        ("/v1/acme/items/4/", "/v1/<tenant>/items/<int:n>/", 200),
        ("/old/2026/", r"/old/(?P<year>\d{4})/", 200),
        ("/lost/1", "/lost/<n>", 404),
        ("/", "/", 200),
        ("/v1/acme/nothing/", None, 404),
        ("/nothing", None, 404),
    ],
)
@pytest.mark.parametrize("ask", [serve, serve_async])
def test_the_route_is_that_of_the_url_configuration(
    requests: Callable[[], Records], ask: Serve, target: str, route: str | None, status: int
) -> None:
    urls = (
        path("", ok),
        path("v1/<tenant>/", include(([path("items/<int:n>/", ok)], "v1"))),
        re_path(r"^old/(?P<year>\d{4})/$", ok),
        path("lost/<n>", missing),
    )
    assert ask(target, *urls).status == status
    (record,) = requests()
    assert (record["url"], record.get("route")) == (target, route)


@pytest.mark.parametrize("ask", [serve, serve_async])
def test_all_lines_of_a_request_bear_its_ids(log: Callable[[], Records], ask: Serve) -> None:
    def view(_request: Any) -> Any:
        logging.getLogger("view").warning("in the view")
        raise Http404

    ask("/lost", path("lost", view))
    records = log()
    assert {"view", "django.request", "app_logging.request"} <= {record["logger"] for record in records}
    assert len({record["request_id"] for record in records}) == 1
    logging.getLogger("later").warning("later")
    assert "request_id" not in log()[-1]


def failing_middleware(get_response: Any) -> Any:
    del get_response

    def middleware(_request: Any) -> Any:
        raise LookupError("middleware")

    return middleware


def test_an_exception_in_another_middleware_is_told(requests: Callable[[], Records]) -> None:
    ours = "app_logging.django.RequestLogMiddleware"
    serve("/", path("", ok), MIDDLEWARE=[ours, f"{__name__}.failing_middleware"])
    (record,) = requests()
    assert (record["status"], record["error"], record["level"]) == (500, "LookupError", "error")


def test_an_exception_that_nobody_handles_goes_on_and_is_told(requests: Callable[[], Records]) -> None:
    def boom(_request: Any) -> Any:
        raise KeyError("hero")

    serve("/boom", path("boom", boom), DEBUG_PROPAGATE_EXCEPTIONS=True)
    (record,) = requests()
    assert (record["status"], record["error"]) == (500, "KeyError")


def test_a_user_that_nobody_has_loaded_is_not_loaded_for_the_log(requests: Callable[[], Records]) -> None:
    asked: list[str] = []

    def load() -> Any:
        asked.append("the database was asked")

    def view(request: Any) -> Any:
        request.user = SimpleLazyObject(load)
        return HttpResponse()

    def loaded(request: Any) -> Any:
        request.user = SimpleLazyObject(load)
        request._cached_user = type("User", (), {"is_authenticated": True, "pk": 7})()
        return HttpResponse()

    serve("/lazy", path("lazy", view))
    serve("/loaded", path("loaded", loaded))
    assert [record["userId"] for record in requests()] == ["anonymous", "7"]
    assert asked == []


def test_a_view_whose_client_leaves_is_a_499(requests: Callable[[], Records]) -> None:
    async def slow(_request: Any) -> Any:
        await asyncio.get_running_loop().create_future()

    serve_async("/slow", path("slow", slow), leaves_after=0)
    (record,) = requests()
    assert (record["status"], record["level"], record["route"]) == (499, "info", "/slow")
    assert "aborted" not in record


def test_a_stream_ends_with_its_last_byte_and_its_lines_bear_the_ids(log: Callable[[], Records]) -> None:
    def pieces() -> Iterator[bytes]:
        logging.getLogger("stream").warning("piece")
        yield b"abc"

    serve("/stream", path("stream", lambda _request: StreamingHttpResponse(pieces())))
    line, record = log()
    assert line["request_id"] == record["request_id"]
    assert record["bytes"] == 3


def test_a_stream_under_asgi_is_counted_to_its_end(requests: Callable[[], Records]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"de"

    async def view(_request: Any) -> Any:
        return StreamingHttpResponse(pieces())

    assert serve_async("/stream", path("stream", view)).body == b"abcde"
    assert [(record["bytes"], "aborted" in record) for record in requests()] == [(5, False)]


def failing_pieces() -> Iterator[bytes]:
    yield b"abc"
    raise KeyError("hero")


def assert_failed(record: dict[str, Any]) -> None:
    assert (record["status"], record["error"], record["level"], record["bytes"]) == (200, "KeyError", "error", 3)
    assert "aborted" not in record


def test_a_stream_that_fails_is_an_error_and_no_abort(requests: Callable[[], Records]) -> None:
    with pytest.raises(KeyError):
        serve("/stream", path("stream", lambda _request: StreamingHttpResponse(failing_pieces())))
    (record,) = requests()
    assert_failed(record)


def test_a_stream_that_fails_under_asgi_is_one_although_django_does_not_close_it(
    requests: Callable[[], Records],
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in failing_pieces():
            yield piece

    async def view(_request: Any) -> Any:
        return StreamingHttpResponse(pieces())

    async def stream() -> None:
        response = await RequestLogMiddleware(view)(AsyncRequestFactory().get("/stream"))
        async for _piece in response:
            pass

    with pytest.raises(KeyError):
        asyncio.run(stream())
    (record,) = requests()
    assert_failed(record)


def test_a_file_is_left_to_the_server(requests: Callable[[], Records], tmp_path: Path) -> None:
    (tmp_path / "hero.txt").write_bytes(b"Wonder Woman")
    answer = serve("/file", path("file", lambda _request: FileResponse((tmp_path / "hero.txt").open("rb"))))
    assert answer.body == b"Wonder Woman"
    assert [(record["bytes"], "aborted" in record) for record in requests()] == [(12, False)]


def test_djangos_own_test_client_makes_one_record(requests: Callable[[], Records]) -> None:
    with override_settings(ROOT_URLCONF=(path("x", ok),)):
        assert Client().get("/x?token=1", headers={"user-agent": "test"}).content == b"ok"
    (record,) = requests()
    assert (record["url"], record["userAgent"], record["active"]) == ("/x?token=[REDACTED]", "test", 1)


def test_a_setting_that_is_not_allowed_is_refused_at_the_start() -> None:
    with pytest.raises(app_logging.SettingsError, match=r"sample\['/x'\]: 0.3"):
        serve("/", path("", ok), APP_LOGGING_REQUESTS={"sample": {"/x": 0.3}})
