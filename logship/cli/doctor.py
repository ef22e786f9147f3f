"""`logship doctor`: what is wrong, which promise is at risk, what helps."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from logship.cli.options import as_client, configured, listen_option, measuring, option, state_option, web_config_option
from logship.errors import UsageError

if TYPE_CHECKING:
    from logship.client import Credentials


@click.command(short_help="Say what is wrong, and what helps.")
@click.argument("where", nargs=-1, type=click.Path(readable=False), metavar="[PATH]... [URL]")
@measuring
@state_option("The state file of the tailer.")
@listen_option("Where the tailer serves.")
@web_config_option("The web configuration file of the tailer.")
@as_client
@option("--json", is_flag=True, help="Print the findings as JSON.")
def command(where: tuple[str, ...], *, json: bool, credentials: Credentials, **options: Any) -> int:
    """Examine files, state, limits and the running tailer: what is wrong, which promise is at risk, what helps.

    Give it the paths and options of `logship tail`, or its environment; a URL asks the tailer there. Nothing is
    changed. Exit code 0 when all is well or good to know, 1 with warnings, 3 when something is critical.
    """
    from logship.doctor import EXIT_CODES, Examination, worst
    from logship.explain.reasons import WHY

    urls, paths = _divided(where)
    config = configured(paths=paths, **options)
    findings = list(Examination(config, WHY, next(iter(urls), None), credentials).findings())
    _show(findings, json=json)
    return EXIT_CODES[worst(findings)]


def _divided(where: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the URLs and the paths among the arguments."""
    urls = tuple(each for each in where if each.startswith(("http://", "https://")))
    if len(urls) > 1:
        raise UsageError(f"one URL is asked at a time, not {len(urls)}")
    return urls, tuple(each for each in where if each not in urls)


def _show(findings: Sequence[Any], *, json: bool) -> None:
    from logship.doctor import as_json, as_text

    if json:
        import orjson

        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        click.echo(orjson.dumps(as_json(findings, at), option=orjson.OPT_INDENT_2))
        return
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in as_text(findings, colour=colour):
        click.echo(line)
