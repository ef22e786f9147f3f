"""Make the picture of docs/report.md: a day of made-up traffic, its report, and Chromium's view of that.

python examples/report_picture.py docs/images/report.png
"""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

ROUTES = {
    ("GET", "/api/heroes"): (5, 22.0),
    ("GET", "/api/heroes/:slug"): (6, 31.0),
    ("GET", "/api/students/:id"): (4, 27.0),
    ("POST", "/api/students/:id/progress"): (3, 64.0),
    ("POST", "/api/auth/login"): (1, 180.0),
    ("GET", "/api/reports/:class"): (1, 420.0),
}
"""How often each is asked for, and how many milliseconds it usually takes."""

DAY = datetime(2026, 11, 23, tzinfo=UTC)
INCIDENT = (10.2, 11.1)
SILENCE = (3.0, 3.7)


def lines(dice: random.Random, requests: int) -> Iterator[str]:
    """Yield a day: more by day than by night, an hour in which a database is slow, and one in which nobody logs."""
    for number in range(requests):
        hour = 24 * number / requests
        busy = 0.55 - 0.45 * math.cos(2 * math.pi * (hour - 1) / 24)
        if SILENCE[0] < hour < SILENCE[1] or dice.random() > busy:
            continue
        (method, route), (_, usual) = dice.choices(list(ROUTES.items()), [often for often, _ in ROUTES.values()])[0]
        is_incident = INCIDENT[0] < hour < INCIDENT[1]
        duration = usual * dice.lognormvariate(0.0, 0.55) * (7 if is_incident else 1 + busy / 2)
        status = 503 if dice.random() < (0.12 if is_incident else 0.002) else 200
        at = (DAY + timedelta(hours=hour)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"timestamp": at, "level": "info", "message": "HTTP Request", "service": "heroes-api", "boot_id": "b"}
        request = {"method": method, "route": route, "status": status, "duration": round(duration, 1)}
        yield json.dumps(record | request | {"request_id": f"{dice.getrandbits(128):032x}"}) + "\n"


def main(target: Path) -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as directory:
        log, report = Path(directory, "combined.log"), Path(directory, "report.html")
        log.write_text("".join(lines(random.Random(23), 150_000)))
        command = [sys.executable, "-m", "logship", "replay", str(log), "--output", "html", "--to", str(report)]
        subprocess.run(command, check=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1060, "height": 940})
            page.goto(report.as_uri())
            page.wait_for_selector("html[data-charts=drawn]")
            target.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=target)
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
