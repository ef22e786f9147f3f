"""Samples are what scrapes at the times of the lines would have shown, however the lines are spread over files."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay.backfill.days_read import NOON, REQUESTS, SECONDS_SUM, backfilled, line, log, samples_in

from logship.config import Config, Source
from logship.errors import UsageError
from logship.replay.backfill import BackfillOptions, prepare, step_seconds
from logship.replay.backfill.writing import MAX_SILENCE_SECONDS

STEP = 15

moments = st.lists(st.integers(0, 4 * 60_000), min_size=1, max_size=60).map(sorted)


def test_each_step_has_the_numbers_of_all_lines_before_it(tmp_path: Path) -> None:
    log(tmp_path / "a.log", (line(NOON + at, milliseconds=20) for at in (0, 14.999, 15, 44)))
    result = backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    samples = samples_in(tmp_path / "out")
    at = [NOON + seconds for seconds in (0, 15, 30, 45)]
    assert samples[REQUESTS] == list(zip(at, (0, 2, 3, 4), strict=True))
    assert samples[SECONDS_SUM] == list(zip(at, (0, 0.04, 0.06, 0.08), strict=True))
    assert result.files == (tmp_path / "out/2026-11-23.om",)
    assert (result.samples, result.series) == (sum(map(len, samples.values())), len(samples))


def test_a_file_of_a_day_is_as_openmetrics_has_it(tmp_path: Path) -> None:
    log(tmp_path / "a.log", [line(NOON, route='/a"\\b')])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP, {"job": "api"}))
    lines = (tmp_path / "out/2026-11-23.om").read_text().splitlines()
    start = lines.index("# TYPE http_requests counter")
    assert lines[start - 1 : start + 3] == [
        "# HELP http_requests Total number of HTTP requests",
        "# TYPE http_requests counter",
        f'http_requests_total{{job="api",method="GET",route="/a\\"\\\\b",status="200"}} 0 {NOON:.0f}',
        f'http_requests_total{{job="api",method="GET",route="/a\\"\\\\b",status="200"}} 1 {NOON + STEP:.0f}',
    ]
    bounds = [each.split('le="')[1].split('"')[0] for each in lines if "_bucket{" in each]
    assert bounds[::2] == ["0.1", "0.5", "1.0", "2.0", "5.0", "+Inf"]
    families = [each.split()[2] for each in lines if each.startswith("# TYPE")]
    assert families == sorted(families)


@settings(max_examples=30)
@given(st.lists(moments, min_size=1, max_size=4), st.sampled_from([1, 15, 60]), st.sampled_from([20, 1 << 20]))
def test_files_that_overlap_in_time_are_merged(files: list[list[int]], step: int, max_points: int) -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        for number, times in enumerate(files):
            log(directory / f"{number}.log", (line(NOON + at / 1000, status=200 + number) for at in times))
        result = backfilled(directory, BackfillOptions(directory / "out", step, max_points=max_points))
        samples = samples_in(directory / "out")
    assert (result.reading.late, result.reading.untimed) == (0, 0)
    for number, times in enumerate(files):
        series = f'http_requests_total{{method="GET",route="/api/heroes",status="{200 + number}"}}'
        slots = Counter(int(at // (step * 1000)) + 1 for at in times)
        first, last = min(slots), max(int(each[-1] // (step * 1000)) + 1 for each in files)
        expected = list(accumulate((slots[slot] for slot in range(first, last + 1)), initial=0))
        assert samples[series] == [(NOON + (first - 1 + i) * step, value) for i, value in enumerate(expected)]


def test_every_family_counts_the_lines_of_series_that_rest(tmp_path: Path) -> None:
    log(tmp_path / "a.log", [line(NOON), line(NOON + 20, status=500), line(NOON + 40, status=500)])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    samples = samples_in(tmp_path / "out")
    for series in ('logship_lines_total{outcome="request"}', 'log_messages_total{level="info"}'):
        assert [value for _, value in samples[series]] == [0, 1, 2, 3]
    assert [value for _, value in samples[REQUESTS]] == [0, 1, 1, 1]


def test_what_there_was_before_midnight_goes_on_in_the_next_day(tmp_path: Path) -> None:
    midnight = NOON + 12 * 3600
    log(tmp_path / "a.log", [line(midnight - 20), line(midnight - 5, status=500), line(midnight + 20)])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["2026-11-23.om", "2026-11-24.om"]
    samples = samples_in(tmp_path / "out")
    assert samples[REQUESTS] == [(midnight + at, value) for at, value in ((-30, 0), (-15, 1), (0, 1), (15, 1), (30, 2))]
    failed = REQUESTS.replace("200", "500")
    assert samples[failed] == [(midnight + at, value) for at, value in ((-15, 0), (0, 1), (15, 1), (30, 1))]


@pytest.mark.parametrize(
    ("silence", "is_filled"), [(MAX_SILENCE_SECONDS - 60, True), (MAX_SILENCE_SECONDS + 60, False)]
)
def test_samples_go_on_through_a_short_silence_only(tmp_path: Path, silence: float, is_filled: bool) -> None:  # noqa: FBT001
    log(tmp_path / "a.log", [line(NOON), line(NOON + silence)])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    samples = samples_in(tmp_path / "out")[REQUESTS]
    if is_filled:
        assert [at for at, _ in samples] == [NOON + slot * STEP for slot in range(len(samples))]
    else:
        expected = [(0, 0), (STEP, 1), (silence, 1), (silence + STEP, 2)]
        assert samples == [(NOON + at, value) for at, value in expected]


def test_lines_out_of_order_count_at_their_time_and_those_too_late_as_a_scrape_sees_them(tmp_path: Path) -> None:
    times = [*range(0, 1200, 10), 1200 - 250, 20]
    log(tmp_path / "a.log", (line(NOON + at) for at in times))
    result = backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    samples = dict(samples_in(tmp_path / "out")[REQUESTS])
    assert result.reading.late == 1
    assert samples[NOON + 960] - samples[NOON + 945] == 2, "the one that is late by minutes is among them"
    assert samples[NOON + 60] == 6, "what was written is not changed any more"
    assert max(samples.values()) == len(times)


def test_a_single_time_from_the_future_holds_up_nothing(tmp_path: Path) -> None:
    log(tmp_path / "a.log", [line(NOON), line(NOON + 86400 * 365), *(line(NOON + at) for at in range(20, 4000, 20))])
    log(tmp_path / "b.log", (line(NOON + at) for at in range(10, 4000, 20)))
    result = backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    assert result.reading.late == 0
    assert [path.name for path in result.files] == ["2026-11-23.om", "2027-11-23.om"]
    assert samples_in(tmp_path / "out")[REQUESTS][-1] == (NOON + 86400 * 365 + STEP, 401)


def test_lines_without_a_time_count_with_those_before_them(tmp_path: Path) -> None:
    log(tmp_path / "a.log", ["nonsense", line(NOON), "nonsense", line(NOON + 20)])
    log(tmp_path / "b.log", ["nonsense"])
    result = backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    rejected = 'logship_lines_total{outcome="rejected",reason="invalid_json"}'
    assert samples_in(tmp_path / "out")[rejected] == [(NOON, 0), (NOON + STEP, 2), (NOON + 2 * STEP, 2)]
    assert result.reading.untimed == 1


def test_wrapped_lines_are_dated_and_counted_as_what_is_in_them(tmp_path: Path) -> None:
    wrapped = [json.dumps({"log": line(NOON + at) + "\n", "stream": "stdout", "time": "x"}) for at in (0, 20)]
    path = log(tmp_path / "a.log", [*wrapped, "no wrapping"])
    config = Config(sources=(Source(paths=(str(path),), wrap="docker", labels={"app": "x"}),))
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP), config)
    samples = samples_in(tmp_path / "out")
    assert [value for _, value in samples[REQUESTS.replace("{", '{app="x",')]] == [0, 1, 2]
    assert samples['logship_read_bytes_total{app="x"}'][-1][1] == path.stat().st_size
    assert samples['logship_lines_total{app="x",outcome="rejected",reason="invalid_wrap"}'][-1][1] == 1


def test_gauges_are_those_of_their_time_and_end(tmp_path: Path) -> None:
    stamp = datetime.fromtimestamp(NOON, UTC).isoformat()
    told = {"timestamp": stamp, "level": "info", "message": "heartbeat", "active": 3, "heartbeat_seconds": 10}
    numbered = json.dumps({**told, "seq": 1, "boot_id": "b"}, separators=(",", ":"))
    log(tmp_path / "a.log", [numbered, *(line(NOON + at) for at in range(0, 120, 10))])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP))
    active = dict(samples_in(tmp_path / "out")["active_connections"])
    assert NOON not in active, "a gauge does not begin at zero"
    assert active[NOON + 30] == 3
    assert active[NOON + 45] == 0, "who misses three heartbeats is gone"


def test_a_health_check_that_nobody_runs_any_more_ends(tmp_path: Path) -> None:
    checks = [{"name": "database", "status": "healthy"}]
    told = {"timestamp": datetime.fromtimestamp(NOON, UTC).isoformat(), "message": "health check", "checks": checks}
    numbered = json.dumps({**told, "seq": 1, "boot_id": "b"}, separators=(",", ":"))
    log(tmp_path / "a.log", [numbered, *(line(NOON + at) for at in range(0, 900, 10))])
    backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP), Config(sources=(Source(format="app"),)))
    status = samples_in(tmp_path / "out")['health_check_status{check="database"}']
    assert status == [(NOON + at, 1) for at in range(STEP, 600 + STEP, STEP)]


@pytest.mark.parametrize("text", ["15", "0s", "5m", "1h", "1.5s", "", "-1s"])
def test_a_step_is_a_scrape_interval(text: str) -> None:
    assert (step_seconds("15s"), step_seconds("1m")) == (15, 60)
    with pytest.raises(UsageError, match=f"--step '{text}'"):
        step_seconds(text)


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "2026-11-22.om").touch()
    prepare(tmp_path)
    assert not list(tmp_path.glob("*.om")), "what an earlier run wrote is replaced"
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"notes\.txt"):
        prepare(tmp_path)
    prepare(tmp_path, force=True)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", ".unfinished"}
