"""`logship healthcheck`: whether a running tailer answers; for containers, which need no curl then."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

import click

from logship.cli.options import option
from logship.errors import LogshipError, UsageError

_DEFAULT_URL = "http://127.0.0.1:9113/healthz"
_LONGEST_WAIT = 3600
"""Seconds; nobody waits longer for a health check, and a socket cannot wait for ever."""


@click.command(short_help="Ask a running tailer whether it is well.")
@click.argument("url", default=_DEFAULT_URL, metavar="[URL]")
@option("--timeout", type=float, default=2.0, show_default=True, metavar="SECONDS", help="Longest wait for the answer.")
def command(url: str, timeout: float) -> None:
    """Ask URL (default: the local tailer's /healthz): exit code 0 when it answers with success, else 1."""
    if not 0 < timeout <= _LONGEST_WAIT:
        raise UsageError(f"--timeout must be a number of seconds over 0 and up to {_LONGEST_WAIT}: not {timeout}")
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no http URL, such as {_DEFAULT_URL}")
    try:
        with _opener().open(url, timeout=timeout) as answer:
            click.echo(f"{url}: {answer.status}")
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise LogshipError(f"{url} does not answer with success: {getattr(error, 'reason', error)}") from error


def _opener() -> urllib.request.OpenerDirector:
    """Ask directly: the proxies that a container is told of do not lead back into it."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
