"""A real Prometheus scrapes a tailer that is killed again and again: it never sees a counter reset (P2)."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from crash.logs import Log, writing
from crash.rotations import renamed_and_created
from crash.tailing import DEADLINE, Tail, get, wait_for
from crash.written import LATENCY, Lines, Samples
from loopback import free_port

pytestmark = pytest.mark.integration

KILLS = 3
SCRAPE_TIMEOUT_SECONDS = 1.0
NAMES = ("http_requests_total", f"{LATENCY}_bucket", f"{LATENCY}_count", f"{LATENCY}_sum", "log_messages_total")
ALL_OF_THEM = f'{{__name__=~"{"|".join(NAMES)}"}}'


class Prometheus:
    """A running Prometheus that scrapes one tailer each second."""

    def __init__(self, program: str, directory: Path, target: str) -> None:
        config = directory / "prometheus.yml"
        times = {"scrape_interval": "1s", "scrape_timeout": f"{SCRAPE_TIMEOUT_SECONDS:.0f}s"}
        job = {"job_name": "logship", "static_configs": [{"targets": [target]}]}
        config.write_text(json.dumps({"global": times, "scrape_configs": [job]}))  # which is YAML, too
        address = f"127.0.0.1:{free_port()}"
        self._api = f"http://{address}/api/v1/query"
        self._said = directory / "prometheus.talk"
        with self._said.open("wb") as talk:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={config}",
                    f"--storage.tsdb.path={directory / 'tsdb'}",
                    f"--web.listen-address={address}",
                ],
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
        wait_for(self._is_ready)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the result of an instant query."""
        answer = get(self._api, params={"query": expression}).json()
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def value(self, expression: str) -> float:
        """Return the only value of an instant query, 0 when there is none."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else 0.0

    def wait_for_scrapes(self, more: int) -> None:
        """Wait until so many more scrapes succeeded."""
        before = self.value("sum_over_time(up[5m])")
        wait_for(lambda: self.value("sum_over_time(up[5m])") >= before + more)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self._said.read_text()
        try:
            self.query("1")
        except (httpx.TransportError, ValueError):  # it says in plain words that it is not ready yet
            return False
        return True


class Lives:
    """Starts and kills a tailer, and notes from when to when it served."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._since = 0.0
        self.spans: list[tuple[float, float]] = []

    def begin(self) -> None:
        self._tail.start()
        wait_for(self._tail.serves)
        wait_for(self._tail.is_ready)
        self._since = time.time()

    def end(self) -> None:
        self.spans.append((self._since, time.time()))
        self._tail.kill()

    def cover(self, at: float) -> bool:
        """Return whether a scrape that began at a time had a tailer to answer it."""
        return any(since <= at <= until - SCRAPE_TIMEOUT_SECONDS for since, until in self.spans)


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Tail]:
    (tmp_path / "logs").mkdir()
    tail = Tail(tmp_path, [tmp_path / "logs" / "app.log*"])
    yield tail
    tail.kill()


@pytest.fixture
def prometheus(server_program: Callable[[str], str], tmp_path: Path, tail: Tail) -> Iterator[Prometheus]:
    running = Prometheus(server_program("prometheus"), tmp_path, tail.url.removeprefix("http://"))
    yield running
    running.stop()


def test_prometheus_sees_no_reset_and_every_request_though_the_tailer_is_killed(
    tmp_path: Path, tail: Tail, prometheus: Prometheus
) -> None:
    lines = Lines(seed=11)
    log = Log(lines, 11, is_read=lambda _: True)
    log.reopen(tmp_path / "logs" / "app.log")
    lives = Lives(tail)
    with writing(log, renamed_and_created, random.Random(11)):  # noqa: S311
        for kill in range(KILLS):
            lives.begin()
            prometheus.wait_for_scrapes(3)  # the first may have begun before, the last may end after this life
            lives.end()
            if kill % 2:  # else it comes back before anybody notices, maybe
                wait_for(lambda: prometheus.value("1 - up"))
    lives.begin()
    expected = {key: value for key, value in lines.written.samples().items() if key[0] in NAMES}
    wait_for(lambda: scraped(prometheus.query(ALL_OF_THEM)) == expected)
    lives.end()

    assert log.rotations > 0
    resets = [prometheus.query(f"resets({name}[5m])") for name in NAMES]
    assert sum(map(len, resets)) == len(expected)
    assert [each for result in resets for each in result if each["value"][1] != "0"] == []
    beginnings = prometheus.query('changes({__name__=~"http_.*_created"}[5m])')
    assert {each["value"][1] for each in beginnings} == {"0"}, "a series began when it began, whoever was killed since"
    ups = [(float(at), value) for at, value in prometheus.query("up[5m]")[0]["values"] if lives.cover(float(at))]
    assert len(ups) >= KILLS
    assert {value for _, value in ups} == {"1"}, ups


def scraped(result: list[dict[str, Any]]) -> Samples:
    """Return the result of an instant query as the samples of a scrape."""
    samples: Samples = {}
    for each in result:
        labels = {name: value for name, value in each["metric"].items() if name not in {"job", "instance"}}
        if "le" in labels and labels["le"] != "+Inf":
            labels["le"] = str(float(labels["le"]))
        samples[labels.pop("__name__"), tuple(sorted(labels.items()))] = float(each["value"][1])
    return samples
