"""Ask a running tailer for its status: a URL comes in, a report goes out, or one line that says why there is none."""

from __future__ import annotations

import http
import http.client
import os
import ssl
import urllib.error
import urllib.parse
from dataclasses import dataclass

import msgspec

from logship.client import Asker, Credentials, lacks_certificate
from logship.errors import LogshipError, UsageError
from logship.expose.status import STATUS_PATH, Report

DEFAULT_LISTEN = "127.0.0.1:9113"

_PATIENCE_SECONDS = 5.0
_MOST_BYTES = 8 << 20
"""A report has some 100 kB."""

_ALL_ADDRESSES = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer: the report, and the JSON that it came as."""

    report: Report
    text: str


class Tailer:
    """A tailer somewhere.

    Args:
        url: Where; None asks the one of this machine. A user and a password in it are for basic authentication.
        credentials: Who is trusted, and who asks.
    """

    def __init__(self, url: str | None, credentials: Credentials) -> None:
        parts = _parts(url)
        self._url = parts.geturl()
        self.name = parts.netloc.rpartition("@")[2]
        """What it is called where it is shown."""
        self._asker = Asker(credentials)

    def ask(self, window: int) -> Asked:
        """Return what it says now of a window in minutes; raise LogshipError when it does not."""
        try:
            with self._asker.get(f"{self._url}?window={window}", _PATIENCE_SECONDS) as answer:
                body = answer.read(_MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                raise LogshipError(f"{self.name}: {_refusal(error.code)}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            raise LogshipError(f"{self.name} does not answer: {self._said(error)}") from error
        try:
            return Asked(msgspec.json.decode(body, type=Report), body.decode())
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise LogshipError(f"{self.name} answers, but not as logship of this version does") from None

    def _said(self, error: Exception) -> str:
        why = getattr(error, "reason", error)
        if lacks_certificate(error, self._url):
            return "it closes, as it does without a certificate that it accepts; --cert-file and --key-file show one"
        if isinstance(why, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({why.verify_message}); --ca-file names those that are"
        if isinstance(why, http.client.RemoteDisconnected | ConnectionResetError):
            return "it closes without an answer; if it wants TLS, give its URL with https://"
        return f"{getattr(why, 'strerror', None) or why}; is `logship tail` running there?"


def _parts(url: str | None) -> urllib.parse.SplitResult:
    if url is None:
        host, _, port = (os.environ.get("LOGSHIP_LISTEN") or DEFAULT_LISTEN).rpartition(":")
        url = f"http://{_ALL_ADDRESSES.get(host, host)}:{port}"
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets that do not close, a port that is no number
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url.rpartition('@')[2]!r} is no http URL, such as http://{DEFAULT_LISTEN}")
    path = parts.path.removesuffix(STATUS_PATH).rstrip("/") + STATUS_PATH
    return parts._replace(path=path, query="", fragment="")


def _refusal(code: int) -> str:
    if code == http.HTTPStatus.UNAUTHORIZED:
        return "401, it wants to know who asks; give --user-file FILE with USER:PASSWORD"
    if code == http.HTTPStatus.NOT_FOUND:
        return "404, this is no logship, or one without its page (--no-ui)"
    return f"answers {code}"
