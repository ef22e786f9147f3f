"""`logship replay`: the numbers of archived logs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import configured, measuring, option

if TYPE_CHECKING:
    from logship.config import Config

OUTPUTS = ("table", "json", "prom")
SORTS = ("worst", "errors", "requests", "route")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@measuring
@option("--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="What to print.")
@option(
    "--sort",
    type=click.Choice(SORTS),
    default="worst",
    show_default=True,
    help="Order of the table; worst is slowest first (by the bucket of p99), equally slow ones most failing first.",
)
@option("--with-error-logs", is_flag=True, help="Read error*.log although combined*.log beside it has its lines.")
def command(paths: tuple[str, ...], output: str, sort: str, with_error_logs: bool, **options: Any) -> int:  # noqa: FBT001
    """Count archived logs and print the numbers.

    PATH is a file, a glob, a directory or - for standard input; plain, .gz, .zst, .bz2 or .xz. What can be read of a
    damaged archive is counted, the rest is reported, and the exit code is 1.
    """
    from logship.replay import plan, progress, replay

    config = configured(**options)
    planned = plan(paths, with_error_logs=with_error_logs)
    if planned.repeats:
        _talk(
            f"left out {', '.join(planned.repeats)}: combined*.log beside it has the same lines "
            "(--with-error-logs reads it all the same)"
        )
    wanted = replace(config, measure=replace(config.measure, quantiles=output != "prom"))
    with progress(planned.total_bytes, sys.stderr) as advance:
        result = replay(planned, wanted, advance)
    _print(result, output, sort, config)
    for line in result.damage:
        _talk(line)
    return 1 if result.damage else 0


def _print(result: Any, output: str, sort: str, config: Config) -> None:
    from logship.expose import exposition
    from logship.replay import as_json, print_table

    if output == "table":
        print_table(result, sort, sys.stdout)
    elif output == "prom":
        click.echo(exposition(result.tally, config.measure.buckets).encode(), nl=False)
    else:
        import orjson

        click.echo(orjson.dumps(as_json(result, config.measure.buckets), option=orjson.OPT_INDENT_2))


def _talk(message: str) -> None:
    click.echo(f"logship: {message}", err=True)
