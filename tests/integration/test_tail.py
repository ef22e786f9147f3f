"""The real `logship tail` process: what Prometheus would scrape while files are written, rotated, and at a stop.

`poll_seconds` is a minute, so that only a scrape, a stop or file notification can make it look.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from crash.tailing import DEADLINE, command, get, wait_for
from prometheus_client.parser import text_string_to_metric_families
from words import move_on, request, rotate, winston_log, write, write_half

pytestmark = pytest.mark.integration

LATENCY = "http_request_duration_seconds"

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]


class Tail:
    """A running `logship tail`."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        config = directory / "logship.yml"
        config.write_text("poll_seconds: 60\n")
        self._talk = directory / "talk"
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*command(), "tail", "--config", config, "--listen", "127.0.0.1:0", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
        self.url = wait_for(lambda: re.search(r"url=(http://\S+?)/metrics", self.talk))[1]
        wait_for(lambda: answers(f"{self.url}/readyz"))

    @property
    def talk(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._talk.read_text())

    def scrape(self) -> Samples:
        return samples(get(f"{self.url}/metrics").text)

    def requests(self) -> int:
        """Scrape, return the sum of all requests."""
        return total(self.scrape(), "http_requests_total")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the process; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)


def answers(url: str) -> bool:
    try:
        return get(url).is_success
    except httpx.TransportError:
        return False


def samples(exposition: str) -> Samples:
    """Return samples by name and labels; bounds are numbers, `1` and `1.0` the same."""
    return {
        (sample.name, labels_of(sample.labels)): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def labels_of(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, str(float(value)) if name == "le" else value) for name, value in labels.items()))


def total(scraped: Samples, name: str) -> int:
    return int(sum(value for (each, _), value in scraped.items() if each == name))


def summed_over_routes(scraped: Samples, name: str) -> Counter[Labels]:
    sums: Counter[Labels] = Counter()
    for (each, labels), value in scraped.items():
        if each == name:
            sums[tuple(pair for pair in labels if pair[0] != "route")] += int(value)
    return sums


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Callable[..., Tail]]:
    with ExitStack() as running:

        def start(*arguments: str | Path) -> Tail:
            started = Tail(tmp_path, *arguments)
            running.callback(started.kill)
            return started

        yield start


Start = Callable[..., Tail]


def test_a_scrape_reflects_every_line_written_before_it(logs: Path, tail: Start) -> None:
    log = logs / "combined.log"
    write(log, request())
    tailing = tail(logs / "combined*.log")
    for number in range(1, 20):
        assert tailing.requests() == number
        write(log, request())
    write_half(log, request())
    assert tailing.requests() == 20
    write_half(log, "\n")
    scraped = tailing.scrape()
    assert total(scraped, "http_requests_total") == 21
    assert total(scraped, "logship_lines_total") == 21
    assert total(scraped, "logship_behind_bytes") == 0


def test_rotation_by_rename_loses_nothing_while_running(logs: Path, tail: Start) -> None:
    log = logs / "combined.log"
    write(log, request())
    tailing = tail(log)
    for _ in range(5):
        write(log, request())
        rotate(log)
        write(log, request())
        write(log.with_name("combined.log.1"), request())
        tailing.scrape()
    assert tailing.requests() == 16
    assert tailing.scrape()["logship_file_events_total", (("event", "renamed"),)] == 5


def test_winstons_moving_number_loses_nothing_while_running(logs: Path, tail: Start) -> None:
    write(winston_log(logs, 0), request())
    tailing = tail(logs / "combined*.log")
    for number in range(1, 11):
        write(winston_log(logs, number - 1), request())
        write(move_on(logs, number), request())
        assert tailing.requests() == 1 + 2 * number


def test_a_file_that_appears_after_the_start_is_followed(tmp_path: Path, tail: Start) -> None:
    tailing = tail(tmp_path / "late" / "*.log")
    assert tailing.requests() == 0
    (tmp_path / "late").mkdir()
    write(tmp_path / "late" / "combined.log", request())
    assert tailing.requests() == 1


def test_a_file_that_appears_is_noticed_without_a_scrape(logs: Path, tail: Start) -> None:
    tailing = tail(logs / "*.log")
    write(logs / "combined.log", request())
    wait_for(lambda: "following" in tailing.talk)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_quick_and_counts_what_was_written_before(logs: Path, tail: Start, number: signal.Signals) -> None:
    log = logs / "combined.log"
    write(log, request())
    tailing = tail(log)
    write(log, *[request()] * 41)
    assert tailing.stop(number) == 0
    assert re.search(r"stopped\s+lines=42 rejected=0 requests=42", tailing.talk)
    assert "Traceback" not in tailing.talk


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_a_client_keeps_its_connection_open_is_quick(
    logs: Path, tail: Start, number: signal.Signals
) -> None:
    tailing = tail(logs / "*.log")
    host, port = tailing.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert tailing.stop(number) == 0
    assert "Traceback" not in tailing.talk


def test_an_address_in_use_is_one_line_and_exit_code_1(logs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [*command(), "tail", "--listen", address, logs],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"cannot listen on {address}" in line


def test_scrapes_at_the_same_time_are_all_fresh(logs: Path, tail: Start) -> None:
    log = logs / "combined.log"
    tailing = tail(log)
    with ThreadPoolExecutor(8) as pool:
        for number in range(1, 11):
            write(log, request())
            assert set(pool.map(lambda _: tailing.requests(), range(8))) == {number}


def test_counters_equal_what_the_application_measured_itself(unpacked: Callable[[str], Path], tail: Start) -> None:
    """Bucket for bucket (P4): the records hold the route."""
    truth = samples(unpacked("winston-small/A/truth.prom.gz").read_text())
    scraped = tail(unpacked("winston-small/A/combined.log.gz")).scrape()
    named = {f"{LATENCY}_bucket", f"{LATENCY}_count", "http_requests_total"}
    expected = {key: value for key, value in truth.items() if key[0] in named}
    assert expected
    assert {key: value for key, value in scraped.items() if key[0] in named} == expected
    for (name, labels), value in truth.items():
        if name == f"{LATENCY}_sum":
            assert scraped[name, labels] == pytest.approx(value, abs=1e-6)


def test_counters_without_routes_equal_the_truth_summed_over_routes(
    unpacked: Callable[[str], Path], tail: Start
) -> None:
    """The records hold only urls: methods, status codes and buckets are right, whatever the routes are called."""
    truth = samples(unpacked("winston-small/B/truth.prom.gz").read_text())
    scraped = tail(unpacked("winston-small/B/combined.log.gz")).scrape()
    for name in (f"{LATENCY}_bucket", f"{LATENCY}_count", "http_requests_total"):
        assert summed_over_routes(scraped, name) == summed_over_routes(truth, name) != Counter()


def test_every_line_has_one_outcome(unpacked: Callable[[str], Path], tail: Start) -> None:
    """P7: the outcomes add up to the lines read."""
    truth = json.loads(unpacked("winston-small/A/truth.json.gz").read_text())
    scraped = tail(unpacked("winston-small/A/combined.log.gz")).scrape()
    assert total(scraped, "logship_lines_total") == truth["total_lines"]
    assert total(scraped, "http_requests_total") == truth["request_lines"]


def test_a_flood_of_distinct_urls_leaves_bounded_series_bounded_memory_and_right_totals(
    logs: Path, tail: Start
) -> None:
    """P6: what has no room of its own is counted under __other__."""
    log = logs / "combined.log"
    write(log, *(request(f"/warm/{number % 50}") for number in range(1000)))
    tailing = tail(log)
    before = tailing.scrape()["process_resident_memory_bytes", ()]
    for turn in range(6):
        write(log, *(request(f"/flood/word{turn}x{number}") for number in range(10_000)))
        tailing.scrape()
    scraped = wait_for(lambda: all_of(tailing, 61_000))
    assert total(scraped, "http_requests_total") == total(scraped, f"{LATENCY}_count") == 61_000
    assert total(scraped, "logship_series_folded_total") == 60_000 - 450
    assert sum(name == "http_requests_total" for name, _ in scraped) == 501
    assert scraped["http_requests_total", (("method", "GET"), ("route", "__other__"), ("status", "200"))] == 59_550
    assert scraped["process_resident_memory_bytes", ()] - before < 32 << 20


def all_of(tailing: Tail, expected: int) -> Samples | None:
    """Return a scrape that holds so many requests: on a slow machine one may run out of its budget."""
    scraped = tailing.scrape()
    return scraped if total(scraped, "http_requests_total") >= expected else None


def test_a_tail_does_not_keep_descriptors_of_files_that_went(logs: Path, tail: Start) -> None:
    tailing = tail(logs / "*.log")
    for number in range(20):
        write(logs / f"{number}.log", request())
    assert tailing.requests() == 20
    opened = os.listdir(f"/proc/{tailing.process.pid}/fd")  # noqa: PTH208 - names only
    assert len(opened) < 50
