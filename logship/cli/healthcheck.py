"""`logship healthcheck`: whether a running tailer is well; for containers, which need no curl then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from logship.cli.options import as_client, option, web_config_option

if TYPE_CHECKING:
    from logship.client import Credentials

_LONGEST_WAIT = 3600
"""Seconds; nobody waits longer for a health check, and a socket cannot wait for ever."""


@click.command(short_help="Ask a running tailer whether it is well.")
@click.argument("url", required=False, metavar="[URL]")
@option("--timeout", type=float, default=2.0, show_default=True, metavar="SECONDS", help="Longest wait for the answer.")
@web_config_option("The web configuration file of the tailer of this machine.")
@as_client
def command(*, url: str | None, timeout: float, web_config_file: str | None, credentials: Credentials) -> None:
    """Ask URL whether the tailer there is well: exit code 0 when it answers with success, else 1 and why.

    Without a URL the tailer of this machine is asked, at the port that LOGSHIP_LISTEN says or 9113; without a path
    /healthz. /readyz also tells what is missing: files, a state that can be saved. The tailer of this machine is asked
    by TLS when its web configuration says so. When it asks for a password or a certificate it lives, and that is all
    that is known; with --user-file, or --cert-file and --key-file, it is really asked.
    """
    from logship.cli.probing import probe
    from logship.errors import UsageError

    if not 0 < timeout <= _LONGEST_WAIT:
        raise UsageError(f"--timeout must be a number of seconds over 0 and up to {_LONGEST_WAIT}: not {timeout}")
    click.echo(probe(url, timeout, web_config_file=web_config_file, credentials=credentials))
