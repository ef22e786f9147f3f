"""`logship replay`: the numbers of archived logs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from logship.cli.backfill import check_options, write_days, writing_days
from logship.cli.options import configured, measuring, option
from logship.cli.report import HtmlReport
from logship.cli.several import Several
from logship.errors import UsageError

if TYPE_CHECKING:
    from logship.config import Config
    from logship.pipeline import Window
    from logship.replay import Choice, Gate, Plan, Result

OUTPUTS = ("table", "json", "csv", "prom", "openmetrics", "html")
COLUMNS = ("method", "route", "requests", "rate", "errors", "error_share", "p50", "p90", "p95", "p99", "max", "sum")
SORTS = ("worst", *COLUMNS)
_INTERRUPTED = 130
_NAMED = 5
_BY_ONE = ("openmetrics", "html")
"""Outputs whose numbers are by time: one process counts them."""


def _is_condition(text: str) -> bool:
    from logship.replay import is_condition

    return is_condition(text)


_SEVERAL: dict[str, Callable[[str], bool]] = {"--against": lambda _value: True, "--where": _is_condition}
"""Options that take what follows them, as a shell leaves it of a glob, and which of that."""


@click.command(cls=Several, several=_SEVERAL)
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@measuring
@writing_days
@option("--since", metavar="TIME", help="Count lines from then on: RFC 3339, a date, or -2h (s, m, h, d, w) ago.")
@option("--until", metavar="TIME", help="Count lines before that.")
@option(
    "--where", multiple=True, metavar="CONDITION...", help="Show requests like that only: status=5xx, route=/api/x."
)
@option("--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="What to print.")
@option(
    "--sort",
    type=click.Choice(SORTS),
    default="worst",
    show_default=True,
    help="Order of the rows, highest first; worst is slowest first (by the bucket of p99), equally slow ones most "
    "failing first, and so is errors.",
)
@option("--top", type=click.IntRange(min=1), metavar="N", help="Show the first N rows only.")
@option("--against", multiple=True, type=click.Path(), metavar="PATH...", help="Compare with these logs.")
@option("--against-since", metavar="TIME", help="As --since, for those.")
@option("--against-until", metavar="TIME", help="As --until, for those.")
@option(
    "--fail-if", multiple=True, metavar="EXPR", help="Exit with 1 if a route is like that: 'p99 > 500ms'. Repeatable."
)
@option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that count, with the same result. openmetrics and html take one. [default: one for each core]",
)
@option("--cluster", metavar="URL", help="Count on a Dask cluster: tcp://scheduler:8786. Needs the extra `cluster`.")
@option("--progress", type=click.Choice(("auto", "json")), default="auto", show_default=True, help="How to show it.")
@option("--with-error-logs", is_flag=True, help="Read error*.log although combined*.log beside it has its lines.")
@option("--allow-duplicates", is_flag=True, help="Count files of the same content each for itself.")
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Count archived logs and print the numbers.

    PATH is a file, a glob, a directory, a URL (s3://bucket/*.gz, https://…) or - for standard input; plain, .gz, .zst,
    .bz2 or .xz. What can be read of a damaged archive is counted, the rest is reported, and the exit code is 1.
    """
    from logship.replay import Choice, condition, gate

    config = configured(**options)
    choice = Choice(options["sort"], options["top"], tuple(map(condition, options["where"])))
    gates = [gate(each) for each in options["fail_if"]]
    _check(gates, options)
    check_options(options)
    windows = [_window(options, prefix) for prefix in ("", "against_")]
    reader = _Reader(
        replace(config, measure=replace(config.measure, quantiles=options["output"] != "prom" or bool(gates))), options
    )
    report = HtmlReport(config, choice, options) if options["output"] == "html" else None
    planned = reader.planned(paths, windows[0])
    if options["output"] == "openmetrics":
        return write_days(planned, config, options, windows[0])
    others = reader.planned(options["against"], windows[1]) if options["against"] else None
    result, before = (report or reader).read(planned, windows[0]), None
    if others is not None and not result.is_interrupted:
        before = reader.read(others, windows[1], known=result)
    if report is not None:
        report.write(before)
    else:
        _print(result, before, choice, config, options["output"])
    return _verdict(result, before, gates, choice)


def _check(gates: Sequence[Gate], options: dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together."""
    if options["cluster"] and options["jobs"]:
        raise UsageError("--jobs is for processes here: it does not go with --cluster")
    if options["cluster"] and options["output"] in _BY_ONE:
        raise UsageError(f"--output {options['output']} is made by one process: it does not go with --cluster")
    if options["output"] == "prom" and (options["where"] or options["against"]):
        raise UsageError("--output prom shows everything: it goes with neither --where nor --against")
    if any(each.is_relative for each in gates) and not options["against"]:
        raise UsageError("--fail-if with a limit in x needs --against: it is a multiple of what was there before")
    if (options["against_since"] or options["against_until"]) and not options["against"]:
        raise UsageError("--against-since and --against-until need --against")


def _window(options: dict[str, Any], prefix: str) -> Window | None:
    from logship.pipeline import Window
    from logship.replay import moment

    now = time.time()
    bounds = {}
    for end in ("since", "until"):
        typed = options[prefix + end]
        if typed is not None:
            bounds[end] = moment(typed, f"--{prefix}{end}".replace("_", "-"), now)
    window = Window(**bounds)
    if window.since >= window.until:
        flags = [f"--{prefix}{end}".replace("_", "-") for end in bounds]
        raise UsageError(f"{flags[0]} must be before {flags[1]}: {options[prefix + 'since']} is not")
    return window if bounds else None


class _Reader:
    """Read logs as the options say."""

    def __init__(self, config: Config, options: dict[str, Any]) -> None:
        self._config = config
        self._options = options

    def read(self, planned: Plan, window: Window | None, known: Result | None = None) -> Result:
        """Count what is planned; the routes of what is `known` are known."""
        from logship.replay import interruptible, progress
        from logship.replay.parallel import replay_divided

        told = progress(planned.total_bytes, sys.stderr, self._options["progress"])
        with told as meter, interruptible() as interrupt:
            return replay_divided(
                planned,
                self._config,
                meter.advance,
                jobs=self._options["jobs"],
                cluster=self._options["cluster"],
                begin=meter.begin,
                window=window,
                known=known.tally if known is not None else None,
                interrupt=interrupt,
            )

    def planned(self, paths: Sequence[str], window: Window | None) -> Plan:
        """Return what is read of what `paths` mean, and say what is not."""
        from logship.replay import plan, survey

        planned = plan(paths, with_error_logs=self._options["with_error_logs"])
        planned = survey(planned, self._config, window, allow_duplicates=self._options["allow_duplicates"])
        _tell(planned)
        return planned


def _tell(planned: Plan) -> None:
    """Say what is not read."""
    if planned.repeats:
        _talk(
            f"left out {', '.join(planned.repeats)}: combined*.log beside it has the same lines "
            "(--with-error-logs reads it all the same)"
        )
    for original in dict.fromkeys(planned.copies.values()):
        copies = [path for path, other in planned.copies.items() if other == original]
        _talk(f"left out {_some(copies)}: {original} has the same content (--allow-duplicates counts all)")
    if planned.outside:
        _talk(f"left out {_some(planned.outside)}: no line there is of the times asked for")


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _print(result: Result, before: Result | None, choice: Choice, config: Config, output: str) -> None:
    from logship import replay

    if output == "prom":
        from logship.expose import exposition

        click.echo(exposition(result.tally, config.measure.buckets, config.own.metrics).encode(), nl=False)
    elif output == "json":
        import orjson

        said = replay.as_json(result, config.measure.buckets, config.own.metrics, choice)
        if before is not None:
            said["against"] = replay.as_json(before, config.measure.buckets, config.own.metrics, choice)
            said["changes"] = replay.changes_json(replay.changes(result.tally, before.tally, choice))
        click.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2))
    elif before is None:
        show = replay.print_table if output == "table" else replay.print_csv
        show(result, choice, sys.stdout)
    else:
        compare = replay.print_changes if output == "table" else replay.print_changes_csv
        compare(result.tally, before.tally, choice, sys.stdout)


def _verdict(result: Result, before: Result | None, gates: Sequence[Gate], choice: Choice) -> int:
    """Say on stderr what was not as it should be; return the exit code."""
    from logship.replay import judge, selected

    damage = [*result.damage, *(before.damage if before is not None else ())]
    for line in damage:
        _talk(line)
    if result.is_interrupted or (before is not None and before.is_interrupted):
        _talk("interrupted: these are the numbers of what was read until then")
        return _INTERRUPTED
    now, was = (selected(each.tally.whole(), choice.where) for each in (result, before or result))
    broken = [(each.text, line) for each in gates for line in judge(each, now, was)]
    for text, line in broken:
        _talk(f"--fail-if {text!r}: {line}")
    return 1 if damage or broken else 0


def _talk(message: str) -> None:
    from logship.read import masked
    from logship.replay import printable

    click.echo(f"logship: {printable(masked(message))}", err=True)
