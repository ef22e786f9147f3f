"""`logship state`: look into a state file, verify it, save what a damaged one still holds, begin anew."""

from __future__ import annotations

import time

import click

from logship.errors import LogshipError


@click.group(short_help="Look into a state file, verify, salvage or reset it.")
def command() -> None:
    """Look into a state file, verify it, save what a damaged one still holds, begin anew."""


@command.command("show")
@click.argument("file")
def show_state(file: str) -> None:
    """Print what FILE holds: series, requests, and how far each log was counted."""
    from logship.checkpoint import show

    contents = show(file)
    click.echo(f"{contents.requests} requests in {contents.series} series")
    for path, offset in contents.positions:
        click.echo(f"{offset:>14}  {path}")


@command.command("verify")
@click.argument("file")
def verify_state(file: str) -> None:
    """Check FILE: exit code 0 when it is whole, else 1 and what is wrong."""
    from logship.checkpoint import verify

    wrong = verify(file)
    if wrong:
        raise LogshipError(f"state file {file} is damaged: {wrong[0]} ({len(wrong)} findings); logship state salvage")
    click.echo(f"{file}: good")


@command.command("salvage")
@click.argument("file")
@click.option("--to", "target", required=True, metavar="NEW", help="Name of the state file to write.")
def salvage_state(file: str, target: str) -> int:
    """Copy what can be read of FILE into NEW: exit code 0 when that is everything, else 1."""
    from logship.checkpoint import salvage

    saved = salvage(file, target)
    for table, rows in saved.rows.items():
        click.echo(f"{table:12} {rows:>8} rows{'  and some that cannot be read' if table in saved.damaged else ''}")
    return 1 if saved.damaged else 0


@command.command("reset")
@click.argument("file")
def reset_state(file: str) -> None:
    """Move FILE aside, so that the next tailer counts from the beginning of the logs."""
    from logship.checkpoint import move_aside

    click.echo(f"{file} is now {move_aside(file, time.strftime('%Y%m%dT%H%M%S'))}")
