"""A real Prometheus to be asked about what it scraped, what it was given as blocks, or what was written into it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from crash.tailing import DEADLINE, PLAIN, get, wait_for
from loopback import free_port

Series = tuple[tuple[str, str], ...]
Curves = dict[Series, dict[float, float]]
"""Values by time, by the labels of each series."""


class Prometheus:
    """A running Prometheus with its data in `directory/tsdb`."""

    def __init__(self, program: str, directory: Path, config: Mapping[str, Any], *flags: str) -> None:
        directory.mkdir(exist_ok=True)
        file = directory / "prometheus.yml"
        file.write_text(json.dumps(config), encoding="utf-8")  # which is YAML, too
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self._said = directory / "prometheus.talk"
        storage = f"--storage.tsdb.path={directory / 'tsdb'}"
        with self._said.open("wb") as talk:
            self._process = subprocess.Popen(
                [program, f"--config.file={file}", storage, f"--web.listen-address={address}", *flags],
                stdout=subprocess.DEVNULL,
                stderr=talk,
            )
        self._api = httpx.Client(base_url=f"{self.url}/api/v1", verify=PLAIN, timeout=DEADLINE)
        wait_for(self._is_ready)

    def curves(self, expression: str, start: float, end: float, step: float) -> Curves:
        """Return the result of a range query."""
        return self._ask("/query_range", {"query": expression, "start": start, "end": end, "step": step})

    def samples(self, selector: str, at: float, seconds: int) -> Curves:
        """Return the samples of the last seconds before a time as they are stored."""
        return self._ask("/query", {"query": f"{selector}[{seconds}s]", "time": at})

    def values(self, expression: str, at: float) -> dict[Series, float]:
        """Return the result of an instant query."""
        found = self._ask("/query", {"query": expression, "time": at})
        return {key: value for key, curve in found.items() for value in curve.values()}

    def stop(self) -> None:
        self._api.close()
        self._process.kill()
        self._process.wait(DEADLINE)

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> Curves:
        answer = self._api.get(path, params=parameters).json()
        assert answer["status"] == "success", answer
        return {
            tuple(sorted(each["metric"].items())): {
                float(at): float(value) for at, value in each.get("values") or [each["value"]]
            }
            for each in answer["data"]["result"]
        }

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._said.read_text()
        try:
            return get(f"{self.url}/-/ready").is_success
        except httpx.TransportError:
            return False
