"""Read `http(s)://`: one request for all of a file, and after a lost connection one for the rest of it.

From the standard library: a file is read in one stream, and what the server says of an error is known.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, InvalidURL
from typing import NamedTuple, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from logship import __version__
from logship.errors import InputError, UsageError
from logship.read.attempts import LostError, again_and_again, why
from logship.read.urls import shown

_TIMEOUT_SECONDS = 30.0
"""For the connection, and for each wait for more of an answer."""

_SKIPPED_BYTES = 1 << 16
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class _Version(NamedTuple):
    """What would change with a file, as far as the server says it."""

    size: int | None
    tag: str | None

    def differs_from(self, other: _Version) -> bool:
        """Return whether that is of another file."""
        return any(None not in pair and pair[0] != pair[1] for pair in zip(self, other, strict=True))


def size_of(url: str) -> int | None:
    """Return the length in bytes of what is there; raise InputError.

    By a request for its first byte, as a signed URL is good for GET only.
    """
    opened = WebFile(url)
    try:
        again_and_again(lambda: opened.ask(0, 1))
    except LostError as error:
        raise InputError(f"{shown(url)} cannot be read: {error}") from error
    finally:
        opened.close()
    return opened.size


class WebFile:
    """A file of a web server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._address, self._user = _address_of(url)
        self._response: HTTPResponse | None = None
        self._at = 0
        self._version: _Version | None = None

    @property
    def size(self) -> int | None:
        """Its length in bytes, None until the server says it."""
        return None if self._version is None else self._version.size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on; raise LostError or InputError."""
        if self._response is None or self._at != offset:
            self.ask(offset)
        try:
            block = self._take(length)
        except (OSError, HTTPException) as error:
            self.close()
            raise LostError(why(error)) from error
        self._at += len(block)
        return block

    def ask(self, offset: int, length: int | None = None) -> None:
        """Ask for the bytes from `offset` on, `length` of them or all; raise LostError or InputError."""
        self.close()
        end = "" if length is None else offset + length - 1
        headers = {"Accept-Encoding": "identity", "User-Agent": f"logship/{__version__}"}
        if offset or length is not None:
            headers["Range"] = f"bytes={offset}-{end}"
        try:
            response = self._answer(headers)
        except HTTPError as error:
            with error:
                self._refuse(error, offset)
        except (URLError, OSError, HTTPException) as error:
            self._give_up(error)
        else:
            self._go_to(offset, response)
        self._at = offset

    def close(self) -> None:
        """Let go of the connection."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _take(self, length: int) -> bytes:
        return b"" if self._response is None else self._response.read(length)

    def _answer(self, headers: Mapping[str, str]) -> HTTPResponse:
        request = Request(self._address, headers=dict(headers))  # noqa: S310 - the caller has seen that it is http
        if self._user is not None:
            request.add_unredirected_header("Authorization", self._user)  # not for a server that this one names
        answer: HTTPResponse = urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
        return answer

    def _go_to(self, offset: int, response: HTTPResponse) -> None:
        try:
            self._check(response, offset)
        except BaseException:  # also Ctrl-C: what stands elsewhere must never be read as if it stood at `offset`
            response.close()
            raise
        self._response = response

    def _check(self, response: HTTPResponse, offset: int) -> None:
        """Go to `offset` in what the server sends; raise InputError if that is another file by now."""
        is_part = response.status == HTTPStatus.PARTIAL_CONTENT
        begins, size = _range_of(response) if is_part else (0, _number(response.headers["Content-Length"]))
        version = _Version(size, response.headers["ETag"] or response.headers["Last-Modified"])
        if self._version is None:
            if begins != offset:
                raise InputError(f"{shown(self._url)} cannot be read from the middle: the server sends no ranges")
            self._version = version
        elif self._version.differs_from(version):
            raise InputError(f"{shown(self._url)} was changed while it was read; everything before that was counted")
        if begins != offset:
            self._skip(response, offset - begins)

    def _skip(self, response: HTTPResponse, left: int) -> None:
        """Read what has been read before, from a server that always begins at the beginning."""
        if left < 0 or self._version is None or self._version.tag is None:
            raise LostError("the server cannot go on in the middle of a file")
        try:
            while left and (block := response.read(min(left, _SKIPPED_BYTES))):
                left -= len(block)
        except (OSError, HTTPException) as error:
            raise LostError(why(error)) from error
        if left:
            raise LostError("the connection was closed")

    def _refuse(self, error: HTTPError, offset: int) -> None:
        url, status = shown(self._url), f"{error.code} {error.reason}"
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and not offset:
            self._version = _Version(0, None)  # an empty file has no first byte
            return
        if error.code in _GONE:
            raise InputError(f"{url} is not there ({status})") from error
        if error.code in _REFUSED:
            raise InputError(
                f"{url} may not be read ({status}): the URL must carry a valid signature, or user:password@"
            ) from error
        if error.code in _BUSY or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise LostError(status) from error
        raise InputError(f"{url} cannot be read: {status}") from error

    def _give_up(self, error: Exception) -> NoReturn:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, InvalidURL | ssl.SSLCertVerificationError) or _is_unknown_host(reason):
            raise InputError(f"{shown(self._url)} cannot be read: {why(reason)}") from error
        raise LostError(why(reason)) from error


def _address_of(url: str) -> tuple[str, str | None]:
    """Return where to ask, without user and password, and what says those; raise UsageError for what is no address."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise UsageError(f"{shown(url)} is no URL such as https://example.org/logs/combined.log.gz")
    user, at, host = parts.netloc.rpartition("@")
    address = quote(urlunsplit(parts._replace(netloc=host, fragment="")), safe=_URL_SAFE)
    return address, f"Basic {base64.b64encode(unquote(user).encode()).decode()}" if at else None


def _range_of(response: HTTPResponse) -> tuple[int, int | None]:
    """Return where a part begins, and how long the whole is."""
    part = _RANGE.fullmatch(response.headers["Content-Range"] or "")
    if part is None or part[1] is None:
        raise LostError("the server does not say which part it sends")
    return int(part[1]), _number(part[2])


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _is_unknown_host(reason: object) -> bool:
    return isinstance(reason, socket.gaierror) and reason.errno != socket.EAI_AGAIN
