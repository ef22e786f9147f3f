"""`logship top`: what a running tailer counts, live in a terminal, or once."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from logship.cli.options import as_client, option
from logship.errors import UsageError

if TYPE_CHECKING:
    from logship.cli.asking import Asked
    from logship.client import Credentials

_ORDERS = ("rate", "errors", "p99", "p50", "p95", "total", "route")
_WINDOWS = ("1", "5", "15")


@click.command(short_help="Show what a running tailer counts, live.")
@click.argument("url", required=False, metavar="[URL]")
@option("--sort", type=click.Choice(_ORDERS), default="rate", show_default=True, help="What comes first.")
@option(
    "--window", type=click.Choice(_WINDOWS), default="5", show_default=True, help="Minutes that rates are taken over."
)
@option("--interval", type=float, default=2.0, show_default=True, metavar="SECONDS", help="Time between two looks.")
@option("--once", is_flag=True, help="Print once and exit; also done when the output is no terminal.")
@option("as_json", "--json", is_flag=True, help="With --once: print what the tailer says as JSON.")
@as_client
def command(
    *,
    url: str | None,
    sort: str,
    window: str,
    interval: float,
    once: bool,
    as_json: bool,
    credentials: Credentials,
) -> None:
    """Show the routes that a running tailer counts: rate, errors, latency, and how far behind it is.

    Without a URL the tailer of this machine is asked, at the port that LOGSHIP_LISTEN says or 9113.
    In a terminal r, e, p, t and n sort by rate, errors, p99, total and name, w goes on to the next window, q quits.
    """
    from logship.cli.asking import Tailer

    if not 0.2 <= interval <= 3600:  # noqa: PLR2004 - said in the message
        raise UsageError(f"--interval must be a number of seconds from 0.2 to 3600: not {interval:g}")
    is_once = once or not sys.stdout.isatty()
    if as_json and not is_once:
        raise UsageError("--json prints one document: give --once with it")
    tailer = Tailer(url, credentials)
    if as_json:
        click.echo(tailer.ask(int(window)).text)
    elif is_once:
        _print(tailer.ask(int(window)), sort)
    else:
        from logship.cli.top_screen import Screen

        signal.signal(signal.SIGTERM, _leave)
        Screen(tailer, order=sort, window=int(window), interval_seconds=interval).run()


def _leave(number: int, _frame: object) -> None:
    """End at a signal by way of what gives the terminal back as it was."""
    raise SystemExit(128 + number)


def _print(asked: Asked, order: str) -> None:
    """Print a report as it is, in colour and as wide as the terminal, or without an end where there is none."""
    from rich.console import Console

    from logship.cli.top_table import shown

    width = None if sys.stdout.isatty() else 120
    console = Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)
    console.print(shown(asked.report, order, width=console.width))
