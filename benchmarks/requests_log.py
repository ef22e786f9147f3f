"""Make a request log for benchmarks: always the same for the same number of lines.

Half of the requests have a `route`, the others only a `url` with numbers, object ids or UUIDs in it; one line in ten
is no request. The lines are 320 bytes on average.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

RESOURCES = (
    "heroes",
    "students",
    "classes",
    "lessons",
    "grades",
    "teachers",
    "schools",
    "badges",
    "stories",
    "uploads",
)
METHODS = ("GET", "GET", "GET", "PUT", "DELETE")
STATUSES = ([200] * 88) + ([201] * 2) + ([304] * 2) + ([400] * 2) + ([404] * 4) + ([500] * 2)
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/143.0",
    "curl/8.5.0",
    "okhttp/4.12.0",
    "kube-probe/1.31",
)
OTHERS = ("Cache miss", "Pool resized", "Job finished", "Session refreshed")
_FIRST_MS = 1_795_000_000_000


def write(path: Path, lines: int) -> None:
    """Write `lines` lines to `path`."""
    chance = random.Random(20261123)  # noqa: S311 - must be the same each time
    with path.open("w", encoding="utf-8") as out:
        for number in range(lines):
            record = _other(chance) if chance.random() < 0.1 else _request(chance)
            head = {"timestamp": _timestamp(_FIRST_MS + number * 7), "level": "info"}
            out.write(json.dumps(head | record, separators=(",", ":")) + "\n")


def _request(chance: random.Random) -> dict[str, object]:
    resource = chance.choice(RESOURCES)
    segments = ["api", resource]
    route = ["api", resource]
    for below in range(chance.choice((0, 1, 1, 2))):
        segments += [next(_ids(chance, resource))] if below == 0 else ["items", next(_ids(chance, "items"))]
        route += [":id"] if below == 0 else ["items", ":id"]
    url = "/" + "/".join(segments) + (f"?page={chance.randint(1, 99)}" if chance.random() < 0.3 else "")
    record: dict[str, object] = {
        "message": "HTTP Request",
        "service": "heroes-api",
        "environment": "production",
        "method": chance.choice(METHODS),
        "url": url,
        "status": chance.choice(STATUSES),
        "duration": round(chance.lognormvariate(3.2, 1.4), 2),
        "userAgent": chance.choice(AGENTS),
        "ip": f"10.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}",
        "userId": "anonymous",
        "request_id": f"{chance.getrandbits(128):032x}",
    }
    if chance.random() < 0.5:
        record["route"] = "/" + "/".join(route)
    return record


def _ids(chance: random.Random, resource: str) -> Iterator[str]:
    kind = len(resource) % 3
    while True:
        if kind == 0:
            yield f"{chance.getrandbits(96):024x}"
        elif kind == 1:
            yield str(uuid.UUID(int=chance.getrandbits(128), version=4))
        else:
            yield str(chance.randint(1, 10_000))


def _other(chance: random.Random) -> dict[str, object]:
    return {"message": chance.choice(OTHERS), "service": "heroes-api", "duration": chance.randint(1, 99), "size": 20}


def _timestamp(milliseconds: int) -> str:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
