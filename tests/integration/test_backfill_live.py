"""What a Prometheus scraped from a tailer, and what another one was given from the same log afterwards, are equal.

A scrape at a time between two steps sees what the samples of the steps around it say, and so do rates, increases and
quantiles of both, at every step.
"""

from __future__ import annotations

import math
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash.tailing import Tail, command, wait_for
from integration.prometheus import Curves, Prometheus
from replay.backfill.days_read import line

pytestmark = pytest.mark.integration

SECONDS = 16
WINDOW = 5
COUNTERS = '{__name__=~"(http|log)_.+_(total|bucket|count|sum)|logship_lines_total|logship_read_bytes_total"}'
SELECTED = '{job="logship"}'
SLACK = 1
"""Steps more that a line may be late to a scrape, or a scrape to its time, on a machine with much to do."""


@pytest.fixture
def started() -> Iterator[list[Prometheus]]:
    running: list[Prometheus] = []
    yield running
    for each in running:
        each.stop()


def test_live_and_backfilled_numbers_are_equal(
    tmp_path: Path, server_program: Callable[[str], str], promtool: str, started: list[Prometheus]
) -> None:
    assert promtool
    log = tmp_path / "app.log"
    log.touch()
    tail = Tail(tmp_path, [log])
    tail.start()
    try:
        wait_for(tail.serves)
        target = tail.url.removeprefix("http://")
        job = {"job_name": "logship", "static_configs": [{"targets": [target]}]}
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}
        live = Prometheus(server_program("prometheus"), tmp_path / "live", config)
        started.append(live)
        wait_for(lambda: live.values("up == 1", time.time()))
        start, end = write_for_a_while(log)
        wait_for(lambda: total(live, time.time()) == log.read_bytes().count(b"\n"))
    finally:
        tail.kill()

    labels = ("--label", "job=logship", "--label", f"instance={target}")
    days, blocks = tmp_path / "days", tmp_path / "past/tsdb"
    replayed = ("replay", log, "--output", "openmetrics", "--step", "1s", "--to", days, *labels)
    subprocess.run([*command(), *replayed], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*command(), "backfill", days, "--into", blocks], check=True)
    past = Prometheus(server_program("prometheus"), tmp_path / "past", {}, "--storage.tsdb.retention.time=10y")
    started.append(past)

    scraped = live.samples(COUNTERS, time.time(), SECONDS * 4)
    filled = past.samples(COUNTERS, end + 2, SECONDS * 4)
    assert set(scraped) == set(filled)
    assert {key: last(each) for key, each in scraped.items()} == {key: last(each) for key, each in filled.items()}
    assert not [key for key, each in scraped.items() if not is_between(each, filled[key])]

    first, beyond = math.ceil(start) + WINDOW + 2, math.floor(end)
    assert beyond - first > WINDOW
    for function in ("rate", "increase"):
        asked = f"{function}(http_requests_total{SELECTED}[{WINDOW}s])"
        seen = live.curves(asked, first, beyond, 1), past.curves(asked, first, beyond, 1)
        tolerance = most_in_a_step(filled) * (1 if function == "increase" else 1 / WINDOW)
        assert widest_difference(*seen) <= tolerance, function
    asked = f"histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket{SELECTED}[{WINDOW}s])))"
    quantiles = past.curves(asked, first, beyond, 1)[()]
    around = live.curves(asked, first - 2, beyond + 2, 0.25)[()]
    for at, value in quantiles.items():
        near = [each for moment, each in around.items() if abs(moment - at) <= 1 + SLACK]
        assert min(near) * 0.9 <= value <= max(near) * 1.1, at


def write_for_a_while(log: Path) -> tuple[float, float]:
    """Write requests at the times they tell; return when that began and ended."""
    chance = random.Random(7)  # noqa: S311
    start = time.time()
    with log.open("a", encoding="utf-8", buffering=1) as file:
        while (now := time.time()) < start + SECONDS:
            slow = 8 if now > start + SECONDS / 2 else 1
            route = chance.choice(("/api/heroes", "/api/heroes/:id"))
            status = 500 if chance.random() < 0.1 else 200
            file.write(f"{line(now, route=route, status=status, milliseconds=slow * chance.lognormvariate(4, 1))}\n")
            time.sleep(chance.expovariate(40))
    return start, now


def total(prometheus: Prometheus, at: float) -> float:
    return sum(prometheus.values("sum(logship_lines_total)", at).values())


def last(curve: dict[float, float]) -> float:
    return curve[max(curve)]


def is_between(scraped: dict[float, float], filled: dict[float, float]) -> bool:
    """Return whether each scrape shows what the steps around it do."""
    begin, end = min(filled), max(filled)
    return all(
        filled.get(max(begin, math.floor(at) - SLACK), 0) <= value <= filled.get(math.ceil(at) + SLACK, filled[end])
        for at, value in scraped.items()
    )


def most_in_a_step(filled: Curves) -> float:
    """Return the most requests that one series has in the time that a scrape may be off, extrapolated as rates are."""
    most = 0.0
    for key, curve in filled.items():
        if ("__name__", "http_requests_total") in key:
            most = max(most, *(curve.get(at + 1, value) - value for at, value in curve.items()))
    return most * WINDOW / (WINDOW - 1)


def widest_difference(one: Curves, other: Curves) -> float:
    assert set(one) == set(other)
    return max(abs(value - other[key].get(at, math.inf)) for key, curve in one.items() for at, value in curve.items())
