"""The limit of the technique in Python: decode in bulk, append, fold, and promise nothing. Arguments: LOG.

No line is proved to be one record, no wrong value is looked for, no position, time or number is kept.
"""

import json
import re
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

BOUNDS = [100.0, 500.0, 1000.0, 2000.0, 5000.0]


class Record(msgspec.Struct, gc=False):
    """The fields that the query needs."""

    message: str | None = None
    method: str | None = None
    url: str | None = None
    route: str | None = None
    status: int | None = None
    duration: float | None = None


IDENTIFIER = r"(?:\d+|[0-9a-f]{24}|[0-9a-f-]{36})"
identifier = re.compile(rf"/{IDENTIFIER}(?=/|$)", re.ASCII)
decode = msgspec.json.Decoder(Record).decode_lines
Key = tuple[str | None, str | None, int | None]
Match = Callable[[str], re.Match[str] | None]
Tree = dict[str, Any]
durations: dict[Key, "array[float]"] = {}
appends: dict[Key, Callable[[Any], None]] = {}
tree: Tree = {}


def learn(url: str) -> tuple[Match, list[str | None]]:
    """Let the pattern know the template of a url; return what matches all that are known, and their names."""
    template = identifier.sub("/:id", url.partition("?")[0])
    node = tree
    for segment in template.split("/")[1:]:
        node = node.setdefault(segment, {})
    node[""] = template
    known: list[str | None] = [None]
    return re.compile(alternation(tree, known), re.ASCII).match, known


def alternation(node: Tree, known: list[str | None]) -> str:
    """Return the expression for what is below a node; each template is a group, by whose number it is found."""
    ways = []
    for segment, below in node.items():
        if segment:
            ways.append("/" + (IDENTIFIER if segment == ":id" else re.escape(segment)) + alternation(below, known))
        else:
            known.append(below)
            ways.append(r"(?=\?|\Z)()")
    return f"(?:{'|'.join(ways)})"


def count(path: str) -> None:
    """Append the duration of each request in a file to those of its labels."""
    match, names = learn("/")
    rest = b""
    with Path(path).open("rb", buffering=0) as log:
        while block := log.read(1 << 16):
            head, newline, tail = block.rpartition(b"\n")
            if not newline:
                rest += tail
                continue
            for record in decode(rest + head):
                if record.message != "HTTP Request":
                    continue
                route, url = record.route, record.url
                if route is None and url is not None:
                    known = match(url) if record.status != 404 else None
                    if known is not None:
                        route = names[known.lastindex or 0]
                    elif record.status == 404:
                        route = "unmatched"
                    else:
                        match, names = learn(url)
                        route = names[found.lastindex or 0] if (found := match(url)) else None
                try:
                    appends[record.method, route, record.status](record.duration)
                except KeyError:
                    key = record.method, route, record.status
                    durations[key] = array("d", [record.duration or 0.0])
                    appends[key] = durations[key].append
            rest = tail


def rows() -> list[list[Any]]:
    """Return the histogram of each label set."""
    found = []
    for (method, route, status), noted in durations.items():
        rising = sorted(noted)
        upto = [bisect_right(rising, bound) for bound in BOUNDS]
        found.append([method, route, str(status), len(rising), sum(rising), *upto])
    return found


count(sys.argv[1])
print(json.dumps(rows()))
