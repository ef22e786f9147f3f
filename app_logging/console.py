r"""The line for people: the record's bytes come in, `level: message {rest}` goes to stderr, as winston's simple format.

Promises: control characters never reach the terminal raw (an ESC in a user agent could drive it), and writing never
raises. The exception stands below its line, as Python prints it.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, TextIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS = {"debug": 34, "info": 32, "warning": 33, "error": 31, "critical": 31}
"""The colours of winston's levels; debug is blue there too."""

HIDDEN = frozenset(
    {"timestamp", "level", "message", "service", "environment", "logger", "exception", "stack", "seq", "boot_id"}
)
"""Keys that are said elsewhere in the line or are the same in all lines of a terminal."""

DANGEROUS_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's controls, formats (they can turn the order of text around) and line separators."""


def write_stderr(line: str) -> None:
    """Write a line to what is stderr now; a closed or broken one is no reason to fail."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # There is no place left to tell it: stderr is closed, or None under pythonw and some daemons.
        return


def is_terminal(stream: TextIO | None) -> bool:
    """Say whether somebody looks at the stream."""
    try:
        return stream is not None and stream.isatty()
    except (ValueError, AttributeError):  # closed, or somebody's own that has only `write`
        return False


def should_colour(environ: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> bool:
    """Say whether to colour: NO_COLOR forbids it, FORCE_COLOR demands it, else a terminal decides."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return environ["FORCE_COLOR"] != "0"
    return is_terminal(stream or sys.stderr)


def readable(line: bytes, *, colour: bool) -> str:
    """Turn one rendered record into text for a person, without a newline at the end."""
    record: dict[str, Any] = orjson.loads(line)
    level = escape(str(record.get("level", "")))
    if colour:
        level = f"\x1b[{COLOURS.get(level, 0)}m{level}\x1b[39m"
    rest = {key: value for key, value in record.items() if key not in HIDDEN}
    text = f"{level}: {escape(str(record.get('message', '')))}"
    if rest:
        text += f" {escape(orjson.dumps(rest).decode())}"
    if isinstance(record.get("stack"), str):
        text += "".join(f"\n  {escape(part)}" for part in record["stack"].split("\n"))
    if isinstance(record.get("exception"), dict):
        text += "".join(f"\n  {escape(part)}" for part in _traceback(record["exception"]))
    return text


def escape(text: str) -> str:
    """Write every character that a terminal might obey as a visible escape."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in DANGEROUS_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode()


def _traceback(exception: Mapping[str, Any]) -> list[str]:
    lines = []
    cause = exception.get("cause")
    if isinstance(cause, dict):
        lines += [*_traceback(cause), "caused:"]
    lines += [f'File "{frame["file"]}", line {frame["line"]}, in {frame["function"]}' for frame in _frames(exception)]
    lines.append(f"{exception.get('type')}: {exception.get('message')}")
    parts = exception.get("exceptions")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            lines += ["of which:", *(f"  {line}" for line in _traceback(part))]
    return lines


def _frames(exception: Mapping[str, Any]) -> list[dict[str, Any]]:
    frames = exception.get("frames")
    keys = {"file", "line", "function"}
    return (
        [frame for frame in frames if isinstance(frame, dict) and keys <= frame.keys()]
        if isinstance(frames, list)
        else []
    )
