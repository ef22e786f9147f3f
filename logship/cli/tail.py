"""`logship tail`: follow logs and serve their metrics."""

from __future__ import annotations

import sys
from typing import Any

import click

from logship.cli.options import configured, measuring, option


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@measuring
@option("--listen", metavar="HOST:PORT", help="Where to serve /metrics. [default: 127.0.0.1:9113]")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Follow logs and serve their metrics on /metrics.

    PATH is a file, a glob (quote it: files that appear later are followed too) or a directory; without one
    logs/combined*.log. Counting starts at the beginning of the files and ends with the process.
    """
    from logship.cli.talk import talk
    from logship.live import build, stopped_by_signals

    config = configured(paths=paths, **options)
    say = talk(sys.stderr)
    tailer = build(config, say)
    with stopped_by_signals(tailer.sidecar.stop):
        say("serving", url=f"{tailer.server.url}/metrics", paths=list(config.paths))
        say("no state file yet: a restart counts from the beginning of the files again")
        tailer.run()
    tally = tailer.tally()
    say("stopped", lines=tally.lines, requests=tally.requests, rejected=tally.rejected.total())
