"""`logship check`: whether a configuration file can be obeyed."""

from __future__ import annotations

import click


@click.command(short_help="Check a configuration file.")
@click.argument("file", type=click.Path(), metavar="CONFIG")
def command(file: str) -> None:
    """Check a configuration file: exit code 0 when it can be obeyed, else 2 and what is wrong with it."""
    from logship.config import load

    config = load(file)
    click.echo(f"{file}: good; follows {', '.join(config.paths)}")
