"""One record per HTTP request: an ASGI application goes in, the same application comes out, timed.

Promises: exactly one record for each request, whatever the application or the client does; the request passes through
untouched but for one response header, `x-request-id`. Other scopes (websocket, lifespan) pass through as they are.

When it is written: behind the last byte of the body, so that a background task delays nothing; for a 5xx, when the
application has returned, because frameworks raise the cause again after they have sent the response.
The duration ends at the last byte in both cases.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from secrets import token_hex
from typing import Any, cast
from urllib.parse import quote

from app_logging.configure import get_logger
from app_logging.context import enter_context, leave_context
from app_logging.exceptions import class_name
from app_logging.record import REQUEST_MESSAGE
from app_logging.redact import redact_query
from app_logging.route_template import route_template

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
UserOf = Callable[[Scope], object]

ANONYMOUS = "anonymous"
CLIENT_LEFT = 499
"""nginx's status for a client that did not wait; no server sends it."""

SERVER_ERROR = 500
MAX_URL_CHARACTERS = 2048
MAX_USER_AGENT_CHARACTERS = 512
"""Clients choose both; longer ones are attacks or accidents."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
"""W3C trace context; later versions may have more behind the flags."""

ENDS_BODY = frozenset({"http.response.body", "http.response.zerocopysend", "http.response.pathsend"})
"""Messages that carry the body; without `more_body` they are the last one."""


class RequestLogMiddleware:
    """Write the request record of each HTTP request.

    Args:
        app: The application to wrap. As the outermost one, the middleware also sees what error handlers answer.
        user: Returns who asked, from the scope as the application has left it; None means nobody.
        exclude: Exact paths without a record; they still count as active. None by default: health checks are
            requests as well, and a reader can leave them out later.
        clock: Seconds that never go backwards.
    """

    def __init__(
        self,
        app: App,
        *,
        user: UserOf | None = None,
        exclude: Collection[str] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.app = app
        self._user = user or authenticated_user
        self._exclude = frozenset(exclude)
        self._clock = clock
        self._logger = get_logger(__name__)
        self._active = 0
        self._has_failed_to_name_user = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; every exception goes on to the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._clock, self._finish)
        self._active += 1
        token = enter_context(exchange.ids)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            exchange.client_left()  # servers cancel an application whose client is gone
            raise
        except BaseException as error:
            exchange.error = error
            raise
        finally:
            exchange.finish()
            leave_context(token)

    def _finish(self, exchange: Exchange) -> None:
        active = self._active
        self._active -= 1
        if exchange.path in self._exclude:
            return
        fields = exchange.fields()
        fields["userId"] = self._user_id(exchange.scope)
        fields["bytes"] = exchange.body_bytes
        fields["active"] = active
        fields.update(exchange.outcome())
        fields.update(exchange.ids)
        log = self._logger.error if exchange.is_failure else self._logger.info
        log(REQUEST_MESSAGE, **fields)

    def _user_id(self, scope: Scope) -> str:
        try:
            user = self._user(scope)
            return ANONYMOUS if user is None or user == "" else str(user)
        except Exception as error:
            if not self._has_failed_to_name_user:
                self._has_failed_to_name_user = True
                self._logger.warning("user hook failed, will not repeat this warning", exc_info=error)
            return ANONYMOUS


class Exchange:
    """One request and its response, as seen between server and application."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        clock: Callable[[], float],
        on_finish: Callable[[Exchange], None],
    ) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._clock = clock
        self._on_finish = on_finish
        # The application changes the scope under our hands: what the server said is read now.
        self._method: str = scope["method"]
        self._root_path: str = scope.get("root_path", "")
        self.path: str = scope["path"]
        self._url = url_of(scope)
        headers = dict(reversed(list(scope["headers"])))  # of a repeated header, the first counts
        self._user_agent = headers.get(b"user-agent", b"").decode("latin-1")[:MAX_USER_AGENT_CHARACTERS]
        self._ip = str((scope.get("client") or ("",))[0] or "unix")
        self.ids = ids_of(headers)
        self._status: int | None = None
        self._is_complete = False
        self._is_finished = False
        self._ended_at: float | None = None
        self.has_client_left = False
        self.error: BaseException | None = None
        self.body_bytes = 0
        self._started_at = clock()

    async def receive(self) -> Message:
        """Pass on a message from the client; notice if it has left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.client_left()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message to the client; notice the status, the size and the end."""
        if message["type"] == "http.response.start":
            message = self._start(message)
        elif message["type"] in ENDS_BODY:
            self._count(message)
        try:
            await self._send(message)
        except OSError:
            self.has_client_left = True  # how newer servers tell it (ASGI 2.4)
            raise
        if self._is_complete and self._ended_at is None:
            self._ended_at = self._clock()
            if self.status < SERVER_ERROR:
                self.finish()

    def client_left(self) -> None:
        """Take note that the client is gone; servers say so after a complete response as well."""
        if not self._is_complete:
            self.has_client_left = True

    def finish(self) -> None:
        """Report the end of the exchange, once."""
        if self._is_finished:
            return
        self._is_finished = True
        if self._ended_at is None:
            self._ended_at = self._clock()
        self._on_finish(self)

    @property
    def status(self) -> int:
        """The status that the client got, or would have got."""
        if self._status is not None:
            return self._status
        return CLIENT_LEFT if self.has_client_left else SERVER_ERROR

    @property
    def is_failure(self) -> bool:
        """Whether the server is to blame: it answered so, or the application raised with the client still there."""
        return self.status >= SERVER_ERROR or (self.error is not None and not self.has_client_left)

    def fields(self) -> dict[str, Any]:
        """Return what is known of the request itself, in the order of the record."""
        fields: dict[str, Any] = {"method": self._method, "url": self._url}
        template = self._template()
        if template is not None:
            fields["route"] = template
        fields["status"] = self.status
        ended_at = self._started_at if self._ended_at is None else self._ended_at
        fields["duration"] = round((ended_at - self._started_at) * 1000, 3)
        fields["userAgent"] = self._user_agent
        fields["ip"] = self._ip
        return fields

    def outcome(self) -> dict[str, Any]:
        """Return what went wrong, if anything did."""
        fields: dict[str, Any] = {}
        if self.error is not None:
            fields["error"] = class_name(self.error)
        if self.has_client_left and self.status != CLIENT_LEFT:
            fields["aborted"] = True
        return fields

    def _template(self) -> str | None:
        try:
            return route_template(self.scope, self._root_path)
        except Exception:  # noqa: BLE001 - a framework that we do not know left something else under Starlette's keys
            return None

    def _start(self, message: Message) -> Message:
        # Whatever an application answers to a client that has left, nobody gets it.
        self._status = CLIENT_LEFT if self.has_client_left else int(message["status"])
        headers = list(message.get("headers") or ())
        if all(name.lower() != b"x-request-id" for name, _value in headers):
            headers.append((b"x-request-id", self.ids["request_id"].encode()))
        return {**message, "headers": headers}

    def _count(self, message: Message) -> None:
        if self._method != "HEAD":  # the server drops the body of an answer to HEAD
            self.body_bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            self._is_complete = True


def url_of(scope: Scope) -> str:
    """Return the path as it was sent, with the prefixes that were cut off before us, and the redacted query."""
    raw_path = scope.get("raw_path")
    path = raw_path.partition(b"?")[0].decode("latin-1") if raw_path else quote(scope["path"])
    root_path = scope.get("root_path")
    if root_path and not path.startswith(quote(root_path)):
        path = quote(root_path) + path
    query = scope.get("query_string", b"")
    url = f"{path}?{redact_query(query.decode('latin-1'))}" if query else path
    return url[:MAX_URL_CHARACTERS]


def ids_of(headers: dict[bytes, bytes]) -> dict[str, str]:
    """Return the ids that tie the records of a request together; what clients send is taken only if well-formed."""
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    ids = {"request_id": request_id if REQUEST_ID.fullmatch(request_id) else token_hex(16)}
    trace = TRACEPARENT.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
    if trace:
        ids["trace_id"], ids["span_id"] = trace.groups()
    return ids


def authenticated_user(scope: Scope) -> object:
    """Return the id of the user that an authentication middleware has left in the scope, or None.

    Looks at `scope["user"]` and then at `scope["state"]["user"]`; takes `id`, `pk` or `identity`.
    """
    for user in (scope.get("user"), cast("dict[str, Any]", scope.get("state") or {}).get("user")):
        if isinstance(user, str | int):
            return user
        if user is None or not getattr(user, "is_authenticated", True):
            continue
        for attribute in ("id", "pk", "identity", "username"):
            value = _attribute(user, attribute)
            if value is not None:
                return value
    return None


def _attribute(user: object, name: str) -> object:
    try:
        return getattr(user, name, None)
    except NotImplementedError:  # Starlette's BaseUser declares `identity` without having one
        return None
