"""`logship formats`: the log formats that can be read."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """List the log formats with an example line each."""
    from logship.parse import FORMATS

    for known in FORMATS:
        click.echo(f"{known.name:9} {known.summary}\n          {known.example}")
