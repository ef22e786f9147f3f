"""What `logship --help` says, as values: commands with their arguments and options, in the order it lists them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from logship.cli.main import cli


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how it is written, the variable that stands for it, and its help."""

    names: str
    variable: str | None
    help: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its usage, paragraphs of help, of which some are to be kept as they stand, and options."""

    name: str
    usage: str
    paragraphs: tuple[tuple[str, bool], ...]
    options: tuple[Option, ...]

    @property
    def summary(self) -> str:
        """The first paragraph."""
        return self.paragraphs[0][0]


def commands() -> Iterator[Command]:
    """Yield the commands, those of a group behind it."""
    yield from _walk(cli, "logship", None)


def epilog() -> str:
    """Return what the help ends with."""
    return cli.epilog or ""


def _walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[Command]:
    context = click.Context(command, parent=parent, info_name=name.rpartition(" ")[2])
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    options = (each for each in command.params if isinstance(each, click.Option) and not each.hidden)
    yield Command(name, usage, tuple(_paragraphs(command.help or "")), tuple(_option(each) for each in options))
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None and not found.hidden:
                yield from _walk(found, f"{name} {each}", context)


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each paragraph, and whether its lines are to be kept: click marks those by a backspace."""
    for paragraph in inspect.cleandoc(text).split("\f")[0].split("\n\n"):
        is_kept = paragraph.startswith("\b\n")
        yield (paragraph.removeprefix("\b\n"), True) if is_kept else (" ".join(paragraph.split()), False)


def _option(option: click.Option) -> Option:
    names = ", ".join([*option.opts, *option.secondary_opts])
    if not option.is_flag and not option.count:
        names += f" {_metavar(option)}"
    variable = option.envvar if isinstance(option.envvar, str) else None
    said = " ".join((option.help or "").split())
    if option.show_default and option.default is not None and not option.is_flag:
        said += f" [default: {option.default}]"
    return Option(names, variable, said)


def _metavar(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(str(choice) for choice in option.type.choices)
    return option.type.name.upper()
