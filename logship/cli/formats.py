"""`logship formats`: the log formats that can be read."""

from __future__ import annotations

from collections.abc import Iterable

import click


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the log formats, or show where NAME looks for what.

    Each is listed with where its durations stand, their unit, and an example.
    """
    from logship.parse import FORMATS, description, durations, named

    if name is not None:
        chosen = named(name)
        click.echo(f"{chosen.name}: {chosen.summary}")
        _show([*description(chosen), ("example", chosen.example)])
        return
    for known in FORMATS:
        click.echo(f"{known.name}: {known.summary}")
        _show([("duration", durations(known.mapping)), ("example", known.example)])


def _show(rows: Iterable[tuple[str, str]]) -> None:
    for word, text in rows:
        if text:
            click.echo(f"  {word:11}{text}")
