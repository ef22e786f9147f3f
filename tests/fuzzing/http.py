"""Any bytes as what a client sends: answers of HTTP/1.1 or none at all, a closed connection, nothing in the log.

The connection, the routes and what stands before them are those of `logship tail`; its socket is one of a pair.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Collection
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from logship.expose import Access, application
from logship.expose.connection import Connection
from logship.expose.door import Door
from logship.expose.limits import MOST_HEAD_BYTES, ConnectionLimits, Places

_METRICS = b"# HELP a Some.\n# TYPE a counter\na_total 1\n"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_STATUSES = {100, 200, 400, 401, 404, 405, 503}
_PATIENCE_SECONDS = 10.0
_ACCESS = Access(), Access(users={"prometheus": "$2b$04$" + "x" * 53})


def seeds() -> list[bytes]:
    """Return requests as Prometheus, a browser, curl and strange clients send them."""
    host = b"Host: 127.0.0.1:9113\r\n"
    accept = b"Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1\r\n"
    scrape = b"GET /metrics HTTP/1.1\r\n" + host + accept + b"Accept-Encoding: gzip\r\n"
    return [
        b"\0" + each
        for each in (
            scrape + b"X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
            b"GET /metrics?name[]=a&name%5B%5D=b HTTP/1.0\r\n\r\n",
            b"HEAD /healthz HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n",
            2 * (b"GET /readyz HTTP/1.1\r\n" + host + b"\r\n"),
            b"GET http://127.0.0.1:9113/metrics HTTP/1.1\r\n" + host + b"\r\n",
            b"POST /metrics HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
            b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + host + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        )
    ] + [b"\1" + scrape + b"Authorization: Basic cHJvbWV0aGV1czp4\r\n\r\n"]


def check(text: bytes) -> None:
    """Say `text[1:]` to a server that wants a password if the first byte is odd; raise for what is no good answer."""
    complaints: list[str] = []
    handler = _Noted(complaints)
    logging.getLogger("uvicorn.error").addHandler(handler)
    try:
        answer = asyncio.run(_said(text[1:], _ACCESS[text[0] % 2], complaints))
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)
    assert not complaints, complaints
    statuses = [int(status) for status in _STATUS.findall(answer)]  # answers repeat nothing of a request
    assert set(statuses) <= _STATUSES, answer
    assert not answer or answer.startswith(b"HTTP/1.1 "), answer


class _Noted(logging.Handler):
    """Notes errors: uvicorn logs there what an application has raised."""

    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(record.getMessage() + str(record.exc_info))


def _render(*, openmetrics: bool, names: Collection[str] = ()) -> bytes:
    return _METRICS + b"# EOF\n" * openmetrics if not names or "a" in names else b""


def _application() -> Any:
    return application(
        render=_render,
        freshen=lambda _seconds: True,
        stall=lambda: None,
        missing=lambda: ["nothing is followed"],
        budget_seconds=lambda: 0.0,
    )


async def _said(text: bytes, access: Access, complaints: list[str]) -> bytes:
    """Return what the server answers until it closes."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(str(context)))
    config = uvicorn.Config(
        Door(_application(), lambda: access, lambda _password, _hash: False),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )
    config.load()
    ours, theirs = socket.socketpair()
    connection = Connection(
        places=Places(lambda: 9),
        access=lambda: access,
        limits=ConnectionLimits,
        config=config,
        server_state=ServerState(),
        app_state={},
    )
    await loop.connect_accepted_socket(lambda: connection, theirs)
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(text)
    writer.write_eof()
    answer = await asyncio.wait_for(_until_closed(reader), _PATIENCE_SECONDS)
    writer.close()
    return answer


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""
