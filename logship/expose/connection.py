"""One client: uvicorn's HTTP/1.1, with the time-outs and limits that it lacks, and TLS that can change while it runs.

uvicorn lets a client take for ever until its request is whole or its answer is fetched, holds any number of them, and
keeps the certificate that it began with. Here each connection is in one of four states, each with its time:

    asking      → the handshake, or a request that is not whole     `request_timeout_seconds`
    answering   → the application is at work                        its own budget
    sending     → the answer is not fetched                         `send_timeout_seconds`
    idle        → nothing has come after an answer                  `idle_timeout_seconds`

TLS is begun here by `start_tls`, not by the listening socket: so a handshake has a place and a time-out, holds nobody
up, and takes the certificate that is valid now. What a client does wrong ends its connection and writes no log.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from logship.expose.access import Access
from logship.expose.limits import MOST_REQUEST_BYTES, ConnectionLimits, Places
from logship.expose.tls import is_allowed

_State = Literal["asking", "answering", "sending", "idle"]


class Connection(H11Protocol):
    """A connection of a client.

    Args:
        places: Where it has to find one.
        access: Returns who is let in now, and how.
        limits: Returns the time-outs.
        config: What uvicorn gives to its protocols, as does all the rest.
    """

    def __init__(
        self,
        *,
        places: Places,
        access: Callable[[], Access],
        limits: Callable[[], ConnectionLimits],
        **of_uvicorn: Any,
    ) -> None:
        super().__init__(**of_uvicorn)
        self._places = places
        self._access = access
        self._limits = limits
        self._raw: asyncio.Transport | None = None
        self._state: _State = "asking"
        self._timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._is_speaking = False
        """Whether HTTP is spoken already."""
        self._is_lost = False
        self._is_paused = False
        self._received_bytes = 0
        self._early = b""
        """What came with the end of the handshake, before we know of that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a place, and begin to speak HTTP or first TLS."""
        self._raw = transport
        if not self._places.admit(self):
            self._places.leave(self)
            transport.abort()
            return
        context = self._access().context
        if context is None:
            self._begin(transport)
        else:
            transport.pause_reading()  # until there is who decrypts it
            self._handshake = self.loop.create_task(self._shake_hands(transport, context))

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._is_lost = True
        self._places.leave(self)
        self._set_timer(None)
        if self._is_speaking:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        self._received_bytes += len(data)
        if self._received_bytes > MOST_REQUEST_BYTES:
            self.drop()
        elif not self._is_speaking:
            self._early += data
        else:
            super().data_received(data)
            self._settle()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn's says nothing
        """Still answer a client that has only ended its own side; TLS has no such half."""
        if self.transport is self._raw and self._state == "answering":
            self.cycle.keep_alive = False
            return True
        return None

    def pause_writing(self) -> None:
        """Note that the client does not fetch its answer."""
        self._is_paused = True
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        """Note that it goes on to."""
        self._is_paused = False
        super().resume_writing()
        self._settle()

    def on_response_complete(self) -> None:
        """Begin to wait until the answer is fetched, and for the next request."""
        self._received_bytes = 0
        super().on_response_complete()
        self._settle(anew=True)

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is none; in the middle of an answer there is no place for that."""
        if self._is_answering():
            self.cycle.disconnected = True
            self.drop()
        else:
            super().send_400_response(msg)

    def timeout_keep_alive_handler(self) -> None:
        """Leave it to our own timer, which knows whether the answer was fetched."""

    def shutdown(self) -> None:
        """End now, or after the answer under way."""
        if self._state == "answering":
            super().shutdown()
        else:
            self.drop()

    def drop(self) -> None:
        """Close it now, whatever is unsent."""
        if self._raw is not None:
            self._raw.abort()

    def unsent_bytes(self) -> int:
        """Return how much of its answers was not fetched yet."""
        if self._is_lost or not self._is_speaking:
            return 0
        transports = {self._raw, self.transport}  # with TLS there are two, each with a buffer of its own
        return sum(each.get_write_buffer_size() for each in transports if each is not None)

    async def _shake_hands(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        if transport.is_closing():  # dropped for another one before its turn came
            return
        limits = self._limits()
        try:
            encrypted = await self.loop.start_tls(
                transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=limits.request_timeout_seconds,
                ssl_shutdown_timeout=limits.send_timeout_seconds,
            )
        except (OSError, RuntimeError):  # it speaks no TLS, shows no certificate, has gone: its own affair
            encrypted = None
        if self._is_lost or encrypted is None:
            self._places.leave(self)
            transport.abort()
        elif is_allowed(encrypted.get_extra_info("peercert"), self._access().allowed_sans):
            self._begin(encrypted)
        else:
            self.drop()

    def _begin(self, transport: asyncio.Transport) -> None:
        """Speak HTTP."""
        self._is_speaking = True
        super().connection_made(transport)
        self._settle(anew=True)
        if self._early:
            early, self._early = self._early, b""
            self._received_bytes = 0
            self.data_received(early)

    def _settle(self, *, anew: bool = False) -> None:
        """Find out the state; begin its time when it is another one, or begins `anew`."""
        if self._is_lost:
            return
        state = self._state_now()
        if state == self._state and not anew:
            return
        self._state = state
        if state == "answering":
            self._places.work(self)
            self._set_timer(None)
        else:
            self._places.wait(self)
            self._set_timer(self._seconds_for(state))
        if state == "sending":
            self._places.bound_unsent(self)

    def _state_now(self) -> _State:
        if self._is_paused or self.transport.is_closing():
            return "sending"
        if self._is_answering():
            return "answering"
        if self.unsent_bytes():
            return "sending"
        is_between = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        return "idle" if is_between and self._cycle() is not None else "asking"

    def _is_answering(self) -> bool:
        cycle = self._cycle()
        return cycle is not None and not cycle.response_complete

    def _cycle(self) -> RequestResponseCycle | None:
        """Return the last request and its answer, None before the first; uvicorn's type knows no before."""
        return self.cycle

    def _seconds_for(self, state: _State) -> float:
        limits = self._limits()
        return {
            "asking": limits.request_timeout_seconds,
            "sending": limits.send_timeout_seconds,
            "idle": limits.idle_timeout_seconds,
        }[state]

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        """Drop it, unless it was only noted as sending and has fetched everything since."""
        if self._state == "sending" and self._state_now() != "sending":
            self._settle()
        else:
            self.drop()
