"""The tailer of a node, with its shipped configuration, counts what a container runtime and the kubelet leave there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from configs.kubernetes_manifests import rendered, run_here
from crash.tailing import DEADLINE, wait_for
from crash.written import samples_of, total
from loopback import free_port

pytestmark = pytest.mark.integration

STAMP = "2026-01-01T00:00:00.000000001Z"


@dataclass(frozen=True)
class Node:
    """The directory of pod logs, and the address of the tailer."""

    pods: Path
    url: str

    def log_of(self, namespace: str, pod: str, container: str) -> Path:
        directory = self.pods / f"{namespace}_{pod}_0c7f0a52-1f6e-4c0a-9d0d-6a8f4f3f3c11" / container
        directory.mkdir(parents=True, exist_ok=True)
        return directory / "0.log"

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=DEADLINE).is_success
        except httpx.TransportError:
            return False

    def requests(self) -> float:
        return total(samples_of(httpx.get(f"{self.url}/metrics", timeout=DEADLINE).text), "http_requests_total")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    port = free_port()
    command = run_here(rendered("daemonset"), tmp_path, port)
    with (tmp_path / "talk").open("wb") as talk, subprocess.Popen(command, stderr=talk) as tailer:
        node = Node(tmp_path / "logs", f"http://127.0.0.1:{port}")
        try:
            wait_for(node.is_ready)
            yield node
        finally:
            tailer.terminate()


def write(log: Path, *, is_cut: bool = False) -> None:
    """Write one request as a container runtime does: whole, or cut into two lines."""
    record = {"timestamp": STAMP, "level": "info", "message": "HTTP Request", "method": "GET", "url": "/api/heroes"}
    text = json.dumps(record | {"status": 200, "duration": 12.0, "route": "/api/heroes"})
    half = len(text) // 2
    lines = [("P", text[:half]), ("F", text[half:])] if is_cut else [("F", text)]
    with log.open("a") as opened:
        opened.writelines(f"{STAMP} stdout {tag} {part}\n" for tag, part in lines)


def test_requests_of_the_pods_of_the_application_are_counted_once_through_rotations(node: Node) -> None:
    """A node is ready without a pod of the application, or a roll-out would stop there."""
    one, two = (node.log_of("heroes", f"heroes-api-7d4b9c-{name}", "api") for name in ("x2x4z", "b7k9q"))
    others = [
        node.log_of("heroes", "heroes-api-7d4b9c-x2x4z", "logship"),
        node.log_of("heroes", "redis-0", "redis"),
        node.log_of("other", "heroes-api-7d4b9c-x2x4z", "api"),
    ]
    for log in (one, two, two, *others):
        write(log)
    write(one, is_cut=True)
    wait_for(lambda: node.requests() == 4)

    one.rename(one.with_name("0.log.20260101-000001"))
    write(one)
    two.unlink()
    wait_for(lambda: node.requests() == 5)
