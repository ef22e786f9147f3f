"""`logship state`: look into a state file, verify it, save what a damaged one still holds, begin anew."""

from __future__ import annotations

import time

import click

from logship.errors import LogshipError, UsageError


@click.group(
    short_help="Look into a state file, verify, salvage or reset it.",
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look into a state file, verify it, save what a damaged one still holds, begin anew."""
    if ctx.invoked_subcommand is None:
        raise UsageError("no command given; logship state --help lists them: show, verify, salvage, reset")


@command.command("show")
@click.argument("file", type=click.Path(), metavar="FILE")
def show_state(file: str) -> None:
    """Print what FILE holds: series, requests, and how far each log was counted."""
    from logship.checkpoint import show

    contents = show(file)
    click.echo(f"{contents.requests} requests in {contents.series} series")
    for path, offset in contents.positions:
        click.echo(f"{offset:>14}  {path}")


@command.command("verify")
@click.argument("file", type=click.Path(), metavar="FILE")
def verify_state(file: str) -> None:
    """Check FILE: exit code 0 when it is whole, else 1 and what is wrong."""
    from logship.checkpoint import verify

    wrong = verify(file)
    if wrong:
        raise LogshipError(f"state file {file} is damaged: {wrong[0]} ({len(wrong)} findings); logship state salvage")
    click.echo(f"{file}: good")


@command.command("salvage")
@click.argument("file", type=click.Path(), metavar="FILE")
@click.option(
    "--to", "target", required=True, type=click.Path(), metavar="NEW", help="Name of the state file to write."
)
def salvage_state(file: str, target: str) -> int:
    """Copy what can be read of FILE into NEW: exit code 0 when that is everything, else 1."""
    from logship.checkpoint import salvage

    saved = salvage(file, target)
    for table, rows in saved.rows.items():
        click.echo(f"{table:12} {rows:>8} rows{'  and some that cannot be read' if table in saved.damaged else ''}")
    return 1 if saved.damaged else 0


@command.command("reset")
@click.argument("file", type=click.Path(), metavar="FILE")
def reset_state(file: str) -> None:
    """Move FILE aside, so that the next tailer counts from the beginning of the logs."""
    from logship.checkpoint import move_aside

    click.echo(f"{file} is now {move_aside(file, time.strftime('%Y%m%dT%H%M%S'))}")
