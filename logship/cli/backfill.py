"""`logship replay --output openmetrics` and `logship backfill`: archives → samples at the times of their lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import Command, option
from logship.errors import UsageError

if TYPE_CHECKING:
    from logship.config import Config
    from logship.pipeline import Window
    from logship.replay import Plan
    from logship.replay.backfill import Backfill

_NEEDLESS = ("where", "against", "fail_if", "top")
_OWN = ("label", "continue_from", "force")
_SHARED = ("step", "to")
"""Options that the report has, too."""

_INTERRUPTED = 130


def writing_days(command: Command) -> Command:
    """Add the options of `--output openmetrics`."""
    for decorate in (
        option("--force", is_flag=True, help="openmetrics: write into DIR although other files are in it."),
        option(
            "--continue-from",
            metavar="URL|FILE",
            help="openmetrics: let counters go on from the last values in a Prometheus, or in an exposition.",
        ),
        option(
            "--label",
            multiple=True,
            metavar="NAME=VALUE",
            help="openmetrics: of all series, as job=api. Repeatable.",
        ),
        option(
            "--step",
            metavar="S",
            help="openmetrics: time between two samples. [default: 15s] html: least length of a slot in the charts.",
        ),
        option(
            "--to", type=click.Path(path_type=Path), metavar="DIR|FILE", help="openmetrics, html: where it is written."
        ),
    ):
        command = decorate(command)
    return command


def check_options(options: dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together with this output, or only with it."""
    output = options["output"]
    if output == "openmetrics":
        for name in filter(options.get, _NEEDLESS):
            raise UsageError(f"{_flag(name)} does not go with --output openmetrics")
        if options["to"] is None:
            raise UsageError("--output openmetrics needs --to DIR, where it writes a file for each day")
        return
    for name in filter(options.get, _OWN):
        raise UsageError(f"{_flag(name)} needs --output openmetrics")
    for name in filter(options.get, _SHARED if output != "html" else ()):
        raise UsageError(f"{_flag(name)} needs --output openmetrics or --output html")
    if output == "html" and options["to"] is None:
        raise UsageError("--output html needs --to FILE, which it writes; - is standard output")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def write_days(planned: Plan, config: Config, options: dict[str, Any], window: Window | None) -> int:
    """Write the files of days; print their names, and on stderr what is to be known of them."""
    from logship.replay import progress, terminating_as_ctrl_c
    from logship.replay.backfill import (
        DEFAULT_STEP,
        BackfillOptions,
        check_label,
        complete_days,
        from_zero,
        last_values,
        prepare,
        step_seconds,
        write_backfill,
    )

    step = step_seconds(options["step"] or DEFAULT_STEP)
    labels = dict(map(check_label, options["label"]))
    for name in labels.keys() & _configured_labels(config):
        raise UsageError(f"--label {name}={labels[name]}: the configuration gives {name} to some metrics already")
    goes_on = last_values(options["continue_from"], labels) if options["continue_from"] else from_zero
    prepare(options["to"], force=options["force"])
    told = progress(planned.total_bytes, sys.stderr, options["progress"])
    try:
        with terminating_as_ctrl_c(), told as meter:
            wanted = BackfillOptions(options["to"], step, labels, goes_on)
            result = write_backfill(planned, config, wanted, meter.advance, window)
    except KeyboardInterrupt:
        for file in complete_days(options["to"]):
            click.echo(file)
        _talk(f"interrupted: {options['to']} holds the days that were complete by then")
        return _INTERRUPTED
    for file in result.files:
        click.echo(file)
    if result.files and options["continue_from"] and not result.joined:
        _talk("no counter goes on: what --continue-from names has none with the same name and labels")
    return _tell(result)


def _configured_labels(config: Config) -> set[str]:
    constant = {name for source in config.sources for name in source.labels}
    return constant | {label.name for metric in config.own.metrics for label in metric.labels}


def _tell(result: Backfill) -> int:
    reading = result.reading
    for line in reading.damage:
        _talk(line)
    if reading.late:
        _talk(
            f"{reading.late} lines stand minutes behind later ones: they were counted as a late scrape would see them"
        )
    if reading.untimed:
        _talk(f"{reading.untimed} lines were left out: no line of their input before them has a time")
    if not result.files:
        _talk("no line with a time: nothing was written")
    else:
        _talk(f"{result.samples} samples of {result.series} series; logship backfill brings them into a Prometheus")
    return 1 if reading.damage or reading.untimed or not result.files else 0


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@option("--into", type=click.Path(path_type=Path), metavar="TSDB_DIR", help="Make blocks there, with promtool.")
@option("--remote-write", metavar="URL", help="Send to a server: http://127.0.0.1:9090/api/v1/write.")
@option("--header", multiple=True, metavar="'NAME: VALUE'", help="Send with --remote-write. Repeatable.")
def command(directory: Path, into: Path | None, remote_write: str | None, header: tuple[str, ...]) -> int:
    """Bring the files that `logship replay --output openmetrics --to DIR` made into a Prometheus.

    With --into as blocks in its storage directory, which is the way for days that are long gone; without promtool here,
    the commands are printed and the exit code is 1. With --remote-write to a running Prometheus, Mimir or
    VictoriaMetrics; the same command goes on where one stopped.
    """
    from logship.replay.backfill import days_in

    if (into is None) == (remote_write is None):
        raise UsageError("either --into TSDB_DIR or --remote-write URL says where the samples go")
    if header and remote_write is None:
        raise UsageError("--header needs --remote-write")
    files = days_in(directory)
    if into is not None:
        return _make_blocks(files, into)
    return _send(files, str(remote_write), header)


def _make_blocks(files: Sequence[Path], into: Path) -> int:
    from logship.replay.backfill import as_shell, commands, found_promtool, make_blocks, traps

    promtool = found_promtool()
    if promtool is None:
        _talk("promtool, which comes with Prometheus, is not here; these commands make the blocks where it is:")
        for each in commands(files, into):
            click.echo(as_shell(each))
        return 1
    for file in make_blocks(files, into, promtool):
        _talk(f"made blocks of {file.name} in {into}")
    for trap in traps(files, into, time.time()):
        _talk(trap)
    return 0


def _send(files: Sequence[Path], url: str, headers: Sequence[str]) -> int:
    from logship.replay import progress
    from logship.replay.backfill import send, server_of

    server = server_of(url, headers)
    with progress(sum(file.stat().st_size for file in files), sys.stderr) as meter:
        sent = send(files, server, advance=meter.advance)
    skipped = f"; {sent.skipped_bytes} bytes were there before" if sent.skipped_bytes else ""
    _talk(f"sent {sent.samples} samples in {sent.requests} requests to {server.url}{skipped}")
    return 0


def _talk(message: str) -> None:
    click.echo(f"logship: {message}", err=True)
