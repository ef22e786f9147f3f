"""The reference of the command line, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from building.commands import Command, commands, epilog

HEAD = """# Command line

Generated from the commands themselves; `make reference` writes it anew.
What each command is for, signals, exit codes and endpoints stand in [commands](commands.md).
"""


def command_line() -> str:
    """Return the page."""
    sections = [HEAD, _plain(epilog()) + "\n"]
    sections += ["\n".join(_section(each)) + "\n" for each in commands()]
    return "\n".join(sections)


def _section(command: Command) -> Iterator[str]:
    yield f"## {command.name}"
    yield ""
    yield f"```text\n{command.usage}\n```"
    for paragraph, is_kept in command.paragraphs:
        yield ""
        yield f"```text\n{paragraph}\n```" if is_kept else _plain(paragraph)
    if command.options:
        yield ""
        yield "| option | variable | meaning |\n|---|---|---|"
        for option in command.options:
            variable = f"`{option.variable}`" if option.variable else ""
            yield f"| `{_cell(option.names)}` | {variable} | {_cell(_plain(option.help))} |"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it stands: what is between backticks stays code."""
    parts = text.split("`")
    return "`".join(part if index % 2 else re.sub(r"([*_<\[\]])", r"\\\1", part) for index, part in enumerate(parts))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
