"""The command `logship`: argv → calls; what goes wrong becomes one line on stderr and an exit code, in one place.

Commands import what they need when they run, so that `--help` and completion start fast.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence

import click

from logship.errors import LogshipError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_WITHOUT_RESULT = ("tail", "check", "healthcheck")
"""Commands that say all they have to say by working, or by their exit code."""

_INTERRUPTED = 130
_BROKEN_PIPE = 141
"""What a shell reports for a command that SIGINT or SIGPIPE ended."""


class _Commands(click.Group):
    """The commands, by the module that holds each."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return ["tail", "top", "replay", "backfill", "explain", "doctor", "check", "formats", "state", "healthcheck"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        import importlib

        command: click.Command = importlib.import_module(f"logship.cli.{cmd_name}").command
        return command


@click.group(
    cls=_Commands,
    no_args_is_help=False,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",  # releases of click disagree
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Results go to stdout, talk to stderr. Exit codes: 0 good, 1 the answer is no, 2 usage. "
    "Each option is also an environment variable LOGSHIP_OPTION.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _option, is_asked: _version(ctx) if is_asked else None,
    help="Show the version, what it was built from and runs on, and which extras are installed.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Latency histograms and error counters for Prometheus from the JSON logs of an API.

    \b
      logship tail 'logs/combined*.log'   follow logs, serve http://127.0.0.1:9113/metrics
      logship replay logs/*.log.gz        the same numbers from archives, as a table
    """  # noqa: D301 - click reads the backspace as "do not wrap"
    if ctx.invoked_subcommand is None:
        raise UsageError("no command given; logship --help lists them: tail, replay, explain, check, …")
    if sys.stdout is None and ctx.invoked_subcommand not in _WITHOUT_RESULT:
        raise LogshipError("standard output is closed: there is nowhere to write the result to")


def _version(ctx: click.Context) -> None:
    from logship.cli.version import version_text

    click.echo(version_text())
    ctx.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        code = cli.main(args=arguments, prog_name="logship", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        code = _fail(_one_line(error), error.exit_code)
    except LogshipError as error:
        code = _fail(str(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        _give_up_stdout()
        code = _BROKEN_PIPE
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _give_up_stdout()
        code = _fail(f"the output cannot be written: {error.strerror}", LogshipError.exit_code)
    return code if isinstance(code, int) else 0


def _give_up_stdout() -> None:
    """Send what is left in the buffer nowhere, else the interpreter complains about it at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in message.strip())
    click.echo(f"logship: {line}", err=True)
    return code


def _one_line(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    text = " ".join(error.format_message().split())
    return f"{text.removesuffix('.')}; try '{context.command_path} --help'" if context is not None else text


def run() -> None:
    """Enter from the console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a route need not fit into the terminal's encoding
    sys.exit(main())
