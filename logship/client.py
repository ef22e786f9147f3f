"""Ask a running tailer over HTTP, as `top`, `doctor` and `healthcheck` do: directly, by TLS or in the clear.

Passwords come from files: a command line shows in the list of processes.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from logship.errors import UsageError


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who is trusted, and who asks; files, each None for none.

    Attributes:
        ca_file: Certificates (PEM) that the tailer's own is held against, those of the system without it.
        cert_file: A certificate (PEM) to show to the tailer.
        key_file: Its key; None when it stands in `cert_file` too.
        user_file: One line, `USER:PASSWORD`, for basic authentication.
    """

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    user_file: str | None = None


class Asker:
    """What asks, with one set of credentials; raises UsageError when a file of them cannot be used.

    Args:
        credentials: Who is trusted, and who asks.
        is_named: Whether the user named the address. Else it is this machine's, whose certificate is for another name,
            so it is verified only when a password is to be shown to it, or when there is a `ca_file` for it.
    """

    def __init__(self, credentials: Credentials, *, is_named: bool = True) -> None:
        context = _context(credentials)
        if not (is_named or credentials.ca_file or credentials.user_file):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._user = None if credentials.user_file is None else _user(credentials.user_file)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the proxies that a container is told of do not lead back into it
            urllib.request.HTTPSHandler(context=context),
            _NoRedirect(),
        )

    def get(self, url: str, timeout: float, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
        """Return the answer of an http or https URL, to be closed; raise what urllib does.

        A user and a password in the URL are for basic authentication.
        """
        parts = urllib.parse.urlsplit(url)
        user = self._user
        if user is None and parts.username is not None:
            user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
        asked = urllib.request.Request(without_user(url), headers=dict(headers or {}))  # noqa: S310 - the caller has looked at its scheme
        if user is not None:
            asked.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        answer: http.client.HTTPResponse = self._opener.open(asked, timeout=timeout)
        return answer


def without_user(url: str) -> str:
    """Return `url` as it may be shown: a user in it may have a password."""
    scheme, mark, rest = url.rpartition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def lacks_certificate(error: BaseException, url: str) -> bool:
    """Return whether a server ended a connection as one does to which no certificate was shown that it accepts.

    Some say so by an alert (RFC 8446, 6.2). asyncio, on which our own server stands, only closes: behind the handshake
    of TLS 1.3, within that of TLS 1.2.
    """
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLError) and "CERTIFICATE_REQUIRED" in str(reason.reason):
        return True
    is_closed = isinstance(reason, http.client.RemoteDisconnected | ssl.SSLEOFError | ConnectionResetError)
    return is_closed and url.startswith("https:")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nobody elsewhere: the password is for this server."""

    def redirect_request(self, *_: object) -> None:
        """Return nothing, so that the redirection is an error."""


def _context(credentials: Credentials) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=credentials.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca-file {credentials.ca_file}: {_why(error, 'no certificate in PEM is in it')}") from None
    if credentials.cert_file is None:
        if credentials.key_file is not None:
            raise UsageError(f"--key-file {credentials.key_file}: give --cert-file with it")
        return context
    try:
        context.load_cert_chain(credentials.cert_file, credentials.key_file, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        key = credentials.key_file or "in the same file"
        why = _why(error, "no certificate and key in PEM that belong together, the key without a password")
        raise UsageError(f"--cert-file {credentials.cert_file}, key {key}: {why}") from None
    return context


def _why(error: Exception, unfit: str) -> str:
    return unfit if isinstance(error, ssl.SSLError | ValueError) or not error.args else str(error.args[-1])


def _no_password() -> str:
    """Keep OpenSSL from asking for one on the terminal."""
    return ""


def _user(file: str) -> str:
    try:
        user = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--user-file {file}: {getattr(error, 'strerror', None) or 'no UTF-8'}") from None
    if ":" not in user or "\n" in user:
        raise UsageError(f"--user-file {file}: it must hold one line, USER:PASSWORD")
    return user
