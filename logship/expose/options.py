"""How metrics are served: the options, and the address in one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from logship.errors import UsageError
from logship.expose.limits import ConnectionLimits

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
        ui: Whether there is a status page.
        limits: What clients may take.
        web_config_file: File that says how to encrypt and whom to let in; None answers everybody in the clear.
    """

    listen: str = DEFAULT_LISTEN
    scrape_budget_seconds: float = 1.0
    stalled_seconds: float = 120.0
    require_files: bool = False
    ui: bool = True
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    web_config_file: str | None = None


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `:PORT` (all addresses) or `[V6]:PORT`; raise UsageError otherwise."""
    host, colon, port = listen.rpartition(":")
    if not colon or not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
        why = "it ends in no port from 0 to 65535" if colon else "it has no port"
        raise UsageError(f"cannot listen on {listen!r}: {why}; give HOST:PORT, such as {DEFAULT_LISTEN} or [::1]:9113")
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104 - asked for by `:PORT`
