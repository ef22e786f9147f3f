"""Write HTML: every text is escaped here, whatever it came from."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from logship.replay.values import printable


class Markup(str):
    """HTML that is ready; all other text is escaped before it becomes some."""

    __slots__ = ()


class Column(NamedTuple):
    """A column of a table: its heading, and whether it stands to the right, as numbers do."""

    heading: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A cell of a table: what is shown, and by what it is sorted."""

    shown: str
    number: float | None = None


Row = Sequence[Value | Markup | str]
"""The cells of a row of a table."""


def escaped(text: str) -> Markup:
    """Return any text as HTML, with nothing in it that could change the direction of writing, or is not to be seen."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def element(name: str, *content: str, **attributes: str | None) -> Markup:
    """Return an element; an attribute that is None is left out, `_` in names means `-`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{said}>{''.join(map(escaped, content))}</{name}>")


def table(columns: Sequence[Column], rows: Iterable[Row], **attributes: str) -> Markup:
    """Return a table that may be wider than the page, which it then scrolls in."""
    heads = (element("th", column.heading, scope="col", class_=_class(column)) for column in columns)
    body = (element("tr", *map(_cell, columns, row)) for row in rows)
    inside = element("thead", element("tr", *heads)), element("tbody", *body)
    return element(
        "div",
        element("table", *inside, **attributes),
        class_="scrolls",
        tabindex="0",
        role="group",
        aria_label=attributes.get("aria_label"),
    )


def _cell(column: Column, value: Value | Markup | str) -> Markup:
    if isinstance(value, Value):
        return element("td", value.shown, class_=_class(column), data_value=json.dumps(value.number))
    return element("td", value, class_=_class(column))


def _class(column: Column) -> str | None:
    return "number" if column.is_number else None


def as_script_data(value: Any) -> Markup:
    """Return JSON that can stand inside of a script element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for each in "<>&":
        text = text.replace(each, f"\\u{ord(each):04x}")
    return Markup(text)
