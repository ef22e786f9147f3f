"""The sample application under the sample traffic: what the visitors saw is what the log says."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import app_logging

ReadRecords = Callable[[Path], list[dict[str, Any]]]
EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.integration
def test_what_the_visitors_saw_is_what_the_log_says(tmp_path: Path, read_records: ReadRecords) -> None:
    command = [
        sys.executable,
        str(EXAMPLES / "heroes_api.py"),
        "--port",
        "0",
        "--log-dir",
        str(tmp_path),
        "--seed",
        "7",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        outcome = asyncio.run(load("traffic").send_traffic(url, seconds=1.5, rate=120, seed=7))
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0
    records = read_records(tmp_path / "combined.log")
    requests = [record for record in records if record["message"] == app_logging.REQUEST_MESSAGE]
    assert (outcome.sent, outcome.failed, len(requests)) == (180, 0, 180)
    assert Counter((record["method"], record["status"]) for record in requests) == outcome.answers
    assert {record["service"] for record in records} == {"heroes-api"}
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    assert b"s3cr3t" not in (tmp_path / "combined.log").read_bytes()
    known = {route.path.replace(":int", "") for route in load("heroes_api").create_app().routes}
    assert {record["route"] for record in requests if "route" in record} <= known


def test_the_dice_fall_the_same_for_the_same_seed(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(service="heroes-api", log_dir=tmp_path, console=False)
    create_app = load("heroes_api").create_app

    async def statuses() -> list[int]:
        transport = httpx.ASGITransport(app=create_app(seed=5), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
            return [(await client.get("/api/heroes/storm")).status_code for _ in range(20)]

    assert asyncio.run(statuses()) == asyncio.run(statuses())
    assert {record.get("route") for record in read_records(tmp_path / "error.log")} <= {None, "/api/heroes/{slug}"}
