"""Serve an ASGI application on an address, in a thread of its own, from `start` to `stop`."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from typing import Any

from logship.errors import ListenError
from logship.expose.access import Access, open_to_all
from logship.expose.limits import BACKLOG, ConnectionLimits
from logship.expose.options import parse_listen


def bind(listen: str) -> socket.socket:
    """Return a socket bound to `listen`; raise ListenError when the address cannot be had."""
    host, port = parse_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        bound.close()
        why = error.strerror if isinstance(error, OSError) else "no name of a host"
        raise ListenError(f"cannot listen on {listen}: {why}; {_remedy(error)}") from error
    return bound


def _remedy(error: OSError | UnicodeError) -> str:
    code = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    if code == errno.EADDRINUSE:
        return "stop what uses it or give another --listen"
    if code in (errno.EACCES, errno.EPERM):
        return "give a --listen with a port from 1024 on, or the right to bind lower ones"
    return "give a --listen with an address of this machine, or :PORT for all of them"


class Server:
    """An HTTP server on a bound socket.

    Args:
        application: What answers, an ASGI application.
        bound: The socket.
        access: Returns who is let in now, and how.
        limits: Returns the limits of connections.
    """

    def __init__(
        self,
        application: Any,
        bound: socket.socket,
        access: Callable[[], Access] = open_to_all,
        limits: Callable[[], ConnectionLimits] = ConnectionLimits,
    ) -> None:
        from logship.expose.door import Door  # here, as `replay` shares this room and needs no server
        from logship.expose.serving import Serving

        self._socket = bound
        self._is_encrypted = access().context is not None
        self._server = Serving(Door(application, access), access, limits)
        self._thread = threading.Thread(target=self._server.run, args=([bound],), name="logship-http")

    @property
    def url(self) -> str:
        """Where it can be reached on this machine."""
        host, port = self._socket.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        scheme = "https" if self._is_encrypted else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def start(self) -> None:
        """Start to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests under way, close the socket, join the thread."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
