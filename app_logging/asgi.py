"""One record per HTTP request: an ASGI application goes in, the same application comes out, timed.

Promises: exactly one record for each request and each WebSocket, whatever the application or the client does; the
request passes through untouched but for one response header, `x-request-id`. Other scopes pass through as they are.

It is written behind the last byte of the body, so that a background task delays nothing.
"""

from __future__ import annotations

from typing import Unpack

from app_logging.asgi_exchange import App, AsgiExchange, Receive, Scope, Send
from app_logging.asgi_frameworks import authenticated_user, listen_to_quart
from app_logging.asgi_websocket import WebSocketExchange
from app_logging.request_options import RequestOptions
from app_logging.request_record import SEEN, RequestLog, is_cancelled
from app_logging.stdlib_door import stdlib_door


class RequestLogMiddleware:
    """Write the request record of each HTTP request, and a record of its own kind of each WebSocket.

    Args:
        app: The application to wrap. As the outermost one, the middleware also sees what error handlers answer.
        options: See `RequestOptions`; hooks are given the scope as the application has left it.

    Raises:
        SettingsError: An option has a value that is not allowed.
    """

    def __init__(self, app: App, **options: Unpack[RequestOptions[Scope]]) -> None:
        self.app = app
        self._log = RequestLog(authenticated_user, **options)
        listen_to_quart()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; every exception goes on to the server."""
        kind = scope["type"]
        if SEEN in scope:  # below another middleware of this kind, in a mounted application
            await self.app(scope, receive, send)
            return
        if kind == "http":
            exchange = AsgiExchange(self._log, scope, receive, send, scope["method"])
        elif kind == "websocket":
            exchange = WebSocketExchange(self._log, scope, receive, send, "WEBSOCKET")
        else:
            stdlib_door.lead_server_loggers()  # a lifespan: uvicorn.run() has set up its own by now
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except BaseException as error:
            if is_cancelled(error):
                exchange.client_left()  # servers cancel an application whose client is gone
                exchange.finish()
                raise
            exchange.error = error
            exchange.finish()
            # The ids stay bound: the server writes the traceback next, in this task, which ends with the request.
            raise
        exchange.finish()
        exchange.leave()
