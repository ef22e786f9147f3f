"""`logship healthcheck`: whether a running tailer is well; for containers, which need no curl then."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.parse
import urllib.request

import click

from logship.cli.options import option
from logship.errors import LogshipError, UsageError

_DEFAULT_LISTEN = "127.0.0.1:9113"
_DEFAULT_PATH = "/healthz"
_LONGEST_WAIT = 3600
"""Seconds; nobody waits longer for a health check, and a socket cannot wait for ever."""

_MOST_BYTES = 1024
"""Of the reasons in an answer: they go into one line."""

_ALL_ADDRESSES = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared, not bound


@click.command(short_help="Ask a running tailer whether it is well.")
@click.argument("url", required=False, metavar="[URL]")
@option("--timeout", type=float, default=2.0, show_default=True, metavar="SECONDS", help="Longest wait for the answer.")
def command(url: str | None, timeout: float) -> None:
    """Ask URL whether the tailer there is well: exit code 0 when it answers with success, else 1 and why.

    Without a URL the tailer of this machine is asked, at the port that LOGSHIP_LISTEN says or 9113; without a path
    /healthz. /readyz also tells what is missing: files, a state that can be saved.
    """
    if not 0 < timeout <= _LONGEST_WAIT:
        raise UsageError(f"--timeout must be a number of seconds over 0 and up to {_LONGEST_WAIT}: not {timeout}")
    asked = _address(url or _local(os.environ.get("LOGSHIP_LISTEN") or _DEFAULT_LISTEN))
    shown = _without_user(asked)
    try:
        with _opener().open(asked, timeout=timeout) as answer:
            click.echo(f"{shown}: {answer.status}")
    except urllib.error.HTTPError as error:
        with error:
            raise LogshipError(f"{shown} does not answer with success: {error.code}, {_reasons(error)}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise LogshipError(f"{shown} does not answer with success: {getattr(error, 'reason', error)}") from error


def _local(listen: str) -> str:
    """Return the URL at which a tailer that listens there is reached on this machine."""
    host, _, port = listen.rpartition(":")
    return f"http://{_ALL_ADDRESSES.get(host, host)}:{port}"


def _address(url: str) -> str:
    """Return `url` with a path; raise UsageError when it is none."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:  # brackets that do not close
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"{_without_user(url)!r} is no http URL, such as http://{_DEFAULT_LISTEN}{_DEFAULT_PATH}")
    return url if parts.path not in ("", "/") else parts._replace(path=_DEFAULT_PATH).geturl()


def _without_user(url: str) -> str:
    """Return `url` as it may be shown: a user in it may have a password."""
    scheme, mark, rest = url.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _reasons(error: urllib.error.HTTPError) -> str:
    try:
        lines = error.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except (http.client.HTTPException, OSError):  # the rest of the answer never came
        lines = []
    return "; ".join(filter(None, map(str.strip, lines))) or str(error.reason)


def _opener() -> urllib.request.OpenerDirector:
    """Ask directly: the proxies that a container is told of do not lead back into it."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
