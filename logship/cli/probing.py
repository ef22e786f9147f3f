"""Ask a running tailer, or anything that speaks HTTP, whether it is well.

Apart from the command, as what speaks HTTP takes longer to import than all that `logship --help` needs.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.parse
from typing import TYPE_CHECKING

from logship.client import Asker, Credentials, lacks_certificate, without_user
from logship.errors import LogshipError, UsageError

if TYPE_CHECKING:
    from logship.doctor import Demands

_DEFAULT_LISTEN = "127.0.0.1:9113"
_DEFAULT_PATH = "/healthz"
_MOST_BYTES = 1024
"""Of the reasons in an answer: they go into one line."""

_ALL_ADDRESSES = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared, not bound


def probe(
    url: str | None, timeout: float, *, web_config_file: str | None = None, credentials: Credentials | None = None
) -> str:
    """Return what to say when it answers with success within so many seconds; raise LogshipError when it does not.

    The tailer of this machine is asked as its web configuration says, and who is asked there for a password or a
    certificate knows that it lives.
    """
    asked = _address(url or _local(os.environ.get("LOGSHIP_LISTEN") or _DEFAULT_LISTEN, web_config_file))
    shown = without_user(asked)
    shows = credentials or Credentials()
    asker = Asker(shows, is_named=url is not None)
    try:
        with asker.get(asked, timeout) as answer:
            return f"{shown}: {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            if url is None and shows.user_file is None and error.code == http.client.UNAUTHORIZED:
                return f"{shown}: {error.code}, it asks who wants to know"
            raise LogshipError(f"{shown} does not answer with success: {error.code}, {_reasons(error)}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        is_closed = lacks_certificate(error, asked)
        is_stranger = url is None and shows.cert_file is None and web_config_file is not None
        if is_closed and is_stranger and _demands(web_config_file).is_certificate_wanted:
            return f"{shown}: it asks for a certificate"
        remedy = "; does it want a certificate? --cert-file and --key-file show one" if is_closed else ""
        why = getattr(error, "reason", error)
        raise LogshipError(f"{shown} does not answer with success: {why}{remedy}") from error


def _local(listen: str, web_config_file: str | None) -> str:
    """Return the URL at which a tailer that listens there is reached on this machine."""
    host, _, port = listen.rpartition(":")
    scheme = "https" if web_config_file is not None and _demands(web_config_file).is_encrypted else "http"
    return f"{scheme}://{_ALL_ADDRESSES.get(host, host)}:{port}"


def _demands(web_config_file: str | None) -> Demands:
    from logship.doctor import demands

    return demands(web_config_file)


def _address(url: str) -> str:
    """Return `url` with a path; raise UsageError when it is none."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:  # brackets that do not close
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"{without_user(url)!r} is no http URL, such as http://{_DEFAULT_LISTEN}{_DEFAULT_PATH}")
    return url if parts.path not in ("", "/") else parts._replace(path=_DEFAULT_PATH).geturl()


def _reasons(error: urllib.error.HTTPError) -> str:
    try:
        lines = error.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except (http.client.HTTPException, OSError):  # the rest of the answer never came
        lines = []
    return "; ".join(filter(None, map(str.strip, lines))) or str(error.reason)
