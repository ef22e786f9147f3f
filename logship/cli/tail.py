"""`logship tail`: follow logs and serve their metrics."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import configured, listen_option, measuring, option, state_option, web_config_option
from logship.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from logship.cli.talk import Talk
    from logship.config import Config


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="[PATH]...")
@measuring
@option(
    "--from-end",
    is_flag=True,
    default=None,
    help="At the very first start, take the files that are there from their end; later ones from their beginning.",
)
@state_option("Keep positions and numbers in FILE, so that a restart goes on exactly there.")
@option(
    "--state-recovery",
    type=click.Choice(("refuse", "reset")),
    help="With a damaged state file, refuse to start, or move it aside and start anew. [default: refuse]",
)
@listen_option("Where to serve /metrics.")
@web_config_option("Serve with TLS, client certificates, users: the web configuration file of Prometheus' exporters.")
@option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error")),
    default="info",
    show_default=True,
    help="Lowest level of its own log, on stderr.",
)
@option("--no-ui", is_flag=True, default=None, help="Serve no status page at /.")
@option(
    "--log-format",
    type=click.Choice(("console", "json")),
    default="console",
    show_default=True,
    help="Write that log for people, or as JSON.",
)
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Follow logs and serve their metrics on /metrics.

    PATH is a file, a glob (quote it: files that appear later are followed too) or a directory; without one
    logs/combined*.log. Counting starts at the beginning of the files, or with --from-end at their end. With --state it
    goes on after a restart or a crash where it stood, through rotations in between; without, it starts again. SIGHUP
    reads the configuration file again and keeps what was counted.
    """
    from logship.cli.talk import talking

    def reread() -> Config:
        config = configured(paths=paths, **options)
        _refuse_what_never_grows(config.paths)
        return config

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it is obeyed: what it asks for is being read anyway
    config = reread()
    with talking(sys.stderr, level=options["log_level"], form=options["log_format"]) as say:
        _tail(config, say, reread if options["config"] is not None else None)


def _refuse_what_never_grows(paths: Iterable[str]) -> None:
    """Raise UsageError when a path is a URL or standard input: it would be waited for without an end."""
    from logship.read import STDIN, is_url, shown

    for path in paths:
        if path == STDIN:
            raise UsageError("tail follows files, not standard input; logship replay - reads it (a file: ./-)")
        if path.startswith("file://"):
            raise UsageError(f"tail follows paths: leave file:// out of {path!r}")
        if is_url(path):
            raise UsageError(f"tail follows files, not {shown(path)!r}; logship replay reads URLs")


def _tail(config: Config, say: Talk, reread: Callable[[], Config] | None) -> None:
    """Follow and serve until a signal says stop."""
    from logship.live import Doubt, build, nothing_there, obeying_signals

    tailer = build(config, say, reread)
    with obeying_signals(stop=tailer.sidecar.stop, reload=tailer.reload_soon, bell=tailer.waker.bell):
        say("serving", url=f"{tailer.server.url}/metrics", paths=list(config.paths))
        for path in nothing_there(config.paths):
            say(Doubt("nothing there yet, waiting for it"), path=path)
        if config.state.file is None:
            say("no state file: a restart counts from the beginning of the files again; --state FILE prevents that")
        tailer.run()
    tally = tailer.tally
    say("stopped", lines=tally.lines, requests=tally.requests, rejected=tally.rejected.total())
