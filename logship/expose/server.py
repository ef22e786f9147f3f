"""Serve an ASGI application on an address, in a thread of its own, from `start` to `stop`."""

from __future__ import annotations

import errno
import re
import socket
import threading
from dataclasses import dataclass
from typing import Any

from logship.errors import ListenError, UsageError

DEFAULT_LISTEN = "127.0.0.1:9113"
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve metrics.

    Attributes:
        listen: HOST:PORT; port 0 takes a free one.
        scrape_budget_seconds: Longest time that a scrape waits for a fresh state.
        stalled_seconds: /healthz says no when the loop has not turned for so long, beside the time between two looks.
        require_files: Whether /readyz says no while one of the paths means no file.
    """

    listen: str = DEFAULT_LISTEN
    scrape_budget_seconds: float = 1.0
    stalled_seconds: float = 120.0
    require_files: bool = False


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `:PORT` (all addresses) or `[V6]:PORT`; raise UsageError otherwise."""
    host, colon, port = listen.rpartition(":")
    if not colon or not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
        why = "it ends in no port from 0 to 65535" if colon else "it has no port"
        raise UsageError(f"cannot listen on {listen!r}: {why}; give HOST:PORT, such as {DEFAULT_LISTEN} or [::1]:9113")
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104 - asked for by `:PORT`


def bind(listen: str) -> socket.socket:
    """Return a socket bound to `listen`; raise ListenError when the address cannot be had."""
    host, port = parse_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
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
    """An HTTP server on a bound socket."""

    def __init__(self, application: Any, bound: socket.socket) -> None:
        import uvicorn  # here, as `replay` shares this room and needs no server

        self._socket = bound
        self._server = uvicorn.Server(
            uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
        )
        self._thread = threading.Thread(target=self._server.run, args=([bound],), name="logship-http")

    @property
    def url(self) -> str:
        """Where it can be reached on this machine."""
        host, port = self._socket.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Start to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests under way, close the socket, join the thread."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
