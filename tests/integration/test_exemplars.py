"""A real Prometheus with exemplar storage keeps the trace ids that a tailer shows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from crash.tailing import DEADLINE, Tail, get, wait_for
from loopback import free_port

pytestmark = pytest.mark.integration

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
REQUEST = (
    '{"timestamp":"2026-11-23T07:00:00Z","level":"info","message":"HTTP Request","method":"GET","url":"/a/1",'
    f'"status":200,"duration":150,"trace_id":"{TRACE_ID}"}}\n'
)


def exemplars(address: str) -> list[dict[str, Any]]:
    """Return the exemplars that Prometheus has, none while it is not ready."""
    with suppress(httpx.TransportError, ValueError):
        asked = {"query": "http_request_duration_seconds_bucket", "start": "0", "end": "9999999999"}
        answer = get(f"http://{address}/api/v1/query_exemplars", params=asked).json()
        return [each for series in answer["data"] for each in series["exemplars"]]
    return []


def test_prometheus_keeps_the_trace_id_of_a_request(server_program: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "app.log").write_text(REQUEST)
    tail = Tail(tmp_path, [tmp_path / "logs" / "app.log*"])
    tail.start()
    address = f"127.0.0.1:{free_port()}"
    job = {"job_name": "logship", "static_configs": [{"targets": [tail.url.removeprefix("http://")]}]}
    (tmp_path / "prometheus.yml").write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
    prometheus = subprocess.Popen(
        [
            server_program("prometheus"),
            "--enable-feature=exemplar-storage",
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: exemplars(address))
        kept = exemplars(address)
    finally:
        prometheus.kill()
        prometheus.wait(DEADLINE)
        tail.kill()
    assert [(each["labels"], float(each["value"])) for each in kept] == [({"trace_id": TRACE_ID}, 0.15)]
    assert kept[0]["timestamp"] == 1795417200
