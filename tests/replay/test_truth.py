"""The log is the truth (P4): a replay equals, bucket for bucket, what prom-client measured inside the application."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from packers import zstd

from logship.config import Config
from logship.measure import Routes, Series, Tally, quantile_ns
from logship.model import LabelSet
from logship.pipeline import MeasureOptions
from logship.replay import Result, plan, replay

DATA = Path(__file__).parent.parent / "data" / "winston-small"
BOUNDS = ("0.1", "0.5", "1", "2", "5", "+Inf")

Numbers = tuple[int, tuple[int, ...], int]
"""Requests, cumulative buckets, sum in nanoseconds."""


def truth(variant: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((DATA / variant / "truth.json.gz").read_bytes()))
    return found


def expected(told: Mapping[str, Any]) -> dict[tuple[str, ...], Numbers]:
    durations = {tuple(each["labels"]): each for each in told["duration"]}
    return {
        tuple(labels): (
            count,
            tuple(durations[tuple(labels)]["buckets"][bound] for bound in BOUNDS),
            durations[tuple(labels)]["sum_ms"] * 1_000_000,
        )
        for *labels, count in told["requests_total"]
    }


def numbers(series: Series) -> Numbers:
    return series.requests, tuple(accumulate(series.buckets)), series.sum_ns


def measured(tally: Tally) -> dict[tuple[str, ...], Numbers]:
    return {tuple(labels): numbers(series) for labels, series in tally.series.items()}


def replayed(*paths: Path | str, **options: Any) -> Result:
    return replay(plan([str(path) for path in paths]), Config(measure=MeasureOptions(**options)), lambda _more: None)


def log_of(variant: str) -> bytes:
    return gzip.decompress((DATA / variant / "combined.log.gz").read_bytes())


def assert_equals_truth_of_a(tally: Tally) -> None:
    told = truth("A")
    assert measured(tally) == expected(told)
    assert tally.messages == told["lines_by_level"]
    assert tally.lines == told["total_lines"]
    assert tally.requests == told["request_lines"]
    assert not tally.rejected
    assert not tally.folded


def test_the_archive_as_it_was_written_equals_what_was_measured() -> None:
    result = replayed(DATA / "A" / "combined.log.gz")
    assert_equals_truth_of_a(result.tally)
    assert result.damage == ()
    assert set(result.formats.values()) == {"winston"}


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("plain.log", bytes),
        ("a.log.gz", gzip.compress),
        ("a.log.bz2", bz2.compress),
        ("a.log.xz", lzma.compress),
        ("a.log.zst", zstd.compress),
        ("named-wrongly.log", gzip.compress),
        ("in-two-members.gz", lambda log: gzip.compress(log[:99_999]) + gzip.compress(log[99_999:])),
        ("in-two-frames.zst", lambda log: zstd.compress(log[:99_999]) + zstd.compress(log[99_999:])),
        ("in-two-streams.bz2", lambda log: bz2.compress(log[:99_999]) + bz2.compress(log[99_999:])),
        ("in-two-streams.xz", lambda log: lzma.compress(log[:99_999]) + lzma.compress(log[99_999:])),
    ],
)
def test_the_compression_does_not_matter(tmp_path: Path, name: str, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(compress(log_of("A")))
    assert_equals_truth_of_a(replayed(path).tally)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd.compress])
def test_standard_input_does_not_matter(compress: Callable[[bytes], bytes]) -> None:
    command = [sys.executable, "-m", "logship", "replay", "-", "--output", "json"]
    done = subprocess.run(command, input=compress(log_of("A")), capture_output=True, check=True)
    found = {
        (each["method"], each["route"], each["status"]): (
            each["requests"],
            tuple(each["buckets"].values()),
            round(each["sum"] * 1e9),
        )
        for each in json.loads(done.stdout)["series"]
    }
    assert found == expected(truth("A"))
    assert done.stderr == b""


@pytest.mark.parametrize("seed", range(4))
def test_rotated_files_in_any_order_are_the_same_log(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice
    lines = log_of("A").split(b"\n")[:-1]
    cuts = sorted(chance.sample(range(1, len(lines)), 5))
    paths = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        compressed = chance.random() < 0.5
        path = tmp_path / f"combined{number or ''}.log{'.gz' if compressed else ''}"
        part = b"\n".join(lines[start:end]) + (b"\n" if chance.random() < 0.5 else b"")
        path.write_bytes(gzip.compress(part) if compressed else part)
        paths.append(path)
    chance.shuffle(paths)
    assert_equals_truth_of_a(replayed(*paths).tally)
    assert_equals_truth_of_a(replayed(tmp_path).tally)
    assert_equals_truth_of_a(replayed(tmp_path / "combined*").tally)


def test_without_routes_in_the_log_methods_and_statuses_still_equal_what_was_measured() -> None:
    tally = replayed(DATA / "B" / "combined.log.gz").tally
    grouped: dict[tuple[str, ...], list[Series]] = defaultdict(list)
    for labels, series in tally.series.items():
        grouped[labels.method, labels.status].append(series)
    told = truth("B")
    assert {labels: _sum(map(numbers, all_series)) for labels, all_series in grouped.items()} == expected(told)
    assert tally.messages == told["lines_by_level"]
    assert tally.lines == told["total_lines"]


def _sum(parts: Iterable[Numbers]) -> Numbers:
    requests, buckets, sums = zip(*parts, strict=True)
    return sum(requests), tuple(map(sum, zip(*buckets, strict=True))), sum(sums)


def test_declared_routes_equal_what_the_router_of_the_application_knew() -> None:
    """Raw paths of the reference, logged before a route was found, are read with the same templates.

    Two habits of Express are not ours: it ignores case with a trailing slash, and a mounted router loses its prefix.
    """
    answered = [each for each in truth("B")["reference_by_route"] if each[2] != "404" and each[0] != "OPTIONS"]
    templates = {route for _, route, _, _ in answered if ":" in route or "*" in route}
    templates.add("/api/v2/facilitators/:facilitatorId")
    routes = Routes(tuple(templates))
    known: Counter[tuple[str, ...]] = Counter()
    for method, route, status, count in answered:
        known[method, routes.route(route, int(status)).removeprefix("/api/v2"), status] += count
    tally = replayed(DATA / "B" / "combined.log.gz", routes=tuple(templates)).tally
    found: Counter[tuple[str, ...]] = Counter()
    for labels, series in tally.series.items():
        if labels.status != "404" and labels.method != "OPTIONS":
            route = "/api/heroes" if labels.route == "/API/Heroes/" else labels.route.removeprefix("/api/v2")
            found[labels.method, route, labels.status] += series.requests
    assert found == known


def test_the_exposition_equals_that_of_prom_client() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        return {
            (
                each.name,
                frozenset((key, f"{float(value):g}" if key == "le" else value) for key, value in each.labels.items()),
            ): each.value
            for family in text_string_to_metric_families(text)
            for each in family.samples
            if each.name.startswith(("http_request_duration_seconds", "http_requests_total"))
        }

    from logship.expose import exposition

    told = samples(gzip.decompress((DATA / "A" / "truth.prom.gz").read_bytes()).decode())
    found = samples(exposition(replayed(DATA / "A" / "combined.log.gz").tally, Config().measure.buckets))
    assert found.keys() == told.keys()
    assert found == pytest.approx(told, rel=1e-12)


def test_quantiles_are_within_one_percent_of_the_durations_in_the_log() -> None:
    durations = defaultdict(list)
    for line in log_of("A").split(b"\n")[:-1]:
        record = json.loads(line)
        if record["message"] == "HTTP Request":
            durations[record["method"], record["route"], str(record["status"])].append(record["duration"])
    tally = replayed(DATA / "A" / "combined.log.gz", quantiles=True).tally
    for labels, each in durations.items():
        series = tally.series[LabelSet(*labels)]
        each.sort()
        for share in (0.5, 0.9, 0.99):
            element = each[math.ceil(share * len(each)) - 1]
            found = quantile_ns(series.sketch, share, series.max_ns)
            assert found == pytest.approx(element * 1e6, rel=0.0101, abs=1000), labels
        assert series.max_ns == each[-1] * 1_000_000


def test_a_log_counted_twice_is_twice_the_log(tmp_path: Path) -> None:
    for name in ("combined.log", "combined1.log"):
        (tmp_path / name).write_bytes(log_of("A"))
    once, twice = replayed(tmp_path / "combined.log").tally, replayed(tmp_path).tally
    assert {
        labels: (2 * n, tuple(2 * b for b in buckets), 2 * s) for labels, (n, buckets, s) in measured(once).items()
    } == measured(twice)


def test_the_cap_on_series_keeps_the_totals() -> None:
    from logship.config import LimitOptions

    config = Config(limits=LimitOptions(max_series=20))
    tally = replay(plan([str(DATA / "A" / "combined.log.gz")]), config, lambda _more: None).tally
    told = truth("A")
    assert tally.requests == told["request_lines"]
    assert tally.folded > 0
    by_status: dict[str, int] = defaultdict(int)
    for *_, status, count in told["requests_total"]:
        by_status[status] += count
    found: dict[str, int] = defaultdict(int)
    for labels, series in tally.series.items():
        found[labels.status] += series.requests
    assert found == by_status
