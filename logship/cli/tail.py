"""`logship tail`: follow logs and serve their metrics."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import configured, measuring, option

if TYPE_CHECKING:
    from logship.config import Config


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@measuring
@option(
    "--from-end",
    is_flag=True,
    default=None,
    help="At the very first start, take the files that are there from their end; later ones from their beginning.",
)
@option(
    "--state",
    type=click.Path(),
    metavar="FILE",
    help="Keep positions and numbers in FILE, so that a restart goes on exactly there.",
)
@option(
    "--state-recovery",
    type=click.Choice(("refuse", "reset")),
    help="With a damaged state file, refuse to start, or move it aside and start anew. [default: refuse]",
)
@option("--listen", metavar="HOST:PORT", help="Where to serve /metrics. [default: 127.0.0.1:9113]")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Follow logs and serve their metrics on /metrics.

    PATH is a file, a glob (quote it: files that appear later are followed too) or a directory; without one
    logs/combined*.log. Counting starts at the beginning of the files, or with --from-end at their end. With --state it
    goes on after a restart or a crash where it stood, through rotations in between; without, it starts again. SIGHUP
    reads the configuration file again and keeps what was counted.
    """
    from logship.cli.talk import talk
    from logship.live import build, nothing_there, obeying_signals

    def reread() -> Config:
        return configured(paths=paths, **options)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it is obeyed: what it asks for is being read anyway
    config = reread()
    say = talk(sys.stderr)
    tailer = build(config, say, reread if options["config"] is not None else None)
    with obeying_signals(stop=tailer.sidecar.stop, reload=tailer.reload_soon):
        say("serving", url=f"{tailer.server.url}/metrics", paths=list(config.paths))
        for path in nothing_there(config.paths):
            say("nothing there yet, waiting for it", path=path)
        if config.state.file is None:
            say("no state file: a restart counts from the beginning of the files again; --state FILE prevents that")
        tailer.run()
    tally = tailer.tally
    say("stopped", lines=tally.lines, requests=tally.requests, rejected=tally.rejected.total())
