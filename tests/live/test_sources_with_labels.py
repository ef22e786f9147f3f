"""Sources with labels of their own: each number bears those of its source, through rotation and restarts."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live.driven import end, scrape
from prometheus_client.parser import text_string_to_metric_families
from words import request, rotate, write

from logship.config import Config, Source
from logship.config.schema import StateOptions
from logship.expose import ServeOptions
from logship.live import Tailer, build

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def config_in(directory: Path) -> Config:
    return Config(
        sources=(
            Source((str(directory / "a" / "*.log"),), labels={"app": "a", "team": "x"}),
            Source((str(directory / "b" / "*.log"),), format="winston", labels={"app": "b"}),
            Source((str(directory / "*.log"),)),
        ),
        serve=ServeOptions(listen="127.0.0.1:0"),
        state=StateOptions(file=str(directory / "state.db")),
    )


@contextmanager
def tailing(directory: Path) -> Iterator[Tailer]:
    tailer = build(config_in(directory), lambda _event, **_fields: None)
    try:
        tailer.sidecar.drain()
        yield tailer
    finally:
        end(tailer)


def scraped(tailer: Tailer) -> Samples:
    tailer.sidecar.drain()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(scrape(tailer))
        for sample in family.samples
    }


def requests_by_app(samples: Samples) -> dict[str, float]:
    return {
        dict(labels).get("app", ""): value for (name, labels), value in samples.items() if name == "http_requests_total"
    }


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_each_number_bears_the_labels_of_its_source(logs: Path) -> None:
    write(logs / "a" / "app.log", request("/r"), "not JSON")
    write(logs / "b" / "app.log", request("/r"), request("/r"))
    write(logs / "plain.log", *[request("/r")] * 3)
    with tailing(logs) as tailer:
        samples = scraped(tailer)
        assert requests_by_app(samples) == {"a": 1, "b": 2, "": 3}
        rejected = {labels: value for (name, labels), value in samples.items() if dict(labels).get("reason")}
        assert rejected == {(("app", "a"), ("outcome", "rejected"), ("reason", "invalid_json"), ("team", "x")): 1}
        assert (
            samples["http_request_duration_seconds_count", (*LABELS_OF_A, ("status_code", "200"), ("team", "x"))] == 1
        )
        assert tailer.tally.requests == 6
        lost = [labels for name, labels in samples if name == "logship_lost_lines_total"]
        assert lost == [()], "what is known of all sources together has the labels of none"


LABELS_OF_A = (("app", "a"), ("method", "GET"), ("route", "/r"))


def test_they_keep_them_through_rotation_compression_and_a_restart(logs: Path) -> None:
    lines = (request("/r", duration=number) for number in itertools.count())
    for name, count in (("a", 1), ("b", 2)):
        write(logs / name / "app.log", *itertools.islice(lines, count))
    with tailing(logs) as tailer:
        assert requests_by_app(scraped(tailer)) == {"a": 1, "b": 2}
        rotate(logs / "b" / "app.log")
        write(logs / "b" / "app.log", next(lines))
        assert requests_by_app(scraped(tailer)) == {"a": 1, "b": 3}
    for name in ("a", "b"):
        write(logs / name / "app.log", next(lines))
        rotate(logs / name / "app.log")
        rotated = logs / name / "app.log.1"
        rotated.with_name("app.log.1.gz").write_bytes(gzip.compress(rotated.read_bytes()))
        rotated.unlink()
        write(logs / name / "app.log", next(lines))
    with tailing(logs) as tailer:
        assert requests_by_app(scraped(tailer)) == {"a": 3, "b": 5}
