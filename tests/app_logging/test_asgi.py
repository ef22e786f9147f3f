from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

import app_logging
from app_logging.asgi_frameworks import authenticated_user

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Runs single requests against a wrapped application and returns what was logged."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.sent: list[Message] = []

    def records(self, name: str = "combined.log") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / name).read_bytes().split(b"\n")[:-1]]

    def wrap(self, app: App, **options: Any) -> App:
        return app_logging.RequestLogMiddleware(app, clock=self.clock, **options)

    def run(
        self,
        app: App,
        *,
        messages: list[Message] | None = None,
        send: Callable[[Message], None] | None = None,
        **scope: Any,
    ) -> dict[str, Any]:
        """Run one request; return the only request record of it."""
        before = len(self.records())
        self.ask(app, messages=messages, send=send, **scope)
        record: dict[str, Any]
        (record,) = [record for record in self.records()[before:] if record["message"] == "HTTP Request"]
        return record

    def ask(
        self,
        app: App,
        *,
        messages: list[Message] | None = None,
        send: Callable[[Message], None] | None = None,
        **scope: Any,
    ) -> None:
        """Run one request."""
        incoming = iter(messages if messages is not None else [{"type": "http.request", "body": b""}])

        async def receive() -> Message:
            for message in incoming:
                return message
            patience: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            return await patience  # nothing more comes, as from a client that waits

        async def take(message: Message) -> None:
            if send:
                send(message)
            self.sent.append(message)

        asyncio.run(app(make_scope(**scope), receive, take))  # type: ignore[arg-type] # a coroutine


def make_scope(**changes: Any) -> dict[str, Any]:
    path = changes.pop("path", "/x")
    headers = changes.pop("headers", {})
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": changes.pop("raw_headers", None)
        or [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("203.0.113.9", 1234),
        **changes,
    }


def responding(status: int = 200, *bodies: bytes) -> App:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        for body in bodies:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    app_logging.configure(service="heroes-api", environment="test", log_dir=tmp_path, console=False)
    return Bench(tmp_path)


def test_the_record_of_a_request_to_the_letter(bench: Bench) -> None:
    async def hero(_request: Request) -> Response:
        bench.clock.now += 0.0126004
        return PlainTextResponse("Wonder Woman")

    app = bench.wrap(Starlette(routes=[Mount("/api", routes=[Route("/heroes/{id}", hero)])]))
    record = bench.run(
        app,
        path="/api/heroes/17",
        query_string=b"token=s3cr3t&x=1",
        headers={"user-agent": "curl/8.5.0", "traceparent": f"00-{TRACE}-{SPAN}-01", "x-request-id": "r-1"},
    )
    assert list(record.items())[1:-1] == [
        ("level", "info"),
        ("message", "HTTP Request"),
        ("service", "heroes-api"),
        ("environment", "test"),
        ("logger", "app_logging.request"),
        ("method", "GET"),
        ("url", "/api/heroes/17?token=[REDACTED]&x=1"),
        ("route", "/api/heroes/{id}"),
        ("status", 200),
        ("duration", 12.6),
        ("userAgent", "curl/8.5.0"),
        ("ip", "203.0.113.9"),
        ("userId", "anonymous"),
        ("bytes", 12),
        ("active", 1),
        ("request_id", "r-1"),
        ("trace_id", TRACE),
        ("span_id", SPAN),
        ("seq", 1),
    ]


def test_all_lines_of_a_request_bear_its_ids_and_later_ones_do_not(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        logging.getLogger("handler").info("stdlib")
        app_logging.get_logger("handler").info("structlog")
        await responding()(scope, receive, send)

    bench.run(bench.wrap(app), headers={"x-request-id": "r-1", "traceparent": f"00-{TRACE}-{SPAN}-01"})
    logging.getLogger("later").info("later")
    *lines, later = bench.records()
    assert [(line["request_id"], line["trace_id"], line["span_id"]) for line in lines] == [("r-1", TRACE, SPAN)] * 3
    assert "request_id" not in later


def test_requests_in_one_task_share_no_ids(bench: Bench) -> None:
    async def ask_twice() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(bench.wrap(responding())), base_url="http://h"
        ) as client:
            await client.get("/x", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
            logging.getLogger("between").info("between")
            await client.get("/x")

    asyncio.run(ask_twice())
    first, between, second = (record for record in bench.records() if record["logger"] != "httpx")
    assert first["trace_id"] == TRACE
    assert not {"request_id", "trace_id"} & between.keys()
    assert "trace_id" not in second


@pytest.mark.parametrize("sent", ["", "has space", "x" * 129, "a\x1bb", "ü"])
def test_a_request_id_that_is_not_well_formed_is_replaced(bench: Bench, sent: str) -> None:
    record = bench.run(bench.wrap(responding()), headers={"x-request-id": sent})
    assert re.fullmatch("[0-9a-f]{32}", record["request_id"])
    assert dict(bench.sent[0]["headers"])[b"x-request-id"].decode() == record["request_id"]


def test_an_applications_own_request_id_header_stays(bench: Bench) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": ((b"X-Request-ID", b"own"),)})
        await send({"type": "http.response.body"})

    bench.run(bench.wrap(app))
    assert list(bench.sent[0]["headers"]) == [(b"X-Request-ID", b"own")]


def test_a_traceparent_that_is_not_valid_is_ignored(bench: Bench) -> None:
    record = bench.run(bench.wrap(responding()), headers={"traceparent": f"00-{TRACE.upper()}-{SPAN}-01"})
    assert not {"trace_id", "span_id"} & record.keys()


def test_the_current_span_wins_over_the_header(bench: Bench) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("request") as span:
        record = bench.run(bench.wrap(responding()), headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    assert int(record["trace_id"], 16) == span.get_span_context().trace_id
    assert int(record["span_id"], 16) == span.get_span_context().span_id


@pytest.mark.parametrize(
    ("status", "level"), [(200, "info"), (304, "info"), (404, "info"), (499, "info"), (500, "error"), (503, "error")]
)
def test_the_level_follows_the_status(bench: Bench, status: int, level: str) -> None:
    record = bench.run(bench.wrap(responding(status)))
    assert (record["status"], record["level"]) == (status, level)
    assert len(bench.records("error.log")) == (level == "error")


def failing(*before: Message) -> App:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in before:
            await send(message)
        raise KeyError("hero")

    return app


def test_an_application_that_raises_is_a_500_with_the_class_of_its_exception(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.run(bench.wrap(failing()))
    (record,) = bench.records()
    assert (record["status"], record["level"], record["error"], record["bytes"]) == (500, "error", "KeyError", 0)


def test_an_application_that_raises_within_the_body_keeps_the_status_it_sent(bench: Bench) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    with pytest.raises(KeyError):
        bench.run(bench.wrap(failing(start, {"type": "http.response.body", "body": b"abc", "more_body": True})))
    (record,) = bench.records()
    assert (record["status"], record["level"], record["error"], record["bytes"]) == (200, "error", "KeyError", 3)
    assert "aborted" not in record


@pytest.mark.parametrize("is_outermost", [True, False])
def test_starlettes_500_is_the_same_inside_and_outside_of_its_error_handling(bench: Bench, is_outermost: bool) -> None:  # noqa: FBT001
    async def boom(_request: Request) -> Response:
        raise RuntimeError

    app = Starlette(routes=[Route("/boom", boom)])
    wrapped: App = bench.wrap(app) if is_outermost else app
    if not is_outermost:
        app.add_middleware(app_logging.RequestLogMiddleware, clock=bench.clock)
    with pytest.raises(RuntimeError):
        bench.run(wrapped, path="/boom")
    (record,) = bench.records()
    assert (record["status"], record["error"], record["route"]) == (500, "RuntimeError", "/boom")


def test_an_application_that_answers_nothing_is_a_500(bench: Bench) -> None:
    async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
        pass

    record = bench.run(bench.wrap(silent))
    assert (record["status"], record["level"]) == (500, "error")
    assert "error" not in record


DISCONNECT = {"type": "http.disconnect"}


def test_a_client_that_left_before_the_start_is_a_499(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await responding(200)(scope, receive, send)

    record = bench.run(bench.wrap(app), messages=[DISCONNECT])
    assert (record["status"], record["level"]) == (499, "info")
    assert "aborted" not in record


def test_a_client_that_left_within_the_body_is_told_by_aborted(bench: Bench) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await receive()

    record = bench.run(bench.wrap(app), messages=[DISCONNECT])
    assert (record["status"], record["aborted"], record["bytes"], record["level"]) == (200, True, 3, "info")


def test_a_server_that_says_so_by_an_oserror_is_understood(bench: Bench) -> None:
    def broken_pipe(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        bench.run(bench.wrap(responding(200, b"abc")), send=broken_pipe)
    (record,) = bench.records()
    assert (record["status"], record["aborted"], record["level"]) == (200, True, "info")


def test_a_cancelled_application_is_a_client_that_left(bench: Bench) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()  # as a server does
        await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        bench.run(bench.wrap(app))
    (record,) = bench.records()
    assert (record["status"], record["level"]) == (499, "info")


def test_an_application_that_awaits_a_cancelled_task_of_its_own_has_failed(bench: Bench) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        bench.run(bench.wrap(app))
    (record,) = bench.records()
    assert (record["status"], record["error"], record["level"]) == (500, "asyncio.exceptions.CancelledError", "error")


def test_a_middleware_below_another_writes_no_second_record(bench: Bench) -> None:
    record = bench.run(bench.wrap(bench.wrap(responding(201))))
    assert (record["status"], record["active"]) == (201, 1)


def test_headers_may_be_any_iterable(bench: Bench) -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        start = {"type": "http.response.start", "status": 200, "headers": iter([(b"x-own", b"1")])}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    record = bench.run(bench.wrap(app), raw_headers=iter([(b"user-agent", b"curl")]))
    assert record["userAgent"] == "curl"
    assert seen == [(b"user-agent", b"curl")]
    assert [name for name, _ in bench.sent[0]["headers"]] == [b"x-own", b"x-request-id"]


def test_a_disconnect_behind_the_last_byte_is_no_abort(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await responding(503)(scope, receive, send)
        await receive()

    record = bench.run(bench.wrap(app), messages=[DISCONNECT])
    assert record["status"] == 503
    assert "aborted" not in record


def test_starlettes_streaming_to_a_client_that_left(bench: Bench) -> None:
    async def chunks() -> Any:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0)

    async def stream(_request: Request) -> Response:
        return StreamingResponse(chunks())

    app = bench.wrap(Starlette(routes=[Route("/stream", stream)]))
    record = bench.run(app, messages=[DISCONNECT], path="/stream")
    assert record["status"] in {200, 499}, "a race between the first chunk and the news"
    assert record["level"] == "info"


def test_the_duration_ends_at_the_last_byte_and_background_tasks_delay_nothing(bench: Bench) -> None:
    seen_by_task: list[dict[str, Any]] = []

    async def task() -> None:
        bench.clock.now += 60
        seen_by_task.extend(bench.records())

    async def chunks() -> Any:
        for _ in range(3):
            bench.clock.now += 0.1
            yield b"abc"

    async def stream(_request: Request) -> Response:
        return StreamingResponse(chunks(), background=BackgroundTask(task))

    record = bench.run(bench.wrap(Starlette(routes=[Route("/x", stream)])))
    assert (record["duration"], record["bytes"]) == (300.0, 9)
    assert seen_by_task == [record]


def test_active_counts_the_requests_in_flight(bench: Bench) -> None:
    async def both() -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/slow":
                arrived.set()
                await go_on.wait()
            await responding()(scope, receive, send)

        wrapped = bench.wrap(app)
        transport = httpx.ASGITransport(app=wrapped)
        async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
            slow = asyncio.ensure_future(client.get("/slow"))
            await arrived.wait()
            await client.get("/quick")
            go_on.set()
            await slow

    asyncio.run(both())
    records = [record for record in bench.records() if record["logger"] == "app_logging.request"]
    assert [(record["url"], record["active"]) for record in records] == [("/quick", 2), ("/slow", 1)]


def test_the_body_of_an_answer_to_head_is_not_counted(bench: Bench) -> None:
    record = bench.run(bench.wrap(responding(200, b"abc")), method="HEAD")
    assert (record["method"], record["bytes"]) == ("HEAD", 0)


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ({"path": "/v1/x", "root_path": "/v1"}, "/v1/x"),
        ({"path": "/x", "root_path": "/v1"}, "/v1/x"),
        ({"path": "/ä b", "raw_path": b"/%C3%A4%20b"}, "/%C3%A4%20b"),
        ({"path": "/ä", "raw_path": None}, "/%C3%A4"),
        ({"raw_path": b"/x?y=1", "query_string": b"y=1"}, "/x?y=1"),
        ({"query_string": b"a=" + b"x" * 5000}, "/x?a=" + "x" * 2043),
    ],
)
def test_the_url_is_the_path_as_it_was_sent(bench: Bench, scope: dict[str, Any], url: str) -> None:
    assert bench.run(bench.wrap(responding()), **scope)["url"] == url


@pytest.mark.parametrize(
    ("client", "ip"), [(("::1", 1), "::1"), (None, "unix"), (("", 0), "unix"), (["10.0.0.1", 1], "10.0.0.1")]
)
def test_the_ip_is_the_peers(bench: Bench, client: Any, ip: str) -> None:
    record = bench.run(bench.wrap(responding()), client=client, headers={"x-forwarded-for": "6.6.6.6"})
    assert record["ip"] == ip


def test_an_odd_user_agent_is_cut_and_kept_on_one_line(bench: Bench) -> None:
    record = bench.run(bench.wrap(responding()), headers={"user-agent": 'a"\n\x1b[31m\xff' + "x" * 1000})
    assert len(record["userAgent"]) == 512
    assert record["userAgent"].startswith('a"\n\x1b[31m\xff')


def test_without_a_user_agent_the_field_is_empty(bench: Bench) -> None:
    assert bench.run(bench.wrap(responding()))["userAgent"] == ""


class User:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


@pytest.mark.parametrize(
    ("scope", "user"),
    [
        ({}, None),
        ({"user": User(id=17)}, 17),
        ({"user": "u-17"}, "u-17"),
        ({"state": {"user": User(pk=3)}}, 3),
        ({"state": {"facilitator": {"id": 5}}}, 5),
        ({"state": None}, None),
    ],
)
def test_the_user_is_found_where_authentication_puts_it(scope: dict[str, Any], user: object) -> None:
    assert authenticated_user(scope) == user


def test_the_user_is_asked_for_at_the_end(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = User(id=17)
        await responding()(scope, receive, send)

    assert bench.run(bench.wrap(app))["userId"] == "17"


def test_a_user_hook_replaces_the_search(bench: Bench) -> None:
    assert bench.run(bench.wrap(responding(), user=lambda scope: scope["path"]))["userId"] == "/x"


def test_a_user_hook_that_fails_is_warned_about_once(bench: Bench) -> None:
    app = bench.wrap(responding(), user=lambda scope: scope["no such key"])
    assert bench.run(app)["userId"] == bench.run(app)["userId"] == "anonymous"
    (warning,) = [record for record in bench.records() if record["level"] == "warning"]
    assert warning["exception"]["type"] == "KeyError"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/metrics", "/favicon.ico"])
def test_what_machines_ask_for_has_no_record_by_default(bench: Bench, path: str) -> None:
    bench.ask(bench.wrap(responding(503)), path=path)
    bench.ask(bench.wrap(responding(503)), path=f"/proxy{path}", root_path="/proxy")
    assert bench.records() == []
    assert bench.run(bench.wrap(responding()), path=f"{path}/")["active"] == 1, "and it is active no more"


def test_other_paths_are_excluded_by_name(bench: Bench) -> None:
    app = bench.wrap(responding(), exclude=["/ping"])
    bench.ask(app, path="/ping")
    assert [bench.run(app, path=path)["url"] for path in ("/healthz", "/ping/1")] == ["/healthz", "/ping/1"]


def test_a_sample_is_recorded_with_its_rate_and_the_rest_is_not(bench: Bench) -> None:
    app = bench.wrap(responding(), sample={"/ping": 0.25})
    for _ in range(100):
        bench.ask(app, path="/ping")
    records = bench.records()
    assert [record["sample_rate"] for record in records] == [0.25] * 25
    assert "sample_rate" not in bench.run(app, path="/other")


def test_failures_and_slow_requests_are_recorded_whatever_the_sample_says(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        bench.clock.now += scope["seconds"]
        await responding(scope["status"])(scope, receive, send)

    wrapped = bench.wrap(app, sample={"/ping": 0.01}, slow_seconds=0.5)
    for status, seconds in ((500, 0), (503, 0), (200, 0.6), (404, 0.6)):
        assert "sample_rate" not in bench.run(wrapped, path="/ping", status=status, seconds=seconds)
    bench.ask(wrapped, path="/ping", status=404, seconds=0.5)
    assert len(bench.records()) == 4


def test_a_route_is_sampled_by_its_template(bench: Bench) -> None:
    async def hero(_request: Request) -> Response:
        return Response()

    app = bench.wrap(Starlette(routes=[Route("/heroes/{id:int}", hero)]), sample={"/heroes/{id}": 0.1})
    for number in range(20):
        bench.ask(app, path=f"/heroes/{number}")
    assert [record["sample_rate"] for record in bench.records()] == [0.1, 0.1]


def test_what_the_application_binds_stands_in_the_record_once(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        app_logging.bind_context(tenant=scope["path"], password="s3cr3t")  # noqa: S106 - it is to be redacted
        structlog.contextvars.bind_contextvars(hero="diana")
        await responding()(scope, receive, send)
        structlog.contextvars.clear_contextvars()

    record = bench.run(bench.wrap(app), path="/acme", headers={"x-request-id": "r-1"})
    assert (record["tenant"], record["hero"], record["request_id"]) == ("/acme", "diana", "r-1")
    assert "s3cr3t" not in str(record)


def test_fields_of_ones_own_stand_in_the_record(bench: Bench) -> None:
    app = bench.wrap(responding(404), extra=lambda scope, status: {"tenant": scope["path"], "kind": status // 100})
    record = bench.run(app, path="/acme")
    assert (record["tenant"], record["kind"]) == ("/acme", 4)


def test_fields_of_ones_own_change_nothing_that_is_counted(bench: Bench) -> None:
    taken = {
        "status": 1,
        "duration": 0,
        "seq": 1,
        "status_": 2,
        "password": "s3cr3t",
        "sample_rate": 0.1,
        "route": "/x",
    }
    record = bench.run(bench.wrap(responding(), extra=lambda _scope, _status: taken))
    assert (record["status"], record["status_"], record["status__"]) == (200, 1, 2)
    assert (record["duration"], record["duration_"], record["seq_"]) == (0.0, 0, 1)
    assert not {"route", "sample_rate"} & record.keys(), "nor what is absent"
    assert "s3cr3t" not in str(record)


@pytest.mark.parametrize("told", [None, {}, 5, "text", [1]])
def test_an_extra_hook_that_fails_or_tells_nonsense_breaks_nothing(bench: Bench, told: Any) -> None:
    assert bench.run(bench.wrap(responding(), extra=lambda _scope, _status: told))["status"] == 200
    assert bench.run(bench.wrap(responding(), extra=lambda scope, _status: scope["no such key"]))["status"] == 200


@pytest.mark.parametrize("is_replaced", [True, False])
def test_what_the_application_makes_of_the_headers_names_no_other_client(bench: Bench, *, is_replaced: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if is_replaced:
            scope["headers"] = []
        scope["headers"].append((b"x-forwarded-for", b"6.6.6.6"))
        await responding()(scope, receive, send)

    wrapped = bench.wrap(app, trusted_proxies=["203.0.113.0/24"])
    assert bench.run(wrapped, headers={"x-forwarded-for": "198.51.100.7"})["ip"] == "198.51.100.7"


def test_trusted_proxies_tell_the_client(bench: Bench) -> None:
    app = bench.wrap(responding(), trusted_proxies=["203.0.113.0/24"])
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"X-Other", b"-"), (b"x-forwarded-for", b"198.51.100.7, 203.0.113.1")]
    assert bench.run(app, raw_headers=headers)["ip"] == "198.51.100.7"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample": {"/ping": 0.3}}, r"sample\['/ping'\]: 0.3"),
        ({"exclude": "/healthz"}, "exclude: '/healthz'"),
        ({"exclude": ["healthz"]}, "exclude: 'healthz'"),
        ({"slow_seconds": -1}, "slow_seconds: -1"),
        ({"slow_seconds": "1"}, "slow_seconds: '1'"),
        ({"trusted_proxies": ["proxy"]}, "trusted_proxies: 'proxy'"),
    ],
)
def test_an_option_that_is_not_allowed_is_refused_by_name_at_the_start(options: Any, message: str) -> None:
    with pytest.raises(app_logging.SettingsError, match=message):
        app_logging.RequestLogMiddleware(responding(), **options)


def test_the_ids_stay_bound_for_the_servers_line_about_an_exception(bench: Bench) -> None:
    async def server() -> None:
        with pytest.raises(KeyError):
            await bench.wrap(failing())(make_scope(headers={"x-request-id": "r-1"}), None, None)
        logging.getLogger("server").error("exception in application")

    async def serve() -> None:
        await asyncio.create_task(server())
        logging.getLogger("server").error("later")

    asyncio.run(serve())
    assert [record.get("request_id") for record in bench.records()] == ["r-1", "r-1", None]


@pytest.fixture
def late_server() -> Iterator[Callable[[], None]]:
    """Return what uvicorn.run() does to its loggers when the application is long there."""
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.access")]
    handler = logging.StreamHandler()

    def set_up() -> None:
        for each in loggers:
            each.addHandler(handler)
            each.propagate = False

    yield set_up
    assert all(handler not in each.handlers for each in loggers)


@pytest.mark.parametrize("kind", ["lifespan", "http", "websocket"])
def test_a_server_that_sets_up_its_loggers_late_is_taken_over_when_it_begins(
    bench: Bench, late_server: Callable[[], None], kind: str
) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        logging.getLogger("uvicorn.access").info("GET /x")
        logging.getLogger("uvicorn.error").info("Application startup complete.")

    wrapped = bench.wrap(app)
    late_server()
    bench.ask(wrapped, type=kind)
    assert bench.records()[0]["logger"] == "uvicorn.error"
    assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_without_a_configuration_the_servers_keep_their_loggers(tmp_path: Path) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    app_logging.reset()
    access, handler = logging.getLogger("uvicorn.access"), logging.StreamHandler()
    access.addHandler(handler)
    try:
        asyncio.run(app_logging.RequestLogMiddleware(responding())({"type": "lifespan"}, None, _drop))  # type: ignore[arg-type] # nothing is received
        assert access.handlers == [handler]
    finally:
        access.removeHandler(handler)


async def _drop(_message: Any) -> None:
    pass


def test_a_lifespan_passes_through_untouched(bench: Bench) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    given: tuple[Any, ...] = ({"type": "lifespan"}, object(), object())
    asyncio.run(bench.wrap(app)(*given))  # type: ignore[arg-type] # a coroutine
    assert all(one is other for one, other in zip(seen, given, strict=True))
    assert bench.records() == []


def test_what_an_unknown_framework_leaves_in_the_scope_fails_no_request(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.update(endpoint=1, router=Starlette(), route=object(), fastapi=["odd"], root_path="/odd")
        await responding()(scope, receive, send)

    assert "route" not in bench.run(bench.wrap(app))


def test_an_unmatched_path_has_no_route(bench: Bench) -> None:
    record = bench.run(bench.wrap(Starlette(routes=[])), path="/wp-login.php")
    assert record["status"] == 404
    assert "route" not in record
