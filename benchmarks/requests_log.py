"""Make a request log for benchmarks, as winston writes it: always the same for the same arguments.

Half of the requests have a `route`, the others only a `url`: of ten resources six have numbers in it, two object ids
and two UUIDs, and three urls in ten have a query. One line in ten is no request, and one of fifty of all lines an
error with a stack. The lines are 360 bytes on average, and the label sets 280.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

NAMES = (
    *("heroes", "students", "classes", "lessons", "grades", "teachers"),
    *("schools", "badges", "stories", "uploads"),
)
ENDPOINTS = (("GET", ""), ("GET", "/:id"), ("PUT", "/:id"), ("GET", "/:id/items/:id"))
STATUSES = {200: 88.0, 201: 2.0, 204: 1.0, 304: 2.0, 400: 1.5, 404: 4.0, 500: 1.5}
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)",
    "curl/8.5.0",
    "okhttp/4.12.0",
    "kube-probe/1.31",
)
OTHERS = ("Cache miss", "Pool resized", "Job finished", "Session refreshed")
_FIRST_MS = 1_795_000_000_000
_COMMON = '"service":"heroes-api","environment":"production"'
_STACK = "".join(f"    at step{depth} (/app/src/routes/students.js:{depth * 31}:{depth * 7})\n" for depth in range(8))


@dataclass(frozen=True, slots=True)
class Shape:
    """What may be unlike the usual.

    Attributes:
        has_routes: Whether each request has its route.
        resources: How many; each makes four routes and 28 label sets.
        padding: Bytes that each request is longer by, in a field that nothing is made of.
        damaged: The share of lines that are damaged: cut, no JSON, or with a duration that is none.
    """

    has_routes: bool = False
    resources: int = len(NAMES)
    padding: int = 0
    damaged: float = 0.0


def write(path: Path, lines: int, shape: Shape = Shape()) -> None:
    """Write `lines` lines to `path`."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(_lines(lines, shape))


def _lines(count: int, shape: Shape) -> Iterator[str]:
    chance = random.Random(20261123)  # noqa: S311 - must be the same each time
    places = [(_name(number), number, *endpoint) for number in range(shape.resources) for endpoint in ENDPOINTS]
    chance.shuffle(places)
    weights = list(accumulate((number + 1) ** -0.7 for number in range(len(places))))
    statuses = list(accumulate(STATUSES.values()))
    pool = [f"{chance.getrandbits(96):024x}" for _ in range(5000)]
    addresses = [
        f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}" for _ in range(20_000)
    ]
    padding = f',"note":"{"x" * shape.padding}"' if shape.padding else ""
    now = float(_FIRST_MS)
    for _ in range(count):
        now += chance.uniform(1, 160)
        if chance.random() < 0.1:
            yield _other(chance, _timestamp(now))
            continue
        ((name, number, method, below),) = chance.choices(places, cum_weights=weights)
        route = f"/api/{name}{below}"
        url = route
        for _ in range(below.count(":id")):
            url = url.replace(":id", _identifier(chance, number, pool), 1)
        query = f"?page={chance.randrange(1, 100)}" if chance.random() < 0.3 else ""
        said = f'"route":"{route}",' if shape.has_routes or chance.random() < 0.5 else ""
        (status,) = chance.choices(tuple(STATUSES), cum_weights=statuses)
        line = (
            f'{{"timestamp":"{_timestamp(now)}","level":"info","message":"HTTP Request",{_COMMON},"method":"{method}",'
            f'"url":"{url}{query}",{said}"status":{status},"duration":{chance.lognormvariate(3.2, 1.4):.2f},'
            f'"userAgent":"{chance.choice(AGENTS)}","ip":"{chance.choice(addresses)}","userId":"anonymous",'
            f'"request_id":"{chance.getrandbits(48):012x}","trace_id":"{chance.getrandbits(64):016x}"{padding}}}\n'
        )
        yield _damaged(chance, line) if shape.damaged and chance.random() < shape.damaged else line


def _name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"{NAMES[number % len(NAMES)]}-{_letters(number)}"


def _letters(number: int) -> str:
    """Return a number in letters only: digits in a segment would make it look like an id."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _identifier(chance: random.Random, number: int, pool: list[str]) -> str:
    kind = number % 10
    if kind < 6:
        return str(chance.randrange(1, 10_001))
    return chance.choice(pool) if kind < 8 else str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _other(chance: random.Random, at: str) -> str:
    if chance.random() < 0.2:
        error = json.dumps({"name": "TypeError", "message": "x is undefined", "stack": "TypeError\n" + _STACK})
        return (
            f'{{"timestamp":"{at}","level":"error","message":"Unhandled error while serving request",{_COMMON},'
            f'"error":{error},"status":500}}\n'
        )
    return (
        f'{{"timestamp":"{at}","level":"info","message":"{chance.choice(OTHERS)}",{_COMMON},'
        f'"duration":{chance.randrange(1, 100)},"active":{chance.randrange(20)}}}\n'
    )


def _damaged(chance: random.Random, line: str) -> str:
    return chance.choice(
        (
            line[: len(line) // 2] + "\n",
            "    at Object.<anonymous> (/app/index.js:1:1)\n",
            line.replace('"duration":', '"duration":-'),
            line[:60] + line,
        )
    )


def _timestamp(milliseconds: float) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
