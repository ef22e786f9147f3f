"""Make the picture of the status page for the documents: a quarter of an hour of invented traffic, always the same.

    python examples/status_picture.py docs/images/status.png

The numbers come from the same code as in a tailer, on a clock that is driven by hand; Chromium draws the page.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from playwright.sync_api import sync_playwright

from logship.expose import Standing, View
from logship.expose.status import FileStatus, Moment, RefusedLine, Reporter, StateStatus
from logship.expose.status.document import Choice, document
from logship.measure import SLOT_SECONDS, Recent, Tally, cells_of
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline

END = datetime(2026, 11, 23, 11, 22, 30, tzinfo=UTC).timestamp()
SECONDS = 20 * 60
CHROMIUM = "/usr/bin/chromium"

ROUTES = (
    ("GET", "/api/heroes", 9.0, 0.018, 0.002),
    ("GET", "/api/heroes/:id", 6.5, 0.012, 0.001),
    ("GET", "/api/students/:id", 4.2, 0.025, 0.004),
    ("POST", "/api/auth/login", 1.8, 0.11, 0.006),
    ("POST", "/api/lessons/:id/answers", 3.1, 0.045, 0.003),
    ("PUT", "/api/students/:id", 1.2, 0.07, 0.012),
    ("GET", "/api/reports/:year/:month", 0.6, 0.6, 0.0),
    ("GET", "/health", 0.4, 0.001, 0.0),
)
"""Method, route, requests a second, usual duration in seconds, share of errors."""

TROUBLE = range(600, 780)
"""Seconds in which the database is slow."""


def requests(second: int, dice: random.Random) -> Iterator[bytes]:
    """Yield the requests of one second, as app_logging writes them."""
    wave = 1 + 0.25 * math.sin(second / 140) + 0.08 * math.sin(second / 17)
    for method, route, rate, usual, failing in ROUTES:
        is_troubled = second in TROUBLE and "students" in route
        for _ in range(int(rate * wave + dice.random())):
            failed = dice.random() < (0.16 if is_troubled else failing)
            duration = usual * 1000 * dice.lognormvariate(0, 0.55) * (6 if is_troubled else 1)
            record = {
                "timestamp": datetime.fromtimestamp(END - SECONDS + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "level": "error" if failed else "info",
                "message": "HTTP Request",
                "method": method,
                "url": route,
                "route": route,
                "status": 503 if failed else 200,
                "duration": round(duration, 3),
            }
            yield json.dumps(record).encode() + b"\n"


def quarter_of_an_hour() -> Moment:
    """Return the moment at the end of the invented traffic."""
    dice = random.Random(7)
    pipeline, total, recent, offset = Pipeline(MeasureOptions(quantiles=True)), Tally(), Recent.beginning(0), 0
    for start in range(0, SECONDS, SLOT_SECONDS):
        lines = b"".join(line for second in range(start, start + SLOT_SECONDS) for line in requests(second, dice))
        if start == SECONDS - SLOT_SECONDS:
            lines += b"Traceback (most recent call last):\n"
        pipeline.feed(Batch(1, offset, offset + len(lines), lines))
        offset += len(lines)
        change = pipeline.take()
        recent = recent.plus(cells_of(change.series.items()), start)
        total.add(change)
    path = "/logs/combined.log"
    return Moment(
        view=View(total, standing=Standing(1, 0, {"opened": 4, "renamed": 3, "closed": 3}, saved_at=END - 0.4)),
        recent=recent,
        at=END,
        clock=float(SECONDS - 1),
        started_at=END - 3 * 86400,
        files=[FileStatus(path, 4, "app", offset, offset, 0, 0.0, 0.2, is_rotated=False)],
        refused=[RefusedLine("invalid_json", path, offset - 35, offset, END - 12)],
        state=StateStatus("/state/logship.db", 421_888),
        configuration=[("sources.0.paths", "/logs/combined*.log"), ("state.file", "/state/logship.db")],
    )


def main() -> None:
    """Draw the page into a file."""
    picture = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/status.png")
    text = document(Reporter().report(quarter_of_an_hour(), 15), Choice(15, "p99"), 0.0, "")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        (Path(place) / "page.html").write_text(text.replace("status.css?", "status.css"), encoding="utf-8")
        style = resources.files("logship.expose.status").joinpath("status.css").read_bytes()
        (Path(place) / "status.css").write_bytes(style)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 760}, java_script_enabled=False)
        page.goto(f"file://{place}/page.html")
        page.screenshot(path=picture)
        browser.close()
    print(picture)


if __name__ == "__main__":
    main()
