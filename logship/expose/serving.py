"""uvicorn as the sidecar needs it: each connection within its limits, none in the way of the end."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn

from logship.expose.access import Access
from logship.expose.connection import Connection
from logship.expose.limits import BACKLOG, MOST_HEAD_BYTES, ConnectionLimits, Places

_GRACE_SECONDS = 2
"""For answers that are under way at the end."""


class Serving(uvicorn.Server):
    """A server of uvicorn's that runs in a thread of its own.

    Args:
        application: What answers.
        access: Returns who is let in now, and how.
        limits: Returns the limits of connections.
    """

    def __init__(self, application: Any, access: Callable[[], Access], limits: Callable[[], ConnectionLimits]) -> None:
        self._places = Places(lambda: limits().max_connections)
        connection: Any = partial(Connection, places=self._places, access=access, limits=limits)
        super().__init__(
            uvicorn.Config(
                application,
                http=connection,
                ws="none",
                loop="asyncio",  # start_tls as the connection uses it
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
                h11_max_incomplete_event_size=MOST_HEAD_BYTES,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`."""
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # else any client can fill a log by nonsense
        super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections but those whose answer is under way."""
        self._places.clear()
        await super().shutdown(sockets)
