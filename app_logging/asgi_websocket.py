"""A WebSocket as it passes between an ASGI server and an application: one record when it is closed.

It lasts as long as somebody looks at a page, so its record has a message of its own and is in no histogram of requests.
"""

from __future__ import annotations

from app_logging.asgi_exchange import AsgiExchange, Message

ACCEPTED = 101
REJECTED = 403
"""What a server answers for an application that closes before it accepts."""

NORMAL_CLOSURE = 1000
NO_CODE = 1005
INTERNAL_ERROR = 1011
"""RFC 6455, section 7.4.1; servers close with the last one if the application raises."""


class WebSocketExchange(AsgiExchange):
    """One WebSocket from the handshake to its end; it does not count as an active request."""

    _close_code: int | None = None

    async def receive(self) -> Message:
        """Pass on a message from the client; notice if it has left."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._close(int(message.get("code") or NO_CODE))
            self.client_left()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message to the client; notice the answer to the handshake and the end."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.status = ACCEPTED
        elif kind == "websocket.close":
            if self.status is None:
                self.status = REJECTED
            else:
                self._close(int(message.get("code") or NORMAL_CLOSURE))
        elif kind == "websocket.http.response.start":
            self.status = int(message["status"])
        await self._send(message)

    def enter(self) -> None:
        """Count nothing."""

    def write(self) -> None:
        """Write the record."""
        if self.error is not None and self.status == ACCEPTED:
            self._close(INTERNAL_ERROR)
        self._log.write_websocket(self, self._close_code)

    def _close(self, code: int) -> None:
        if self._close_code is None and self.status == ACCEPTED:
            self._close_code = code
