from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

import app_logging

Message = dict[str, Any]
Records = list[dict[str, Any]]
ReadRecords = Callable[[Path], Records]

CONNECT = {"type": "websocket.connect"}
ACCEPT = {"type": "websocket.accept"}
LEAVE = {"type": "websocket.disconnect", "code": 1001}


@pytest.fixture
def ask(tmp_path: Path, read_records: ReadRecords) -> Callable[..., Records]:
    app_logging.configure(service="heroes-api", log_dir=tmp_path, console=False)

    def run(app: Any, *messages: Message, **options: Any) -> Records:
        incoming = iter(messages)

        async def receive() -> Message:
            return next(incoming)

        async def send(_message: Any) -> None:
            pass

        scope = {
            "type": "websocket",
            "path": "/rooms/7",
            "raw_path": b"/rooms/7",
            "query_string": b"token=s3cr3t",
            "root_path": "",
            "headers": [(b"user-agent", b"browser"), (b"x-request-id", b"r-1")],
            "client": ("203.0.113.9", 1234),
            "subprotocols": [],
        }
        asyncio.run(app_logging.RequestLogMiddleware(app, **options)(scope, receive, send))
        return read_records(tmp_path / "combined.log")

    return run


def sending(*messages: Message) -> Any:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send(message)

    return app


def test_a_websocket_has_one_record_of_its_own_kind(ask: Callable[..., Records]) -> None:
    async def room(websocket: WebSocket) -> None:
        await websocket.accept()
        app_logging.get_logger("room").info("entered")
        await websocket.receive_text()
        await websocket.close(1000)

    app = Starlette(routes=[WebSocketRoute("/rooms/{id:int}", room)])
    line, record = ask(app, CONNECT, {"type": "websocket.receive", "text": "hello"}, LEAVE)
    assert line["request_id"] == record["request_id"] == "r-1"
    duration = record.pop("duration")
    assert duration >= 0
    assert list(record.items())[1:-3] == [
        ("level", "info"),
        ("message", "WebSocket"),
        ("service", "heroes-api"),
        ("environment", "development"),
        ("logger", "app_logging.request"),
        ("method", "WEBSOCKET"),
        ("url", "/rooms/7?token=[REDACTED]"),
        ("route", "/rooms/{id}"),
        ("status", 101),
        ("userAgent", "browser"),
        ("ip", "203.0.113.9"),
        ("userId", "anonymous"),
        ("close_code", 1000),
    ]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ([ACCEPT, {"type": "websocket.close"}], 101, 1000),
        ([ACCEPT, {"type": "websocket.close", "code": 4001}], 101, 4001),
        ([{"type": "websocket.close"}], 403, None),
        ([{"type": "websocket.http.response.start", "status": 401, "headers": []}], 401, None),
        ([], 500, None),
    ],
)
def test_the_answer_to_the_handshake_and_the_close_code_are_told(
    ask: Callable[..., Records], sent: list[Message], status: int, code: int | None
) -> None:
    (record,) = ask(sending(*sent), CONNECT)
    assert (record["status"], record.get("close_code")) == (status, code)
    assert record["level"] == ("error" if status == 500 else "info")


def test_a_client_that_leaves_tells_its_code(ask: Callable[..., Records]) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await receive()

    (record,) = ask(app, CONNECT, LEAVE)
    assert (record["status"], record["close_code"], record["level"]) == (101, 1001, "info")
    assert "aborted" not in record


def test_a_client_that_leaves_before_the_answer_is_a_499(ask: Callable[..., Records]) -> None:
    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        await receive()

    (record,) = ask(app, CONNECT, LEAVE)
    assert record["status"] == 499


def test_an_application_that_raises_is_an_error(
    ask: Callable[..., Records], tmp_path: Path, read_records: ReadRecords
) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        raise KeyError("room")

    with pytest.raises(KeyError):
        ask(app, CONNECT)
    (record,) = read_records(tmp_path / "error.log")
    assert (record["status"], record["close_code"], record["error"]) == (101, 1011, "KeyError")


def test_a_websocket_is_no_request_in_flight_and_can_be_excluded(ask: Callable[..., Records]) -> None:
    from app_logging.pipeline import active

    counts: list[int] = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        counts.append(active.in_flight.count)

    assert ask(app, CONNECT, exclude=["/rooms/7"]) == []
    assert counts == [0]
