"""Counters go on from the last values that are there already, so that none of them is reset."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay.backfill.days_read import NOON, REQUESTS, backfilled, line, log, samples_in

from logship.errors import InputError
from logship.replay.backfill import BackfillOptions, last_values
from logship.replay.backfill.naming import key_of

STEP = 15
LABELS = {"job": "api"}
METHOD_AND_ROUTE = {"method": "GET", "route": "/api/heroes"}

EXPOSITION = """\
# HELP http_requests_total Total number of HTTP requests
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/api/heroes",status="200"} 40.0
http_requests_total{route="/a\\"\\\\,}b",status="200",method="GET"} 2 1795435200
http_requests_total{route="/a\\"\\\\,}b",status="200",method="GET"} 3 1795435215 # {trace_id="x"} 1
http_request_duration_seconds_bucket{le="1",method="GET",route="/api/heroes",status_code="200"} 40
active_connections 7
"""


def test_counters_go_on_from_an_exposition(tmp_path: Path) -> None:
    exposition = tmp_path / "before.prom"
    exposition.write_text(EXPOSITION)
    log(tmp_path / "a.log", [line(NOON), line(NOON, status=500)])
    goes_on = last_values(str(exposition), LABELS)
    result = backfilled(tmp_path, BackfillOptions(tmp_path / "out", STEP, LABELS, goes_on))
    assert result.joined == 2
    samples = samples_in(tmp_path / "out")
    known = REQUESTS.replace("{", '{job="api",')
    assert [value for _, value in samples[known]] == [40, 41]
    assert [value for _, value in samples[known.replace("200", "500")]] == [0, 1]
    bucket = (
        'http_request_duration_seconds_bucket{job="api",le="1.0",method="GET",route="/api/heroes",status_code="200"}'
    )
    assert [value for _, value in samples[bucket]] == [40, 41]


def test_the_last_value_of_each_cumulative_series_is_read_whatever_its_labels_hold(tmp_path: Path) -> None:
    exposition = tmp_path / "before.prom"
    exposition.write_text(EXPOSITION)
    found = last_values(str(exposition), {})(0.0)
    assert found == {
        key_of("http_requests_total", {**METHOD_AND_ROUTE, "status": "200"}): 40,
        key_of("http_requests_total", {"method": "GET", "route": '/a"\\,}b', "status": "200"}): 3,
        key_of("http_request_duration_seconds_bucket", {**METHOD_AND_ROUTE, "status_code": "200", "le": "1.0"}): 40,
    }


def test_days_go_on_from_the_days_before_them(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    log(first / "a.log", [line(NOON), line(NOON + 1)])
    backfilled(first, BackfillOptions(first / "out", STEP))
    log(second / "a.log", [line(NOON + 3600)])
    backfilled(second, BackfillOptions(second / "out", STEP, {}, last_values(str(first / "out/2026-11-23.om"), {})))
    assert samples_in(second / "out")[REQUESTS] == [(NOON + 3600, 2), (NOON + 3600 + STEP, 3)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"", "holds no samples"),
        (b"# EOF\n", "holds no samples"),
        (b"http_requests_total\n", "before.prom:1 is no sample"),
        (b"a 1\nb one\n", "before.prom:2 is no sample"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_what_is_no_exposition_is_told(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "before.prom"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        last_values(str(path), {})


def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(InputError, match=r"--continue-from http://127\.0\.0\.1:1/ does not answer"):
        last_values("http://me:secret@127.0.0.1:1/", {})(0.0)
