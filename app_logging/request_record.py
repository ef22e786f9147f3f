"""The one place where a request becomes a record, whatever host it came through.

A host's middleware makes an `Exchange`, tells it what happens, and calls `finish`; the record is written then.
Promises: one record for each exchange, the same fields in the same order from every host; nothing here, no hook and
no strange request, raises into the application.
"""

from __future__ import annotations

import asyncio
import re
import time
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import Token
from secrets import token_hex
from typing import Any, Generic

from app_logging.client_address import ClientAddress
from app_logging.context import enter_context, is_all_that_is_bound, leave_context
from app_logging.exceptions import class_name
from app_logging.levels import ERROR, INFO
from app_logging.pipeline import active
from app_logging.record import FIELDS, REQUEST_MESSAGE, WEBSOCKET_MESSAGE, OwnFields
from app_logging.redact import redact_query
from app_logging.request_options import PROBES, SLOW_SECONDS, Request, checked_paths, checked_seconds
from app_logging.sampling import Sampler
from app_logging.stdlib_door import stdlib_door
from app_logging.structlog_door import logger_named
from app_logging.trace_context import current_span_finder, ids_of_header

LOGGER = "app_logging.request"
ANONYMOUS = "anonymous"
CLIENT_LEFT = 499
"""nginx's status for a client that did not wait; no server sends it."""

SERVER_ERROR = 500
MAX_URL_CHARACTERS = 2048
MAX_USER_AGENT_CHARACTERS = 512
MAX_METHOD_CHARACTERS = 32
MAX_USER_ID_CHARACTERS = 256
"""Clients choose the values; longer ones are attacks or accidents."""

SEEN = "app_logging.seen"
"""Key in a scope or environ that a middleware of ours has seen: the one further out writes the record."""

TOLD_ERROR = "app_logging.error"
"""Where in the scope or environ the exception is left which a framework has made a 500."""

OWN_NAMES = frozenset(field.name for field in FIELDS)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestLog(Generic[Request]):
    """What one middleware's exchanges share: the options, checked, and the way to the log.

    Args:
        find_user: Looks for the user where the host keeps it; the `user` option replaces it.
        options: See `RequestOptions`.

    Raises:
        SettingsError: An option has a value that is not allowed.
    """

    def __init__(
        self,
        find_user: Callable[[Request], object],
        *,
        user: Callable[[Request], object] | None = None,
        exclude: Collection[str] = PROBES,
        sample: Mapping[str, float] | None = None,
        slow_seconds: float = SLOW_SECONDS,
        trusted_proxies: Iterable[str] = (),
        extra: Callable[[Request, int], Mapping[str, Any] | None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.clock = clock
        self.address = ClientAddress(trusted_proxies)
        self._current_span = current_span_finder()
        self._user = user or find_user
        self._extra = extra
        self._exclude = checked_paths(exclude)
        self._sampler = Sampler(sample or {})
        self._slow_seconds = checked_seconds(slow_seconds)
        self._logger = logger_named(LOGGER)
        self._failed_hooks: set[str] = set()
        self.has_begun = False
        stdlib_door.expect_request_records()

    def ids_of(self, request_id: str, traceparent: str) -> dict[str, str]:
        """Return the ids that tie the records of a request together, from headers that are well-formed or made here."""
        ids = {"request_id": request_id if REQUEST_ID.fullmatch(request_id) else token_hex(16)}
        trace = self._current_span() or (ids_of_header(traceparent) if traceparent else None)
        if trace is not None:
            ids["trace_id"], ids["span_id"] = trace
        return ids

    def write(self, exchange: Exchange[Request]) -> None:
        """Write the record of a request that has ended, unless it is excluded or sampled away."""
        in_flight = active.in_flight.left()
        if exchange.path in self._exclude:
            return
        interval = 1
        if self._sampler.is_on and not self._is_always_recorded(exchange):
            interval = self._sampler.interval_of(exchange.path, exchange.route())
            if interval == 0:
                return
        fields, extra = self._fields(exchange)
        fields["bytes"] = exchange.body_bytes
        fields["active"] = in_flight
        if interval > 1:
            fields["sample_rate"] = 1 / interval
        if exchange.has_client_left and exchange.status != CLIENT_LEFT:
            fields["aborted"] = True
        self._write(REQUEST_MESSAGE, exchange, fields, extra)

    def write_websocket(self, exchange: Exchange[Request], close_code: int | None) -> None:
        """Write the record of a WebSocket that was closed, unless its path is excluded."""
        if exchange.path in self._exclude:
            return
        fields, extra = self._fields(exchange)
        if close_code is not None:
            fields["close_code"] = close_code
        self._write(WEBSOCKET_MESSAGE, exchange, fields, extra)

    def _is_always_recorded(self, exchange: Exchange[Request]) -> bool:
        return exchange.is_failure or exchange.seconds > self._slow_seconds

    def _fields(self, exchange: Exchange[Request]) -> tuple[dict[str, Any], Mapping[str, Any]]:
        route = exchange.route()
        user, extra = exchange.ask_hooks()
        url, user_agent, ip = exchange.describe()
        fields = {
            "method": exchange.method[:MAX_METHOD_CHARACTERS],
            "url": url[:MAX_URL_CHARACTERS],
            "route": route,
            "status": exchange.status,
            "duration": round(exchange.seconds * 1000, 3),
            "userAgent": user_agent[:MAX_USER_AGENT_CHARACTERS],
            "ip": ip,
            "userId": user,
        }
        if route is None:
            del fields["route"]
        return fields, extra

    def _write(
        self, message: str, exchange: Exchange[Request], fields: dict[str, Any], extra: Mapping[str, Any]
    ) -> None:
        if exchange.error is not None:
            fields["error"] = class_name(exchange.error)
        fields.update(exchange.ids)
        if extra:
            _add(fields, extra)
        elif is_all_that_is_bound(exchange.ids):
            fields = OwnFields(fields)
        if exchange.is_failure:
            self._logger.write_event(ERROR, "error", message, fields)
        else:
            self._logger.write_event(INFO, "info", message, fields)

    def ask_hooks(self, exchange: Exchange[Request]) -> tuple[str, Mapping[str, Any]]:
        """Return the user's id and the application's own fields."""
        extra: Mapping[str, Any] = {}
        if self._extra is not None:
            try:
                told = self._extra(exchange.request, exchange.status or 0) or {}
                extra = {str(name): value for name, value in told.items()}
            except Exception as error:  # noqa: BLE001 - foreign code
                self._warn_once("extra", error)
        try:
            user = self._user(exchange.request)
            return (ANONYMOUS if user is None or user == "" else str(user)[:MAX_USER_ID_CHARACTERS]), extra
        except Exception as error:  # noqa: BLE001 - foreign code
            self._warn_once("user", error)
            return ANONYMOUS, extra

    def _warn_once(self, hook: str, error: Exception) -> None:
        if hook not in self._failed_hooks:
            self._failed_hooks.add(hook)
            self._logger.warning("hook failed, will not repeat this warning", hook=hook, exc_info=error)


class Exchange(Generic[Request]):
    """One request and its response; the subclass of each host knows where to find what.

    Making one begins the exchange: it counts as active, and its ids are bound for all lines.

    Attributes:
        request: What hooks are given.
        path: The decoded path without the server's prefix, as `exclude` and `sample` name it.
        ids: request_id, and trace_id and span_id if there are any.
        status: What the client got, or would have got; None until it went to the server.
        is_complete: Whether the last byte of the body was given away.
        ended_at: When the server had it; None until then.
        has_client_left: Whether the client left before the end.
        error: What the application raised.
        seconds: From the start to the last byte of the body; once it has finished.
        is_failure: Whether the server is to blame: it answered so, or the application raised with the client still
            there; once it has finished.
        hooks: What the hooks said, if the host had to ask them early.
    """

    status: int | None = None
    body_bytes = 0
    is_complete = False
    ended_at: float | None = None
    has_client_left = False
    error: BaseException | None = None
    hooks: tuple[str, Mapping[str, Any]] | None = None
    _route: str | None = None
    _knows_route = False
    _is_finished = False

    def __init__(self, log: RequestLog[Request], request: Request, method: str, path: str, ids: dict[str, str]) -> None:
        self._log = log
        self.request = request
        self.method = method
        self.path = path
        self.ids = ids
        if not log.has_begun:
            log.has_begun = True
            stdlib_door.lead_server_loggers()  # some servers set theirs up when the application is long there
        self.enter()
        self._token: Token[Any] | None = enter_context(ids)
        self.started_at = log.clock()

    @abstractmethod
    def describe(self) -> tuple[str, str, str]:
        """Return url, user agent and address of the client.

        The url is the path as it was sent, if the server tells, with all prefixes, and the redacted query.
        """

    @abstractmethod
    def find_route(self) -> str | None:
        """Return the template of the route that answered; it may raise, which counts as none."""

    def route(self) -> str | None:
        """Return the template of the route, looked up once."""
        if not self._knows_route:
            self._knows_route = True
            try:
                self._route = self.find_route()
            except Exception:  # noqa: BLE001 - a framework that we do not know left something else there
                self._route = None
        return self._route

    def client_left(self) -> None:
        """Take note that the client is gone; servers say so after a complete response as well."""
        if not self.is_complete:
            self.has_client_left = True

    def ended(self) -> None:
        """Take note that the last byte is with the server now."""
        self.ended_at = self._log.clock()

    def finish(self) -> None:
        """Write the record, once."""
        if self._is_finished:
            return
        self._is_finished = True
        self.seconds = (self._log.clock() if self.ended_at is None else self.ended_at) - self.started_at
        if self.status is None:
            self.status = CLIENT_LEFT if self.has_client_left else SERVER_ERROR
        self.is_failure = self.status >= SERVER_ERROR or (self.error is not None and not self.has_client_left)
        self.write()

    def enter(self) -> None:
        """Count as active."""
        active.in_flight.entered()

    def write(self) -> None:
        """Write the record and count no more."""
        self._log.write(self)

    def fail(self, error: BaseException) -> None:
        """End with what the application raised."""
        self.error = error
        self.finish()
        self.leave()

    def leave(self) -> None:
        """Unbind the ids: later lines belong to no request. Elsewhere than where they were bound, it does nothing."""
        token, self._token = self._token, None
        if token is not None:
            try:
                leave_context(token)
            except ValueError:  # the token is of another context, which has ended
                return

    def ask_hooks(self) -> tuple[str, Mapping[str, Any]]:
        """Return the user's id and the application's own fields; hosts that forget early must ask early."""
        if self.hooks is None:
            self.hooks = self._log.ask_hooks(self)
        return self.hooks


def full_url(path: str, query: str) -> str:
    """Join an encoded path and an encoded query, with the values of secret parameters redacted."""
    return f"{path}?{redact_query(query)}" if query else path


def _add(fields: dict[str, Any], extra: Mapping[str, Any]) -> None:
    # The record's own fields are counted by readers: a hook must not change them unnoticed.
    for name, value in extra.items():
        free = name
        while free in fields or free in OWN_NAMES:
            free += "_"
        fields[free] = value


def is_cancelled(error: BaseException) -> bool:
    """Return whether `error` says that this task was cancelled from outside, as servers do when the client is gone.

    An application that awaits a cancelled task of its own raises the same, and that is its failure.
    """
    task = asyncio.current_task() if isinstance(error, asyncio.CancelledError) else None
    return task is not None and task.cancelling() > 0
