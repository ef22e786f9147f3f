"""`logship state`: look into a state file, verify it, save what a damaged one still holds, begin anew."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from logship.errors import LogshipError, UsageError

if TYPE_CHECKING:
    from logship.checkpoint import Contents, Place

_ASK = "Move {} aside? The next tailer counts the logs from their beginning: Prometheus takes that for new requests"


@click.group(
    short_help="Look into a state file, verify, salvage or reset it.",
    no_args_is_help=False,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",  # releases of click disagree
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look into a state file, verify it, save what a damaged one still holds, begin anew."""
    if ctx.invoked_subcommand is None:
        raise UsageError("no command given; logship state --help lists them: show, verify, salvage, reset")


@command.command("show")
@click.argument("file", type=click.Path(), metavar="FILE")
@click.option("--json", is_flag=True, help="Print it as JSON.")
def show_state(file: str, json: bool) -> None:  # noqa: FBT001
    """Print what FILE holds: its age, who holds it, series, requests, and how far each log was counted."""
    from logship.checkpoint import show

    shown = _shown(file, show(file))
    if json:
        import orjson

        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
        return
    held = f"held by process {shown['held_by']}" if shown["held_by"] else "held by no tailer"
    click.echo(f"{shown['requests']} requests in {shown['series']} series")
    click.echo(f"saved {shown['age_seconds']:.0f} s ago, {held}, schema {shown['schema']}, {shown['bytes']} bytes")
    click.echo(f"{shown['own_series']} series of metrics of your own, {shown['ended']} files that ended are remembered")
    click.echo(f"{'BEHIND':>12}  {'OFFSET':>14}  PATH")
    for each in shown["positions"]:
        behind = "elsewhere" if each["behind_bytes"] is None else each["behind_bytes"]
        click.echo(f"{behind:>12}  {each['offset']:>14}  {each['path']}")


def _shown(file: str, contents: Contents) -> dict[str, Any]:
    """Return the contents of a state file as JSON-ready values."""
    from logship.checkpoint import files_of
    from logship.doctor import Processes

    status = [os.stat(each) for each in sorted(files_of(file)) if not each.endswith(".lock") and os.path.exists(each)]  # noqa: PTH110, PTH116
    return {
        "file": file,
        "schema": contents.schema,
        "bytes": sum(each.st_size for each in status),
        "age_seconds": round(max(0.0, time.time() - max(each.st_mtime for each in status)), 3),
        "held_by": Processes().lock_holder(f"{os.path.realpath(file)}.lock"),
        "requests": contents.requests,
        "series": contents.series,
        "own_series": contents.own,
        "ended": contents.ended,
        "positions": [
            {"path": _printable(place.path), "offset": place.offset, "behind_bytes": _behind(place)}
            for place in contents.positions
        ],
    }


def _behind(place: Place) -> int | None:
    """Return how far a file has grown beyond what was counted; None when another file, or none, stands there now."""
    try:
        status = os.stat(place.path)  # noqa: PTH116 - a name that need not be UTF-8
    except OSError:
        return None
    is_same = (status.st_dev, status.st_ino) == place.key and status.st_size >= place.offset
    return status.st_size - place.offset if is_same else None


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "replace").decode() for each in text)


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
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset_state(file: str, yes: bool) -> None:  # noqa: FBT001
    """Move FILE aside, so that the next tailer counts from the beginning of the logs.

    On a terminal it asks first. It refuses while a tailer holds the file.
    """
    from logship.checkpoint import move_aside

    is_asked = not yes and os.path.exists(file) and sys.stdin is not None and sys.stdin.isatty()  # noqa: PTH110
    if is_asked and not click.confirm(_ASK.format(file), err=True):
        raise LogshipError(f"{file} stays as it is")
    click.echo(f"{file} is now {move_aside(file, time.strftime('%Y%m%dT%H%M%S'))}")
