"""Send mixed traffic to the sample API for some seconds, and count the answers.

    python examples/traffic.py http://127.0.0.1:8000 --seconds 10 --rate 50

Prints one JSON object: how many requests were sent, how many failed without an answer, and the answers by method and
status. Open loop: a slow answer does not hold back the next request, as with real visitors.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MOST_IN_FLIGHT = 200
"""Bound on open connections: what would go over it waits."""

ANSWER_SECONDS = 15.0
"""How long to wait for one answer."""

USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "HeroesApp/3.1 (iPhone; iOS 18.1)",
    "curl/8.5.0",
    'odd "quoted\\agent" \x1b[31mred',
    "größer ☃ than ASCII",
    "",
)

MIX: tuple[tuple[int, str, str], ...] = (
    (25, "GET", "/api/heroes"),
    (20, "GET", "/api/heroes/{hero}"),
    (12, "GET", "/api/students"),
    (10, "GET", "/api/students/{student}"),
    (5, "POST", "/api/students"),
    (4, "PATCH", "/api/students/{student}"),
    (2, "DELETE", "/api/students/{student}"),
    (6, "POST", "/api/auth/login"),
    (3, "GET", "/api/reports/2026/{month}"),
    (5, "GET", "/health"),
    (2, "HEAD", "/api/heroes"),
    (2, "GET", "/api/heroes?token=s3cr3t-{student}&page={month}"),
    (1, "GET", "/wp-login.php?try={student}"),
    (1, "PUT", "/api/heroes"),
    (1, "GET", "/api/students/not-a-number"),
)
"""Weight, method, target."""

HEROES = ("batgirl", "black-panther", "ms-marvel", "spider-man", "storm", "wonder-woman", "nobody")


@dataclass
class Outcome:
    """What has been sent and answered."""

    sent: int = 0
    failed: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def summary(self) -> dict[str, Any]:
        """Return the outcome as JSON takes it."""
        answers = [
            {"method": method, "status": status, "count": count}
            for (method, status), count in sorted(self.answers.items())
        ]
        return {"sent": self.sent, "failed": self.failed, "answers": answers}


async def send_traffic(url: str, *, seconds: float, rate: float, seed: int | None = None) -> Outcome:
    """Send `rate` requests per second for so many seconds, or until SIGINT or SIGTERM; return when all are answered."""
    dice, outcome, stop = random.Random(seed), Outcome(), asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    slots = asyncio.Semaphore(MOST_IN_FLIGHT)
    start = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(seconds * rate)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, start + number / rate - time.monotonic()))
            if stop.is_set():
                break
            await slots.acquire()
            method, target = _choose(dice)
            request = _request(method, target, urlsplit(url).netloc, dice.choice(USER_AGENTS))
            tasks.create_task(_exchange(url, method, request, outcome, slots))
    return outcome


def _choose(dice: random.Random) -> tuple[str, str]:
    ((_weight, method, target),) = dice.choices(MIX, weights=[weight for weight, _method, _target in MIX])
    values = {"hero": dice.choice(HEROES), "student": dice.randint(1, 520), "month": dice.randint(1, 12)}
    return method, target.format(**values)


def _request(method: str, target: str, host: str, user_agent: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "connection: close"]
    if user_agent:
        lines.append(f"user-agent: {user_agent}")
    if method in {"POST", "PATCH", "PUT"}:
        lines.append("content-length: 2\r\n\r\n{}")
    else:
        lines.append("\r\n")
    return "\r\n".join(lines).encode()


async def _exchange(url: str, method: str, request: bytes, outcome: Outcome, slots: asyncio.Semaphore) -> None:
    outcome.sent += 1
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await _status_of(url, request)
        outcome.answers[method, status] += 1
    except (OSError, TimeoutError, ValueError, IndexError):
        outcome.failed += 1  # no answer, or none that is HTTP: counted, because the log may have it all the same
    finally:
        slots.release()


async def _status_of(url: str, request: bytes) -> int:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    try:
        writer.write(request)
        answer = await reader.read()
        return int(answer.split(b" ", 2)[1])
    finally:
        writer.close()
        await writer.wait_closed()


def main() -> None:
    """Send, wait, print the counts."""
    parser = argparse.ArgumentParser(description="Send mixed traffic to the sample API.")
    parser.add_argument("url", help="such as http://127.0.0.1:8000")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=20.0, help="requests per second")
    parser.add_argument("--seed", type=int, help="makes the mix the same each time")
    options = parser.parse_args()
    sending = send_traffic(options.url, seconds=options.seconds, rate=options.rate, seed=options.seed)
    print(json.dumps(asyncio.run(sending).summary()))


if __name__ == "__main__":
    main()
