"""A report is of the numbers of any replay: read slot by slot, everything comes to the same result."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from logship.config import Config, LimitOptions, Source, load
from logship.measure import Tally
from logship.pipeline import MeasureOptions, Window
from logship.replay import condition, plan, replay
from logship.replay.html import Reading, Timeline, read_for_report
from logship.replay.html.timeline import ALL, Place

DATA = Path(__file__).parents[2] / "data"
GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.yml"))
CONFIG = Config(measure=MeasureOptions(quantiles=True))


def read(paths: list[str], config: Config = CONFIG, **options: Any) -> Reading:
    timeline = Timeline(where=options.get("where", ()))
    return read_for_report(plan(paths), config, lambda _more: None, timeline=timeline, **options)


def assert_equals_a_replay(paths: list[str], config: Config = CONFIG, window: Window | None = None) -> Reading:
    found = read(paths, config, window=window)
    assert found.result == replay(plan(paths), config, lambda _more: None, window=window)
    cells = [cell for cell in found.timeline.cells(ALL) if cell is not None]
    assert sum(cell.requests for cell in cells) + found.timeline.untimed == found.result.tally.whole().requests
    return found


@pytest.mark.parametrize("variant", ["A", "B"])
def test_real_logs_come_to_the_result_of_a_replay(variant: str) -> None:
    found = assert_equals_a_replay([str(DATA / "winston-small" / variant / "combined.log.gz")])
    assert len(found.timeline.starts) > 1


@pytest.mark.parametrize(
    "limits", [LimitOptions(max_routes=3), LimitOptions(max_series=4)], ids=["max_routes", "max_series"]
)
def test_limits_fold_the_same_requests(limits: LimitOptions) -> None:
    found = assert_equals_a_replay([str(DATA / "winston-small/B/combined.log.gz")], replace(CONFIG, limits=limits))
    assert found.result.tally.folded
    assert {each.labels for each in found.slowest} <= found.result.tally.series.keys()


def test_a_window_leaves_out_the_same_lines() -> None:
    path = str(DATA / "winston-small/A/combined.log.gz")
    whole = read([path]).result.tally
    assert whole.first_event is not None
    found = assert_equals_a_replay([path], window=Window(since=whole.first_event + 1))
    assert 0 < found.result.tally.outside < found.result.tally.lines


@pytest.mark.parametrize("case", GOLDEN, ids=lambda path: path.stem)
def test_golden_logs_come_to_the_result_of_a_replay(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = yaml.safe_load(case.read_text("utf-8"))["files"]
    for name, lines in files.items():
        (tmp_path / name).write_text(lines, encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    config = load("logship.yml") if "logship.yml" in files else Config()
    config = replace(config, measure=replace(config.measure, quantiles=True))
    assert_equals_a_replay([name for name in files if name.endswith("log")], config)


def test_wrapped_lines_come_to_the_result_of_a_replay(tmp_path: Path) -> None:
    log = gzip.decompress((DATA / "winston-small/A/combined.log.gz").read_bytes()).decode()
    lines = [json.dumps({"log": line + "\n", "stream": "stdout", "time": "x"}) for line in log.split("\n")[:500]]
    wrapped = tmp_path / "wrapped.log"
    wrapped.write_text("\n".join(lines) + "\n")
    source = Source(paths=(str(wrapped),), wrap="docker", labels={"pod": "a"})
    found = assert_equals_a_replay([str(wrapped)], replace(CONFIG, sources=(source,)))
    assert found.result.tally.parts


def record(second: int, duration: float | None, **fields: Any) -> str:
    at = f"2026-11-23T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"
    request = {"timestamp": at, "level": "info", "message": "HTTP Request", "method": "GET", "route": "/a"}
    return json.dumps(request | {"status": 200} | ({} if duration is None else {"duration": duration}) | fields)


@given(
    st.lists(st.tuples(st.integers(0, 86_399), st.sampled_from([1.0, 5.0, 7.5, 900.0]), st.booleans()), max_size=150)
)
def test_times_in_disorder_come_to_the_result_of_a_replay(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[int, float, bool]]
) -> None:
    log = tmp_path_factory.mktemp("logs") / "a.log"
    lines = [record(at, duration, **({"timestamp": None} if bare else {})) for at, duration, bare in requests]
    log.write_text("".join(f"{line}\n" for line in lines))
    assert_equals_a_replay([str(log)])


@given(st.lists(st.sampled_from([1.0, 2.0, 3.5, 50.0, None, 70.25]), min_size=1, max_size=200))
def test_the_slowest_requests_are_the_slowest_the_first_of_equal_ones(
    tmp_path_factory: pytest.TempPathFactory, durations: list[float | None]
) -> None:
    log = tmp_path_factory.mktemp("logs") / "a.log"
    lines = [record(second, each, request_id=f"r{second}") for second, each in enumerate(durations)]
    log.write_text("".join(f"{line}\n" for line in lines))
    known = [(each, second) for second, each in enumerate(durations) if each is not None]
    expected = sorted(known, key=lambda pair: (-pair[0], pair[1]))[:50]
    found = read([str(log)]).slowest
    assert [(each.duration_ns / 1e6, each.request_id) for each in found] == [(ms, f"r{at}") for ms, at in expected]


@pytest.fixture
def slowest_of(tmp_path: Path) -> Callable[..., list[Any]]:
    def slowest_of(*lines: str, config: Config = CONFIG, **options: Any) -> list[Any]:
        log = tmp_path / "a.log"
        log.write_text("".join(f"{line}\n" for line in lines))
        return list(read([str(log)], config, **options).slowest)

    return slowest_of


def test_a_slow_request_has_its_ids_and_its_time(slowest_of: Callable[..., list[Any]]) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    (found,) = slowest_of(record(61, 5.0, request_id="r-1", trace_id=trace, url="/secret?token=1"))
    assert (found.request_id, found.trace_id, found.at) == ("r-1", trace, 1795392061.0)
    assert "secret" not in repr(found)


@pytest.mark.parametrize("hostile", ["<script>", "x" * 65, "a b", "", {"a": 1}, True, "\u202e"])
def test_what_does_not_look_like_an_id_is_none(slowest_of: Callable[..., list[Any]], hostile: object) -> None:
    (found,) = slowest_of(record(1, 5.0, request_id=hostile, trace_id=hostile))
    assert found.request_id is found.trace_id is None


def test_only_requests_that_were_chosen_are_slow(slowest_of: Callable[..., list[Any]]) -> None:
    lines = [record(1, 900.0), record(2, 5.0, status=503), record(3, 800.0)]
    found = slowest_of(*lines, where=(condition("status=5xx"),))
    assert [each.labels.status for each in found] == ["503"]


def test_records_that_a_rule_drops_are_not_slow(tmp_path: Path, slowest_of: Callable[..., list[Any]]) -> None:
    config = tmp_path / "logship.yml"
    config.write_text("drop:\n  - userAgent: kube-probe\n")
    loaded = replace(load(str(config)), measure=CONFIG.measure)
    lines = [record(1, 900.0, userAgent="kube-probe"), record(1, 5.0, userAgent="curl")]
    assert [each.duration_ns for each in slowest_of(*lines, config=loaded)] == [5_000_000]


def test_damage_is_told_and_what_was_read_before_it_counts(tmp_path: Path) -> None:
    broken = tmp_path / "a.log.gz"
    whole = (DATA / "winston-small/A/combined.log.gz").read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    found = assert_equals_a_replay([str(broken)])
    assert len(found.result.damage) == 1
    assert found.result.tally.requests


def test_a_flood_of_routes_is_folded_in_the_timeline_too(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(record(second, 5.0, route=f"/r{second}") + "\n" for second in range(2000)))
    found = assert_equals_a_replay([str(log)])
    folded = [cell for cell in found.timeline.cells(Place("GET", "__other__")) if cell is not None]
    assert sum(cell.requests for cell in folded) == found.result.tally.folded == 1500


def test_nothing_comes_to_nothing(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    found = assert_equals_a_replay([str(log)])
    assert found.result.tally == Tally()
    assert not found.slowest


def test_an_input_that_is_gone_is_damage_and_the_others_are_counted(tmp_path: Path) -> None:
    gone = tmp_path / "gone.log"
    gone.write_bytes(b"x\n")
    planned = plan([str(gone), str(DATA / "winston-small/A/combined.log.gz")])
    gone.unlink()
    found = read_for_report(planned, CONFIG, lambda _more: None, timeline=Timeline())
    assert found.result == replay(planned, CONFIG, lambda _more: None)
    assert len(found.result.damage) == 1
