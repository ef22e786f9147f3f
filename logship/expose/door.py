"""What stands before every route: who may ask, for what, and the headers that every answer has.

A request whose target is a whole URL means the path in it (RFC 9112, 3.2.2). Browsers are told to do nothing with
an answer that its route does not allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logship.expose.access import Access, has_password
from logship.expose.passwords import BusyError, Passwords

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
"""Of every answer, unless its route or the web configuration has others."""

_WHOLE_URLS = ("http://", "https://")


class Door:
    """An ASGI application that lets requests through to another one.

    Args:
        application: The other one.
        access: Returns who is let in now.
        matches: Whether a password has a hash; in a thread.
    """

    def __init__(
        self,
        application: ASGIApp,
        access: Callable[[], Access],
        matches: Callable[[bytes, bytes], bool] = has_password,
    ) -> None:
        self._application = application
        self._access = access
        self._passwords = Passwords(matches)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        access = self._access()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, access.headers)
            await send(message)

        refusal = await self._refusal(scope, access)
        if refusal is None:
            await self._application({**scope, **_own_path(scope)}, receive, send_with_headers)
        else:
            await refusal(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope, access: Access) -> ASGIApp | None:
        """Return the answer for who is not let in, None for who is."""
        if not access.users:
            return None
        given = Headers(scope=scope).get("Authorization", "")
        try:
            if given and await self._passwords.are_right(given.encode("latin-1"), access.users):
                return None
        except BusyError:
            return _plain("too many new users at once", 503, {"Retry-After": "1"})
        return _plain("a user and a password are needed", 401, {"WWW-Authenticate": 'Basic realm="logship"'})


def _plain(text: str, status: int, headers: Mapping[str, str]) -> ASGIApp:
    return PlainTextResponse(f"{text}\n", status, {**headers, "Cache-Control": "no-store", "Connection": "close"})


def _add_headers(message: Message, configured: Mapping[str, str]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in configured.items():
        headers[name] = value
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _own_path(scope: Scope) -> dict[str, object]:
    """Return what a target that is a whole URL changes."""
    path: str = scope["path"]
    if not path.lower().startswith(_WHOLE_URLS):
        return {}
    _, slash, rest = path.partition("://")[2].partition("/")
    return {"path": slash + rest or "/", "raw_path": (slash + rest or "/").encode()}
