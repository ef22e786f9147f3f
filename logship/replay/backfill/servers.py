"""Read the address of a server: user and password become a header, so that no message can show them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from logship import __version__
from logship.errors import UsageError


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests are sent.

    Attributes:
        url: Without user and password.
        headers: What is sent with each request.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def server_of(url: str, headers: Sequence[str] = (), option: str = "--remote-write") -> Server:
    """Return the server at a URL; raise UsageError, which names `option`, for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{option} must be a URL such as http://127.0.0.1:9090/api/v1/write")
    named = {"User-Agent": f"logship/{__version__}"}
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise UsageError("--header must be a name and a value, as in 'X-Scope-OrgID: heroes'")
        named[name.strip()] = value.strip()
    user, at, host = parts.netloc.rpartition("@")
    if at:
        named["Authorization"] = f"Basic {base64.b64encode(unquote(user).encode()).decode()}"
    return Server(urlunsplit(parts._replace(netloc=host)), named)
