"""The exposition says what the tally says, in names and forms that Prometheus accepts."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from logship.expose import (
    Renderer,
    Standing,
    TallyCollector,
    View,
    bucket_label,
    exposition,
)
from logship.measure import DEFAULT_BUCKETS, Series, Tally, Verdict, Word, Writer
from logship.model import LabelSet, Reason, SeriesKey

GOLDEN = Path(__file__).parent.parent / "golden" / "exposition.prom"

TALLY = Tally(
    series={
        LabelSet("GET", "/api/heroes/:id", "200"): Series(7, (3, 1, 1, 0, 0, 1), 12_345_678_901, 9_000_000_000, {}),
        LabelSet("GET", "/api/heroes/:id", "500"): Series(1, (0, 0, 0, 0, 0, 0), 0, 0, {}),
        LabelSet("BREW", 'a "quoted" \\ route\nof two lines', "418"): Series(1, (1, 0, 0, 0, 0, 0), 1, 1, {}),
        LabelSet("POST", "/caf\u00e9/\u2028/\U0001f600", "201"): Series(2, (2, 0, 0, 0, 0, 0), 100_000_000, 1, {}),
        LabelSet("GET", "__other__", "404"): Series(3, (3, 0, 0, 0, 0, 0), 3_000_000, 1, {}),
    },
    messages=Counter({"info": 20, "error": 2}),
    exceptions=Counter({"TypeError": 2}),
    not_request=8,
    rejected=Counter({Reason.INVALID_JSON: 2, Reason.INVALID_STATUS: 1}),
    folded=3,
    read_bytes=4321,
    lost_lines=5,
    dropped=2,
    unlogged=9,
    checks={"disk": Verdict(1_795_000_100.0, is_healthy=True), "data base": Verdict(1_795_000_060.0, is_healthy=False)},
    writers={"b": Writer(((1, 20),), (1, 20), Word(20, 3), Word(20, 1_795_000_123.0))},
    first_event=1_795_000_000.0,
    last_event=1_795_000_123.456,
)

label_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


def families_of(text: str) -> list[Metric]:
    return list(parse_text(text))


def openmetrics_families_of(text: str) -> list[Metric]:
    return list(parse_openmetrics(text))  # type: ignore[no-untyped-call]  # as the package has it


def shown(view: View, *, openmetrics: bool = False) -> str:
    return Renderer(lambda: view).render(openmetrics=openmetrics).decode()


def sample(families: list[Metric], name: str, **labels: str) -> float | None:
    found = [
        each.value
        for family in families
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_the_exposition_is_the_golden_one() -> None:
    assert exposition(TALLY, DEFAULT_BUCKETS) == GOLDEN.read_text(encoding="utf-8")


def test_requests_in_flight_are_shown_of_processes_that_are_alive_now() -> None:
    for now, active in ((1_795_000_130.0, 3.0), (1_795_009_999.0, 0.0)):
        collector = TallyCollector(lambda: TALLY, DEFAULT_BUCKETS, now=lambda now=now: now)  # type: ignore[misc]
        assert sample(list(collector.collect()), "active_connections") == active
    nobody_told = TallyCollector(Tally, DEFAULT_BUCKETS, now=lambda: 0.0)
    assert sample(list(nobody_told.collect()), "active_connections") is None
    assert sample(families_of(exposition(TALLY, DEFAULT_BUCKETS)), "active_connections") is None, "a replay has no now"


def test_a_health_check_that_nobody_runs_any_more_is_not_shown_but_a_replay_shows_all() -> None:
    def shown_at(now: float | None) -> dict[str, float]:
        collector = TallyCollector(lambda: TALLY, DEFAULT_BUCKETS, now=None if now is None else lambda: now)
        families = [each for each in collector.collect() if each.name == "health_check_status"]
        return {each.labels["check"]: each.value for family in families for each in family.samples}

    assert shown_at(1_795_000_660.0) == shown_at(None) == {"disk": 1.0, "data base": 0.0}
    assert shown_at(1_795_000_661.0) == {"disk": 1.0}
    assert shown_at(1_795_009_999.0) == {}


def test_buckets_are_cumulative_and_the_sum_is_in_seconds() -> None:
    families = families_of(exposition(TALLY, DEFAULT_BUCKETS))
    labels = {"method": "GET", "route": "/api/heroes/:id", "status_code": "200"}
    name = "http_request_duration_seconds"
    bounds = ["0.1", "0.5", "1.0", "2.0", "5.0", "+Inf"]
    assert [sample(families, f"{name}_bucket", le=bound, **labels) for bound in bounds] == [3, 4, 5, 5, 5, 6]
    assert sample(families, f"{name}_count", **labels) == 6
    assert sample(families, f"{name}_sum", **labels) == 12.345678901
    assert sample(families, "http_requests_total", method="GET", route="/api/heroes/:id", status="200") == 7


def test_requests_without_durations_have_no_histogram() -> None:
    families = families_of(exposition(TALLY, DEFAULT_BUCKETS))
    assert sample(families, "http_request_duration_seconds_count", route="/api/heroes/:id", status_code="500") is None
    assert sample(families, "http_requests_total", route="/api/heroes/:id", status="500") == 1


def test_lines_by_outcome_add_up_to_all_lines() -> None:
    (lines,) = [each for each in families_of(exposition(TALLY, DEFAULT_BUCKETS)) if each.name == "logship_lines"]
    assert sum(each.value for each in lines.samples) == TALLY.lines


@given(st.lists(st.tuples(label_text, label_text), min_size=1, max_size=4, unique=True), st.booleans())
def test_any_label_comes_back_as_it_was(pairs: list[tuple[str, str]], as_openmetrics: bool) -> None:  # noqa: FBT001
    tally = Tally(
        series={
            LabelSet(method, route, "200"): Series(number + 1, (number + 1, 0), 5, 5, {})
            for number, (method, route) in enumerate(pairs)
        }
    )
    text = shown(View(tally, (0.5,)), openmetrics=as_openmetrics)
    families = openmetrics_families_of(text) if as_openmetrics else families_of(text)
    (requests,) = [family for family in families if family.name == "http_requests"]
    found = {(each.labels["method"], each.labels["route"]): each.value for each in requests.samples}
    assert found == {pair: number + 1 for number, pair in enumerate(pairs)}


@pytest.mark.parametrize("tally", [Tally(), TALLY], ids=["empty", "full"])
def test_openmetrics_is_what_its_parser_accepts(tally: Tally) -> None:
    view = View(tally, standing=Standing(2, 100, {"opened": 3, "truncated": 1}))
    assert openmetrics_families_of(shown(view, openmetrics=True))


def test_the_standing_is_rendered() -> None:
    families = families_of(shown(View(standing=Standing(2, 100, {"opened": 3, "copytruncated": 1}))))
    assert sample(families, "logship_followed_files") == 2
    assert sample(families, "logship_behind_bytes") == 100
    assert sample(families, "logship_file_events_total", event="opened") == 3
    assert sample(families, "logship_build_info") == 1


def test_one_exposition_is_of_one_state() -> None:
    asked = []

    def tally() -> Tally:
        asked.append(1)
        return TALLY

    list(TallyCollector(tally, DEFAULT_BUCKETS).collect())
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("bound", "label"), [(0.1, "0.1"), (1.0, "1.0"), (5, "5.0"), (0.005, "0.005"), (2.5, "2.5"), (1e-7, "1e-07")]
)
def test_a_bound_has_the_label_of_a_prometheus_client(bound: float, label: str) -> None:
    assert bucket_label(bound) == label


CREATED: dict[SeriesKey, float] = {
    ((), labels): 1_795_000_000.25 + number for number, labels in enumerate(TALLY.series)
}
VIEW = View(TALLY, DEFAULT_BUCKETS, CREATED, 1_795_000_002.0, Standing(2, 100, {"opened": 3}, saved_at=1_795_000_500.0))


def test_openmetrics_says_when_each_counter_and_histogram_began() -> None:
    families = openmetrics_families_of(shown(VIEW, openmetrics=True))
    for labels in TALLY.series:
        (method, route, status), at = labels, CREATED[(), labels]
        named = {"method": method, "route": route}
        assert sample(families, "http_requests_created", **named, status=status) == at
        histogram = sample(families, "http_request_duration_seconds_created", **named, status_code=status)
        assert histogram == (
            max(at, 1_795_000_002.0) if any(TALLY.series[LabelSet(method, route, status)].buckets) else None
        )


def test_a_series_whose_beginning_is_not_known_says_nothing_of_it() -> None:
    labels = LabelSet("GET", "/api/heroes/:id", "200")
    families = openmetrics_families_of(shown(View(TALLY, created={((), labels): 5.0}), openmetrics=True))
    created = [each for family in families for each in family.samples if each.name.endswith("_created")]
    assert {each.value for each in created} == {5.0}
    assert len(created) == 2
    assert "_created" not in exposition(TALLY, DEFAULT_BUCKETS)


def test_the_text_format_has_no_creation_times() -> None:
    text = shown(VIEW)
    assert "_created" not in text
    assert text == shown(View(TALLY, DEFAULT_BUCKETS, {}, 0.0, VIEW.standing))


def test_promtool_accepts_a_whole_view(promtool: str) -> None:
    """In the text format, the only one it reads; a real Prometheus reads OpenMetrics in the integration tests."""
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=shown(VIEW).encode(), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_one_view_is_taken_for_one_scrape() -> None:
    asked: list[View] = []

    def view() -> View:
        asked.append(VIEW)
        return VIEW

    Renderer(view).render(openmetrics=False)
    assert len(asked) == 1


def test_checkpoint_and_configuration_are_rendered() -> None:
    standing = Standing(
        saved_at=1_795_000_500.0, checkpoint_errors=4, is_reload_successful=False, configured_at=1_795_000_400.0
    )
    families = families_of(shown(View(standing=standing)))
    assert sample(families, "logship_checkpoint_errors_total") == 4
    assert sample(families, "logship_checkpoint_last_success_timestamp_seconds") == 1_795_000_500
    assert sample(families, "logship_config_last_reload_successful") == 0
    assert sample(families, "logship_config_last_reload_success_timestamp_seconds") == 1_795_000_400
    without = families_of(shown(View()))
    assert sample(without, "logship_checkpoint_last_success_timestamp_seconds") is None
    assert sample(without, "logship_config_last_reload_successful") == 1
