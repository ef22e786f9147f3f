"""What tests of backfills write and read: lines at times, and files of days as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from logship.config import Config
from logship.replay import plan, survey
from logship.replay.backfill import Backfill, BackfillOptions, prepare, write_backfill

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
REQUESTS = 'http_requests_total{method="GET",route="/api/heroes",status="200"}'
SECONDS_SUM = 'http_request_duration_seconds_sum{method="GET",route="/api/heroes",status_code="200"}'

Samples = dict[str, list[tuple[float, float]]]
"""Times and values by series."""


def line(at: float, *, route: str = "/api/heroes", status: int = 200, milliseconds: float = 20) -> str:
    """Return a request that was answered at a time."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {"timestamp": stamp, "level": "info", "message": "HTTP Request", "method": "GET", "route": route}
    return json.dumps({**record, "url": route, "status": status, "duration": round(milliseconds, 3)})


def log(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    return path


def backfilled(directory: Path, options: BackfillOptions, config: Config | None = None) -> Backfill:
    """Write the files of days for all logs of a directory."""
    config = config or Config()
    prepare(options.directory)
    return write_backfill(survey(plan([str(directory / "*.log")]), config), config, options)


def samples_in(directory: Path) -> Samples:
    """Return what files of days hold; fail where one is not as it must be."""
    found: Samples = {}
    for path in sorted(directory.glob("*.om")):
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n# EOF\n")
        seen: list[str] = []
        for each in text.splitlines()[:-1]:
            if each.startswith("#"):
                continue
            series, value, at = each.rsplit(" ", 2)
            if not seen or seen[-1] != series:
                assert series not in seen, "the samples of a series stand together"
                seen.append(series)
            times = found.setdefault(series, [])
            assert not times or times[-1][0] < float(at), "times rise"
            assert datetime.fromtimestamp(float(at), UTC).strftime("%Y-%m-%d") == path.stem
            times.append((float(at), float(value)))
    return found
