"""`logship healthcheck`: whether a running tailer is well; for containers, which need no curl then."""

from __future__ import annotations

import click

from logship.cli.options import option

_LONGEST_WAIT = 3600
"""Seconds; nobody waits longer for a health check, and a socket cannot wait for ever."""


@click.command(short_help="Ask a running tailer whether it is well.")
@click.argument("url", required=False, metavar="[URL]")
@option("--timeout", type=float, default=2.0, show_default=True, metavar="SECONDS", help="Longest wait for the answer.")
@option(
    "web_config_file",
    "--web.config.file",
    type=click.Path(),
    metavar="FILE",
    help="The web configuration file of the tailer of this machine.",
)
def command(url: str | None, timeout: float, web_config_file: str | None) -> None:
    """Ask URL whether the tailer there is well: exit code 0 when it answers with success, else 1 and why.

    Without a URL the tailer of this machine is asked, at the port that LOGSHIP_LISTEN says or 9113; without a path
    /healthz. /readyz also tells what is missing: files, a state that can be saved. The tailer of this machine is asked
    by TLS when its web configuration says so, and is well when it asks for a password.
    """
    from logship.cli.probing import probe
    from logship.errors import UsageError

    if not 0 < timeout <= _LONGEST_WAIT:
        raise UsageError(f"--timeout must be a number of seconds over 0 and up to {_LONGEST_WAIT}: not {timeout}")
    click.echo(probe(url, timeout, web_config_file=web_config_file))
