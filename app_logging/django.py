"""One record per HTTP request of a Django project, under WSGI and under ASGI.

    MIDDLEWARE = ["app_logging.django.RequestLogMiddleware", ...]  # first: it sees what all others answer

Options stand in the setting `APP_LOGGING_REQUESTS`, a dict of `RequestOptions`.
Promises: as the other middlewares; the record is written when the server closes the response.
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.signals import got_request_exception

from app_logging.request_record import Exchange, RequestLog, full_url, is_cancelled
from app_logging.users import NAMES, id_of

HttpRequest = Any
HttpResponse = Any
"""Django comes without types."""

EXCHANGE = "_app_logging_exchange"
"""Attribute of the request under which its exchange waits for the exception behind a 500."""

ANCHORS = re.compile(r"^\^|\$$")
NO_BODY_STATUSES = frozenset({204, 304})


class RequestLogMiddleware:
    """Write the request record of each HTTP request.

    Hooks are given Django's request. Under ASGI a client that leaves is noticed while the view runs (status 499, if
    the view is asynchronous) and while the body is sent (`aborted`).

    Raises:
        SettingsError: An option has a value that is not allowed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._log = RequestLog[HttpRequest](authenticated_user, **getattr(settings, "APP_LOGGING_REQUESTS", {}))
        got_request_exception.connect(_keep_exception)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
            self._respond: Callable[[HttpRequest], Any] = self._respond_async
        else:
            self._respond = self._respond_sync

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """Answer the request."""
        return self._respond(request)

    def _respond_sync(self, request: HttpRequest) -> HttpResponse:
        exchange = DjangoExchange(self._log, request)
        try:
            response = self._get_response(request)
        except BaseException as error:
            exchange.fail(error)
            raise
        exchange.follow(response)
        return response

    async def _respond_async(self, request: HttpRequest) -> HttpResponse:
        exchange = DjangoExchange(self._log, request)
        try:
            response = await self._get_response(request)
        except BaseException as error:
            if is_cancelled(error):
                exchange.client_left()  # Django cancels a view whose client is gone
                exchange.finish()
            else:
                exchange.fail(error)
            raise
        exchange.follow(response)
        return response


class DjangoExchange(Exchange[HttpRequest]):
    """One request and its response, as seen from the first middleware."""

    def __init__(self, log: RequestLog[HttpRequest], request: HttpRequest) -> None:
        headers = request.headers
        ids = log.ids_of(headers.get("X-Request-ID", ""), headers.get("traceparent", ""))
        super().__init__(log, request, request.method, request.path_info, ids)
        setattr(request, EXCHANGE, self)

    def follow(self, response: HttpResponse) -> None:
        """Take note of the answer, and have the response tell when it is closed."""
        self.status = response.status_code
        if "X-Request-ID" not in response:
            response["X-Request-ID"] = self.ids["request_id"]
        is_bodiless = self.method == "HEAD" or self.status in NO_BODY_STATUSES
        if not response.streaming:
            self.body_bytes = 0 if is_bodiless else len(response.content)
            self.is_complete = True
        elif getattr(response, "file_to_stream", None) is not None:
            # Left alone: wrapped, the server could not send the file by itself.
            length = str(response.get("Content-Length", ""))
            self.body_bytes = int(length) if length.isdecimal() and not is_bodiless else 0
            self.is_complete = True
        else:
            pieces = response.streaming_content
            response.streaming_content = self._count_async(pieces) if response.is_async else self._count(pieces)
            self.is_complete = is_bodiless
        response._resource_closers.append(self.closed)  # noqa: SLF001 - as Django's own streams and files do

    def closed(self) -> None:
        """End: the server has closed the response."""
        if self.error is None:
            self.client_left()
        self.finish()
        self.leave()

    def describe(self) -> tuple[str, str, str]:
        """Return url, user agent and address of the client."""
        request, meta = self.request, self.request.META
        scope = getattr(request, "scope", None)
        raw = (scope.get("raw_path") or b"").decode("latin-1") if scope else meta.get("RAW_URI", "")
        raw = raw.partition("?")[0]
        path = raw if raw.startswith("/") else quote(request.path)
        url = full_url(path, meta.get("QUERY_STRING", ""))
        ip = self._log.address.find(meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", ""))
        return url, meta.get("HTTP_USER_AGENT", ""), ip

    def find_route(self) -> str | None:
        """Return the route of the URL configuration, all includes joined; regular expressions without their anchors."""
        match = self.request.resolver_match
        return None if match is None else "/" + ANCHORS.sub("", match.route)

    def _count(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for piece in pieces:
                self.body_bytes += len(piece)
                yield piece
        except Exception as error:
            self.fail(error)  # under ASGI, Django does not close a response that failed
            raise
        self.is_complete = True

    async def _count_async(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                self.body_bytes += len(piece)
                yield piece
        except Exception as error:
            self.fail(error)  # under ASGI, Django does not close a response that failed
            raise
        self.is_complete = True
        self.ended()


def authenticated_user(request: HttpRequest) -> object:
    """Return the id of the user, if the application has asked who it is: the log asks no database."""
    loaded = (getattr(request, name, None) for name in ("_cached_user", "_acached_user"))
    given = (vars(request).get(name) for name in NAMES)
    return id_of([*loaded, *(user for user in given if not _is_lazy(user))])


def _is_lazy(user: object) -> bool:
    return hasattr(type(user), "_setup")  # Django's SimpleLazyObject, which would ask the database


def _keep_exception(sender: object, **told: Any) -> None:  # noqa: ARG001 - the signal's own words
    exchange = getattr(told.get("request"), EXCHANGE, None)
    if exchange is not None:
        exchange.error = sys.exc_info()[1]
