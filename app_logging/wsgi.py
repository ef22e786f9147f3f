"""One record per HTTP request: a WSGI application goes in, the same application comes out, timed.

Promises: exactly one record for each request; the request passes through untouched but for one response header,
`X-Request-ID`. It is written when the server closes the body, which PEP 3333 has it do behind the last byte.

WSGI does not tell an application that the client is gone: servers close the body before its end, and so it is
recorded as `aborted`. Frameworks forget the request before the body is closed: what they know of the route and the
user is asked for when the response starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Unpack
from urllib.parse import quote

from app_logging.request_options import RequestOptions
from app_logging.request_record import SEEN, TOLD_ERROR, Exchange, RequestLog, full_url
from app_logging.wsgi_frameworks import authenticated_user, listen_to_flask, route_of

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

NO_BODY_STATUSES = frozenset({204, 304})


class WSGIRequestLogMiddleware:
    """Write the request record of each HTTP request.

    Args:
        app: The application to wrap. As the outermost one, the middleware also sees what error handlers answer.
        options: See `RequestOptions`; hooks are given the environ, when the response starts.

    Raises:
        SettingsError: An option has a value that is not allowed.
    """

    def __init__(self, app: App, **options: Unpack[RequestOptions[Environ]]) -> None:
        self.app = app
        self._log = RequestLog(authenticated_user, **options)
        listen_to_flask()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application; every exception goes on to the server."""
        if SEEN in environ:  # below another middleware of this kind, in a mounted application
            return self.app(environ, start_response)
        environ[SEEN] = True
        exchange = WsgiExchange(self._log, self.app, environ, start_response)
        try:
            return exchange.follow(self.app(environ, exchange.start_response))
        except BaseException as error:
            exchange.fail(error)
            raise


class WsgiExchange(Exchange[Environ]):
    """One request and its response, as seen between server and application."""

    def __init__(self, log: RequestLog[Environ], app: App, environ: Environ, start_response: StartResponse) -> None:
        self._app = app
        self._start_response = start_response
        # The application moves these under our hands: what the server said is read now.
        self._script_name: str = environ.get("SCRIPT_NAME") or ""
        self._path_info: str = environ.get("PATH_INFO") or ""
        self._promised_bytes: int | None = None
        path = self._path_info
        if not path.isascii():
            path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        ids = log.ids_of(environ.get("HTTP_X_REQUEST_ID") or "", environ.get("HTTP_TRACEPARENT") or "")
        super().__init__(log, environ, environ["REQUEST_METHOD"], path, ids)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Pass on the start of the response; notice the status, and what the framework knows now."""
        self.error = self.request.get(TOLD_ERROR) if exc_info is None else exc_info[1]
        self.status = int(status[:3])
        names = {name.lower(): value for name, value in headers}
        length = names.get("content-length", "")
        self._promised_bytes = int(length) if length.isdecimal() else None
        if "x-request-id" not in names:
            headers = [*headers, ("X-Request-ID", self.ids["request_id"])]
        self.route()
        self.ask_hooks()
        # Not every server takes the third argument.
        arguments = (status, headers) if exc_info is None else (status, headers, exc_info)
        write = self._start_response(*arguments)

        def counting_write(chunk: bytes) -> object:
            self.count(chunk)
            return write(chunk)

        return counting_write

    def follow(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return the body, made to tell when it ends."""
        if type(body) is self.request.get("wsgi.file_wrapper") and self._follow_file(body):
            return body
        return SizedBody(body, self) if isinstance(body, list | tuple) else Body(body, self)

    def count(self, chunk: bytes) -> None:
        """Take note of a piece of the body."""
        if self.method != "HEAD":  # the server drops the body of an answer to HEAD
            self.body_bytes += len(chunk)

    def closed(self) -> None:
        """End: the server wants no more of the body."""
        is_whole = (
            self.is_complete
            or self.method == "HEAD"
            or self.status in NO_BODY_STATUSES
            or self.body_bytes == self._promised_bytes
        )
        if not is_whole and self.error is None:
            self.client_left()
        self.finish()
        self.leave()

    def describe(self) -> tuple[str, str, str]:
        """Return url, user agent and address of the client."""
        environ = self.request
        raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
        path = (
            raw
            if raw.startswith("/")
            else quote(self._script_name + self._path_info, encoding="latin-1", errors="replace")
        )
        url = full_url(path, environ.get("QUERY_STRING") or "")
        ip = self._log.address.find(environ.get("REMOTE_ADDR") or "", environ.get("HTTP_X_FORWARDED_FOR") or "")
        return url, environ.get("HTTP_USER_AGENT") or "", ip

    def find_route(self) -> str | None:
        """Return the template of the framework, behind the prefixes of the mounts that led there."""
        return route_of(self.request, self._app, self._script_name)

    def _follow_file(self, body: Any) -> bool:
        """Learn of the end of a file that the server may send without looking at the pieces."""
        close = getattr(body, "close", None)

        def close_and_tell() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self.body_bytes = self._promised_bytes or 0
                self.is_complete = True
                self.closed()

        try:
            body.close = close_and_tell
        except AttributeError:  # made in C: then the pieces are looked at
            return False
        return True


class Body:
    """The body of a response; tells the exchange of each piece and of the end."""

    def __init__(self, body: Iterable[bytes], exchange: WsgiExchange) -> None:
        self._body = body
        self._pieces = iter(body)
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        exchange = self._exchange
        try:
            piece = next(self._pieces)
        except StopIteration:
            if not exchange.is_complete:
                exchange.is_complete = True
                exchange.ended()
            raise
        except BaseException as error:
            exchange.fail(error)  # some servers do not close a body that failed
            raise
        exchange.count(piece)
        return piece

    def close(self) -> None:
        """Close the application's body, then write the record."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._exchange.closed()


class SizedBody(Body):
    """A body whose number of pieces is known: of a single one, servers tell the length."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type] # only made for lists and tuples
