"""Web servers on loopback that lose connections in the middle of a body, or keep it back, as a test says."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from loopback import Quiet, answering

Cut = Callable[[str, int], int | None]
"""Takes the path of a request and the length of the body; returns after how many bytes the connection is lost."""

PATIENCE_SECONDS = 60

_HOP = {"connection", "transfer-encoding", "server", "date"}


def never(_path: str, _length: int) -> None:
    """Lose no connection."""


class Cuts:
    """Lose the first connections for bodies of some length, each after another share of the body.

    Attributes:
        left: Shares of the bodies still to come.
        made: How many connections were lost.
    """

    def __init__(self, *shares: float, at_least: int = 1000, only: str = "") -> None:
        self.left = list(shares)
        self.made = 0
        self._at_least = at_least
        self._only = only

    def __call__(self, path: str, length: int) -> int | None:
        if length < self._at_least or self._only not in path or not self.left:
            return None
        self.made += 1
        return int(length * self.left.pop(0))


class Gate:
    """Keep bodies back from workers; who asks for one first only plans their work, and gets it.

    Args:
        workers: How many of them are waited for.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._planned: set[str] = set()
        self._asked = threading.Semaphore(0)
        self._is_open = threading.Event()

    def __call__(self, path: str, length: int) -> None:
        """Let a worker wait; one byte is no body, but a question how many there are."""
        if length > 1 and path in self._planned:
            self._asked.release()
            self._is_open.wait(PATIENCE_SECONDS)
        elif length > 1:
            self._planned.add(path)

    def wait(self) -> None:
        """Return when all workers are waiting."""
        for _ in range(self._workers):
            assert self._asked.acquire(timeout=PATIENCE_SECONDS), "no worker has asked for what is kept back"

    def open(self) -> None:
        """Let everybody have everything."""
        self._is_open.set()


class _Handler(Quiet, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cut: Cut

    def answer(self, status: int, headers: dict[str, str], body: bytes, *, length: int | None = None) -> None:
        """Send an answer, or a part of it."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command == "HEAD":
            return
        at = self.cut(self.path, len(body))
        self.wfile.write(body[:at])
        if at is not None:
            self.close_connection = True


class Files(_Handler):
    """Serve files from memory."""

    files: Mapping[str, bytes]
    tags: dict[str, str]
    asked: list[tuple[str, str | None, str | None]]
    has_ranges: bool
    status: int
    moved_to: str | None

    def do_GET(self) -> None:
        """Answer as Apache or nginx does, or without ranges as Python's own server."""
        path, wanted = self.path.partition("?")[0], self.headers["Range"]
        self.asked.append((self.path, wanted, self.headers["Authorization"]))
        if self.moved_to is not None:
            self.answer(302, {"Location": self.moved_to + self.path}, b"")
            return
        body = self.files.get(path)
        if self.status != 200 or body is None:
            self.answer(self.status if self.status != 200 else 404, {}, b"no")
            return
        headers = {"ETag": self.tags[path]} if path in self.tags else {}
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "") if self.has_ranges else None
        if found is None:
            self.answer(200, headers, body)
            return
        start, end = int(found[1]), int(found[2] or len(body) - 1)
        if start >= len(body):
            self.answer(416, {"Content-Range": f"bytes */{len(body)}"}, b"")
            return
        part = body[start : end + 1]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(body)}"
        self.answer(206, headers, part)


class Proxy(_Handler):
    """Hand requests on to another server of this machine."""

    upstream: int
    status: int

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.status != 200:
            self.answer(self.status, {}, b"")
            return
        upstream = HTTPConnection("127.0.0.1", self.upstream)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            answer = response.read()
            headers = {
                name: value for name, value in response.getheaders() if name.lower() not in {*_HOP, "content-length"}
            }
            length = response.headers["Content-Length"] if self.command == "HEAD" else None
            self.answer(response.status, headers, answer, length=int(length) if length else None)
        finally:
            upstream.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _hand_on  # noqa: N815 - called by these names


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that have seen enough."""


@contextmanager
def serving(handler: type[_Handler], **settings: Any) -> Iterator[tuple[str, Any]]:
    """Serve on a free port; yield the URL without a slash, and the handler's class, whose settings can be changed."""
    kind: Any = type(handler.__name__, (handler,), {"cut": staticmethod(never), **settings})
    with answering(kind, _Server) as url:
        yield url, kind


@contextmanager
def serving_files(files: Mapping[str, bytes]) -> Iterator[tuple[str, Any]]:
    """Serve files by path."""
    with serving(Files, files=files, tags={}, asked=[], has_ranges=True, status=200, moved_to=None) as served:
        yield served
