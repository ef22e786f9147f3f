"""A request as it passes between an ASGI server and an application: the messages go through, what they say is noted."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from app_logging.request_record import CLIENT_LEFT, SEEN, SERVER_ERROR, TOLD_ERROR, Exchange, RequestLog, full_url
from app_logging.route_template import route_template

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ENDS_BODY = frozenset({"http.response.body", "http.response.zerocopysend", "http.response.pathsend"})
"""Messages that carry the body; without `more_body` they are the last one."""


class AsgiExchange(Exchange[Scope]):
    """One request and its response, as seen between server and application."""

    def __init__(self, log: RequestLog[Scope], scope: Scope, receive: Receive, send: Send, method: str) -> None:
        given = scope["headers"]
        if type(given) is not list:
            given = scope["headers"] = list(given)  # any iterable is allowed: this one is read more than once
        scope[SEEN] = True
        told = self._told = dict(scope)  # the application changes the scope under our hands
        headers = self._headers = dict(reversed(given))  # of a repeated header, the first counts
        self._forwarded_for = _forwarded_for(given) if log.address.looks_at_forwarded else ""
        self._receive = receive
        self._send = send
        ids = log.ids_of(
            headers.get(b"x-request-id", b"").decode("latin-1"), headers.get(b"traceparent", b"").decode("latin-1")
        )
        super().__init__(log, scope, method, told["path"].removeprefix(told.get("root_path", "")), ids)

    async def receive(self) -> Message:
        """Pass on a message from the client; notice if it has left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.client_left()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message to the client; notice the status, the size and the end."""
        kind = message["type"]
        if kind == "http.response.start":
            # Whatever an application answers to a client that has left, nobody gets it.
            self.status = CLIENT_LEFT if self.has_client_left else int(message["status"])
            if self.status >= SERVER_ERROR:
                # Most frameworks answer a 500 while they handle its exception.
                self.error = self.request.get(TOLD_ERROR) or sys.exc_info()[1]
            message = with_request_id(message, self.ids["request_id"])
        elif kind in ENDS_BODY:
            if self.method != "HEAD":  # the server drops the body of an answer to HEAD
                self.body_bytes += len(message.get("body", b""))
            self.is_complete = not message.get("more_body", False)
        try:
            await self._send(message)
        except OSError:
            self.has_client_left = True  # how newer servers tell it (ASGI 2.4)
            raise
        if self.is_complete:
            self.finish()

    def describe(self) -> tuple[str, str, str]:
        """Return url, user agent and address of the client."""
        told, address = self._told, self._log.address
        raw_path = told.get("raw_path")
        path = raw_path.partition(b"?")[0].decode("latin-1") if raw_path else quote(told["path"], errors="replace")
        root_path = told.get("root_path")
        if root_path:
            path = _with_prefix(path, root_path)
        peer = told.get("client")
        ip = address.find(str(peer[0] or "") if peer else "", self._forwarded_for)
        query, user_agent = told.get("query_string", b""), self._headers.get(b"user-agent", b"")
        return full_url(path, query.decode("latin-1")), user_agent.decode("latin-1"), ip

    def find_route(self) -> str | None:
        """Return the template that the framework has left in the scope."""
        return route_template(self.request, self._told.get("root_path", ""))


def _forwarded_for(headers: list[tuple[bytes, bytes]]) -> str:
    values = [value for name, value in headers if name == b"x-forwarded-for"]
    return b",".join(values).decode("latin-1")


def _with_prefix(path: str, root_path: str) -> str:
    # Some servers leave the prefix in the path, some cut it off.
    prefix = quote(root_path, errors="replace")
    return path if path.startswith((prefix, root_path)) else prefix + path


def with_request_id(message: Message, request_id: str) -> Message:
    """Return the start of a response with the header `x-request-id`; an application's own stays."""
    headers = list(message.get("headers") or ())
    for name, _value in headers:
        if name.lower() == b"x-request-id":
            return message
    headers.append((b"x-request-id", request_id.encode()))
    return {**message, "headers": headers}
