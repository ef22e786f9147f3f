"""`logship explain`: what each line became, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import configured, measuring, option

if TYPE_CHECKING:
    from logship.config import Config

OUTCOMES = ("request", "not_request", "dropped", "rejected")
_SHOWN = 20


@click.command(short_help="Say what each line became, and why.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@measuring
@option("--only", type=click.Choice(OUTCOMES), help="Show only the lines that became this.")
@option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Show so many lines; the summary is of all. [default: {_SHOWN} as text, all as JSON]",
)
@option("--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="What to print.")
@option("--show-lines", is_flag=True, help="Show the lines themselves, with whatever secrets are in them.")
def command(
    paths: tuple[str, ...],
    only: str | None,
    limit: int | None,
    output: str,
    show_lines: bool,  # noqa: FBT001
    **options: Any,
) -> int:
    """Say what each line became, and why: format, fields, route, what it counts as, why it was rejected.

    PATH is a file, a glob, a directory, a URL or - for standard input; plain, .gz, .zst, .bz2 or .xz. Lines are counted
    by what counts them for `tail` and `replay`, so the sums are theirs. The values of query parameters are masked.
    """
    from logship.explain import Lines
    from logship.pipeline import Outcome
    from logship.replay import plan

    config = configured(**options)
    chosen = Outcome(only) if only is not None else None
    lines = Lines(plan(paths, with_error_logs=True).paths, config, chosen)
    left = limit if limit is not None else _SHOWN if output == "text" else None
    for line in lines:
        lines.is_enough = left is not None and left <= 0
        if lines.is_enough or chosen not in (None, line.explained.outcome):
            continue
        _show(line, config, output, raw=show_lines)
        left = None if left is None else left - 1
        lines.is_enough = left is not None and left <= 0
    _sum_up(lines, output)
    for damage in lines.damage:
        click.echo(f"logship: {damage}", err=True)
    return 1 if lines.damage else 0


def _show(line: Any, config: Config, output: str, *, raw: bool) -> None:
    from logship.explain import as_json, as_text

    buckets, metrics = config.measure.buckets, config.own.metrics
    if output == "json":
        _echo_json(as_json(line, buckets, metrics, raw=raw))
    else:
        click.echo("\n".join(as_text(line, buckets, metrics, raw=raw)))


def _sum_up(lines: Any, output: str) -> None:
    from logship.explain import summary_json, summary_text

    sums = lines.explainer.total, lines.explainer.formats
    if output == "json":
        _echo_json(summary_json(*sums))
    else:
        click.echo("\n".join(summary_text(*sums)))


def _echo_json(value: dict[str, Any]) -> None:
    import orjson

    click.echo(orjson.dumps(value))
