"""Backfilled numbers answer what dashboards and rules ask, as blocks and written into a running Prometheus."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.dashboards import PATHS, ROOT, load, queries, substitute
from crash.tailing import command
from integration.prometheus import Prometheus
from replay.backfill.days_read import line, log

pytestmark = pytest.mark.integration

HOUR = 3600
MINUTES = 20
LABELS = ("--label", "job=heroes-api", "--label", "instance=api:9113")
RULES = sorted((ROOT / "configs/prometheus/rules").glob("*.yml"))
ROUNDS = 3
"""Rules that need others are evaluated once these have their numbers."""

WHAT_ONLY_LIVE_SERVERS_TELL = re.compile(
    r"ALERTS|\bup\b|\bup\{|process_|scrape_|node_|pg_|pgbouncer_|redis_|log_volume"
    r"|logship_(behind_bytes|checkpoint_\w+|config_\w+|file_events_total|followed_files)"
)
EVERYTHING = {"__rate_interval": "5m", "__interval": "15s", "__range": "15m", "quantile": "0.9"}
EVERYTHING |= {"job": ".+", "instance": ".+", "route": ".*"}
OUT_OF_ORDER = {"storage": {"tsdb": {"out_of_order_time_window": "1d"}}}
TOTALS = 'sum by (__name__) ({__name__=~"(http|log|logship)_.+_(total|count|bucket|sum)"})'

Ask = Callable[..., Prometheus]


@pytest.fixture
def ask(server_program: Callable[[str], str], tmp_path: Path) -> Iterator[Ask]:
    """Return a function that starts a Prometheus in a directory, in place of the one before."""
    running: list[Prometheus] = []

    def start(name: str, config: dict[str, Any], *flags: str) -> Prometheus:
        while running:
            running.pop().stop()
        running.append(Prometheus(server_program("prometheus"), tmp_path / name, config, *flags))
        return running[0]

    yield start
    while running:
        running.pop().stop()


@pytest.fixture
def began() -> float:
    return math.floor(time.time() / 60) * 60 - 3 * HOUR


@pytest.fixture
def days(tmp_path: Path, began: float) -> Path:
    """Return a directory of files of days, made of a log of everything that a tailer reads."""
    chance = random.Random(3)  # noqa: S311
    lines = []
    for seq, second in enumerate(range(0, MINUTES * 60, 2), 1):
        at = began + second + chance.random()
        status = chance.choice((200, 200, 200, 404, 500))
        lines.append(
            line(at, route=chance.choice(("/a", "/b/:id")), status=status, milliseconds=chance.expovariate(0.01))
        )
        lines += [*others(at, seq), "no JSON"]
    log(tmp_path / "app.log", lines)
    days = tmp_path / "days"
    run("replay", tmp_path / "app.log", "--format", "app", "--output", "openmetrics", "--to", days, *LABELS)
    return days


def others(at: float, seq: int) -> list[str]:
    """Return records that are no requests."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    numbered = {"timestamp": stamp, "level": "info", "service": "x", "environment": "y"}
    end = {"seq": seq, "boot_id": "b"}
    said: list[dict[str, Any]] = [{**numbered, "message": "heartbeat", "active": 2, "heartbeat_seconds": 30, **end}]
    if seq % 50 == 0:
        checks = [{"name": "database", "status": "healthy"}]
        said = [{**numbered, "message": "health check", "checks": checks, **end}]
    elif seq % 7 == 0:
        said = [{**numbered, "level": "error", "message": "boom", "exception": {"type": "ValueError"}, **end}]
    return [json.dumps(each, separators=(",", ":")) for each in said]


def run(*arguments: object, code: int = 0) -> str:
    done = subprocess.run(
        [*command(), *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stderr


def unanswered(prometheus: Prometheus, began: float) -> dict[str, str]:
    """Return the expressions of dashboards and recording rules that have no answer, by where they stand."""
    asked = {
        query.place: substitute(query.expression, EVERYTHING) for path in PATHS for query in queries(load(path))
    } | recorded()
    answerable = {at: each for at, each in asked.items() if not WHAT_ONLY_LIVE_SERVERS_TELL.search(each)}
    assert len(answerable) > 50
    span = (began + 7 * 60, began + MINUTES * 60 - 30, 15)
    return {at: each for at, each in answerable.items() if not prometheus.curves(each, *span)}


def recorded() -> dict[str, str]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}


def make_blocks_of_rules(prometheus: Prometheus, promtool: str, tsdb: Path, began: float) -> None:
    span = [f"--start={began + 60:.0f}", f"--end={began + MINUTES * 60:.0f}", "--eval-interval=15s"]
    made = [promtool, "tsdb", "create-blocks-from", "rules", f"--url={prometheus.url}", f"--output-dir={tsdb}", *span]
    subprocess.run([*made, *RULES], check=True, capture_output=True)


def test_dashboards_and_rules_have_answers(tmp_path: Path, ask: Ask, promtool: str, began: float, days: Path) -> None:
    said = run("backfill", days, "--into", tmp_path / "blocks/tsdb")
    assert "made blocks of" in said
    blocks = ask("blocks", {})
    assert unanswered(blocks, began), "rules have not been evaluated yet"
    for _ in range(ROUNDS):
        make_blocks_of_rules(blocks, promtool, tmp_path / "blocks/tsdb", began)
        blocks = ask("blocks", {})
    assert unanswered(blocks, began) == {}


def test_a_running_server_takes_what_blocks_would_have_held(tmp_path: Path, ask: Ask, began: float, days: Path) -> None:
    end = began + MINUTES * 60 + 15
    run("backfill", days, "--into", tmp_path / "blocks/tsdb")
    expected = ask("blocks", {}).curves(TOTALS, began, end, 15)
    receiver = "--web.enable-remote-write-receiver"

    refusing = ask("refusing", {}, receiver)
    now = log(tmp_path / "now.log", [line(time.time())])
    run("replay", now, "--output", "openmetrics", "--to", tmp_path / "now", *LABELS)
    run("backfill", tmp_path / "now", "--remote-write", f"{refusing.url}/api/v1/write")
    said = run("backfill", days, "--remote-write", f"{refusing.url}/api/v1/write", code=1)
    assert "out_of_order_time_window" in said
    said = run("backfill", days, "--remote-write", f"{ask('closed', {}).url}/api/v1/write", code=1)
    assert "refuses the samples with 404" in said
    taking = ask("taking", OUT_OF_ORDER, receiver)
    said = run("backfill", days, "--remote-write", f"{taking.url}/api/v1/write")
    assert "logship: sent" in said
    assert taking.curves(TOTALS, began, end, 15) == expected
    assert "sent 0 samples" in run("backfill", days, "--remote-write", f"{taking.url}/api/v1/write")

    later = log(tmp_path / "later.log", [line(end + 60, route="/a")])
    joined = ("--continue-from", taking.url, "--to", tmp_path / "more", *LABELS)
    run("replay", later, "--output", "openmetrics", *joined)
    run("backfill", tmp_path / "more", "--remote-write", f"{taking.url}/api/v1/write")
    for name in ("http_requests_total", "http_request_duration_seconds_sum", "logship_read_bytes_total"):
        assert set(taking.values(f"resets({name}[30m])", end + 120).values()) == {0}
    series = 'http_requests_total{route="/a",status="200"}[2m]'
    (grown,) = taking.values(f"max_over_time({series}) - min_over_time({series})", end + 170).values()
    assert grown == 1, "the one request, not all that there were before it"
