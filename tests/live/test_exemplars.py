"""Trace ids of recent requests are shown in OpenMetrics alone, in the buckets of their requests, and nowhere after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from live.driven import scrape
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from words import write

from logship.config import Config, Source
from logship.expose import ServeOptions
from logship.live import Tailer
from logship.pipeline import MeasureOptions

REQUEST = (
    '{"timestamp":"2026-11-23T07:00:00Z","level":"info","message":"HTTP Request","method":"GET","url":"/a/1",'
    '"status":200,"duration":%d,"trace_id":"%s"}'
)

New = Callable[..., Tailer]


@pytest.fixture(name="tailing")
def _tailing(tmp_path: Path, built: Callable[[Config], Tailer]) -> New:
    def begin(**measure: bool) -> Tailer:
        return built(
            Config(
                sources=(Source((str(tmp_path / "app.log"),), labels={"app": "a"}),),
                serve=ServeOptions(listen="127.0.0.1:0"),
                measure=MeasureOptions(**measure),  # type: ignore[arg-type]  # the options of these tests are booleans
            )
        )

    return begin


def scraped(tailer: Tailer, *, openmetrics: bool = True) -> str:
    tailer.sidecar.drain()
    return scrape(tailer, openmetrics=openmetrics)


def shown(tailer: Tailer) -> dict[str, tuple[str, float, float]]:
    return {
        sample.labels["le"]: (
            sample.exemplar.labels["trace_id"],
            sample.exemplar.value,
            float(sample.exemplar.timestamp or 0),
        )
        for family in text_string_to_metric_families(scraped(tailer))  # type: ignore[no-untyped-call]  # comes without types
        for sample in family.samples
        if sample.exemplar
    }


def test_each_bucket_shows_the_last_of_its_requests(tmp_path: Path, tailing: New) -> None:
    write(tmp_path / "app.log", REQUEST % (20, "fast"), REQUEST % (700, "slow"))
    tailer = tailing()
    assert shown(tailer) == {"0.1": ("fast", 0.02, 1795417200.0), "1.0": ("slow", 0.7, 1795417200.0)}
    write(tmp_path / "app.log", (REQUEST % (30, "faster")).replace("07:00:00Z", "07:00:01Z"))
    assert shown(tailer) == {"0.1": ("faster", 0.03, 1795417201.0), "1.0": ("slow", 0.7, 1795417200.0)}


def test_the_text_format_shows_none(tmp_path: Path, tailing: New) -> None:
    write(tmp_path / "app.log", REQUEST % (20, "fast"))
    assert "fast" not in scraped(tailing(), openmetrics=False)


def test_none_are_shown_where_they_are_not_wanted(tmp_path: Path, tailing: New) -> None:
    write(tmp_path / "app.log", REQUEST % (20, "fast"))
    assert shown(tailing(exemplars=False)) == {}
