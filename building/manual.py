"""The manual page logship(1), in the macros of man(7)."""

from __future__ import annotations

from collections.abc import Iterator

from building.commands import Command, commands, epilog
from logship import __version__


def manual() -> str:
    """Return the page, as troff reads it."""
    first, *others = commands()
    lines = [
        f'.TH LOGSHIP 1 "" "logship {__version__}" "User Commands"',
        ".SH NAME",
        f"logship \\- {_text(first.summary.removesuffix('.'))}",
        ".SH SYNOPSIS",
        ".B logship",
        "[OPTIONS] COMMAND [ARGS]...",
        ".SH DESCRIPTION",
        *_paragraphs(first),
        *_options(first),
        ".SH COMMANDS",
        *(line for command in others for line in _command(command)),
        ".SH EXIT STATUS",
        "0 good, 1 the answer is no, 2 usage, 130 interrupted.",
        ".SH NOTES",
        _text(epilog()),
    ]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    yield f".SS {_text(command.usage)}"
    yield from _paragraphs(command)
    yield from _options(command)


def _paragraphs(command: Command) -> Iterator[str]:
    for paragraph, is_kept in command.paragraphs:
        yield ".PP"
        if is_kept:
            yield ".nf"
            yield from (_text(line) for line in paragraph.splitlines())
            yield ".fi"
        else:
            yield _text(paragraph)


def _options(command: Command) -> Iterator[str]:
    for option in command.options:
        yield ".TP"
        yield f".B {_text(option.names)}"
        variable = f" Variable: {option.variable}." if option.variable else ""
        yield _text(option.help + variable)


def _text(text: str) -> str:
    """Return text that troff shows as it stands, whatever it begins with."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("…", "...").replace("`", "")
    return f"\\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped
