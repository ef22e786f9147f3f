"""Ask a running tailer for its status: a URL comes in, a report goes out, or one line that says why there is none."""

from __future__ import annotations

import base64
import http
import http.client
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import msgspec

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
        ca_file: Certificates that its own is held against, those of the system without one.
        user_file: File with `USER:PASSWORD`.
    """

    def __init__(self, url: str | None, *, ca_file: str | None = None, user_file: str | None = None) -> None:
        parts = _parts(url)
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self.name = urllib.parse.urlsplit(self._url).netloc
        """What it is called where it is shown."""
        self._authorization = _authorization(parts, user_file)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=_context(ca_file)),
            _NoRedirect(),
        )

    def ask(self, window: int) -> Asked:
        """Return what it says now of a window in minutes; raise LogshipError when it does not."""
        request = urllib.request.Request(f"{self._url}?window={window}")  # noqa: S310 - the scheme is checked
        if self._authorization is not None:
            request.add_header("Authorization", self._authorization)
        try:
            with self._opener.open(request, timeout=_PATIENCE_SECONDS) as answer:
                body: bytes = answer.read(_MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                raise LogshipError(f"{self.name}: {_refusal(error.code)}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            raise LogshipError(
                f"{self.name} does not answer: {_said(why)}; is `logship tail` running there?"
            ) from error
        try:
            return Asked(msgspec.json.decode(body, type=Report), body.decode())
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise LogshipError(f"{self.name} answers, but not as logship of this version does") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nobody elsewhere: the password is for this server."""

    def redirect_request(self, *_: object) -> None:
        """Return nothing, so that the redirection is an error."""


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


def _authorization(parts: urllib.parse.SplitResult, user_file: str | None) -> str | None:
    if user_file is not None:
        try:
            user = Path(user_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--user-file {user_file}: {getattr(error, 'strerror', None) or 'no UTF-8'}") from None
        if ":" not in user or "\n" in user:
            raise UsageError(f"--user-file {user_file}: it must hold one line, USER:PASSWORD")
    elif parts.username is not None:
        user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
    else:
        return None
    return "Basic " + base64.b64encode(user.encode()).decode()


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        why = "no certificate in PEM is in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(f"--ca-file {ca_file}: {why}") from None


def _said(why: object) -> str:
    if isinstance(why, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({why.verify_message}); --ca-file names those that are"
    return getattr(why, "strerror", None) or str(why)


def _refusal(code: int) -> str:
    if code == http.HTTPStatus.UNAUTHORIZED:
        return "401, it wants to know who asks; give --user-file FILE with USER:PASSWORD"
    if code == http.HTTPStatus.NOT_FOUND:
        return "404, this is no logship, or one without its page (--no-ui)"
    return f"answers {code}"
