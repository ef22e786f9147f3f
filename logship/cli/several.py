"""Options that take all the arguments behind them, so that a glob that the shell has expanded goes where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

Belongs = Callable[[str], bool]


class Several(click.Command):
    """A command some of whose options take several arguments: `--against b1.log b2.log`.

    Args:
        several: The names of these options; which of the arguments behind their first belong to them.
        arguments: Those of any command.
    """

    def __init__(self, *arguments: Any, several: Mapping[str, Belongs], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._several = several

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse `args` with each of several values behind a name of its own."""
        return super().parse_args(ctx, list(spread(args, self._several)))


def spread(arguments: Sequence[str], several: Mapping[str, Belongs]) -> Iterator[str]:
    """Yield `arguments` with the name of such an option again before each further argument that belongs to it."""
    option = ""
    is_first = False
    for place, argument in enumerate(arguments):
        if argument == "--":
            yield from arguments[place:]
            return
        if is_first:
            is_first = False
        elif argument.startswith("-") and argument != "-":
            name, equals, _ = argument.partition("=")
            option = name if name in several else ""
            is_first = bool(option) and not equals
        elif option and several[option](argument):
            yield option
        else:
            option = ""
        yield argument
