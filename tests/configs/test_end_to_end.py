"""From a request to a message: app_logging, a tailer, Prometheus, its shipped rules, Alertmanager, its shipped routes.

Only times, addresses and paths of secrets are changed in the shipped files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from crash.tailing import DEADLINE, Tail, wait_for
from loopback import Quiet, answering, free_port

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
CONFIGS = HERE.parents[1] / "configs"
EVERY = "250ms"
TOKEN = "token-of-the-webhook"  # noqa: S105 - it opens nothing
SHORTER = ((r"\[5m\]", "[2s]"), (r"for: \d+m", "for: 0s"), ("> 300 and", "> 2 and"))


@dataclass
class Inbox:
    """What Alertmanager sent: by the webhook and, in Slack's form, to Slack."""

    webhook: set[tuple[str, str]] = field(default_factory=set)
    slack: set[str] = field(default_factory=set)
    descriptions: dict[str, str] = field(default_factory=dict)
    tokens: set[str | None] = field(default_factory=set)

    def take(self, path: str, token: str | None, message: dict[str, Any]) -> None:
        if path == "/slack":
            self.slack.add(message["attachments"][0]["title"])
            return
        self.tokens.add(token)
        for alert in message["alerts"]:
            self.webhook.add((alert["labels"]["alertname"], alert["status"]))
            self.descriptions[alert["labels"]["alertname"]] = alert["annotations"]["description"]


@dataclass
class Stack:
    tail: Tail
    mood: Path
    inbox: Inbox

    def be(self, mood: str) -> None:
        beside = self.mood.with_suffix(".new")
        beside.write_text(mood)
        beside.rename(self.mood)


@contextmanager
def listening(inbox: Inbox) -> Iterator[str]:
    """Serve the inbox at the address that is yielded."""

    class Listener(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            inbox.take(self.path, self.headers["authorization"], json.loads(body))
            self.send_response(200)
            self.end_headers()

    with answering(Listener) as url:
        yield url


@contextmanager
def running(talk: Path, *command: object) -> Iterator[None]:
    """Run a command with its talk in a file; end it kindly."""
    with talk.open("wb") as said:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=said, stderr=said, env=os.environ | {"GOMAXPROCS": "2"}
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE)


def write_prometheus(directory: Path, addresses: dict[str, str]) -> Path:
    """Write the shipped configuration and rules for these jobs; return the path of the configuration."""
    config = yaml.safe_load((CONFIGS / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), EVERY)
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [addresses["alertmanager"]]
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"] in addresses]
    for job in config["scrape_configs"]:
        job |= {"scrape_interval": EVERY, "scrape_timeout": EVERY}
        job["static_configs"][0]["targets"] = [addresses[job["job_name"]]]
    (directory / "rules").mkdir()
    for path in (CONFIGS / "prometheus/rules").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        for pattern, shorter in SHORTER:
            text = re.sub(pattern, shorter, text)
        (directory / "rules" / path.name).write_text(text)
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    return directory / "prometheus.yml"


def write_alertmanager(directory: Path, inbox_url: str) -> Path:
    """Write the shipped configuration with the inbox in place of who listens; return its path."""
    text = (CONFIGS / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    text = re.sub(r"group_wait: \w+", "group_wait: 0s", text)
    text = text.replace("group_interval: 5m", f"group_interval: {EVERY}")
    text = text.replace("/etc/alertmanager/secrets", str(directory))
    text = text.replace("http://on-call:8080/alerts", f"{inbox_url}/webhook")
    (directory / "slack-url").write_text(f"{inbox_url}/slack")
    (directory / "webhook-token").write_text(TOKEN)
    (directory / "alertmanager.yml").write_text(text)
    return directory / "alertmanager.yml"


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready", timeout=DEADLINE).is_success
    except httpx.TransportError:
        return False


@contextmanager
def alertmanager(config: Path, program: str) -> Iterator[str]:
    """Run an Alertmanager with this configuration and its files beside that; yield its URL."""
    address = f"127.0.0.1:{free_port()}"
    command = (
        program,
        f"--config.file={config}",
        f"--storage.path={config.parent / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    with running(config.with_suffix(".talk"), *command):
        wait_for(lambda: is_ready(address))
        yield f"http://{address}"


@pytest.fixture
def stack(tmp_path: Path, server_program: Callable[[str], str]) -> Iterator[Stack]:
    logs, inbox = tmp_path / "logs", Inbox()
    logs.mkdir()
    stack = Stack(Tail(tmp_path, [logs / "combined.log*"]), tmp_path / "mood", inbox)
    stack.be("bad")
    metrics = f"127.0.0.1:{free_port()}"
    with ExitStack() as started:
        config = write_alertmanager(tmp_path, started.enter_context(listening(inbox)))
        alerts = started.enter_context(alertmanager(config, server_program("prometheus-alertmanager")))
        addresses = {"heroes-api": stack.tail.url, "alertmanager": alerts, "prometheus": f"http://{metrics}"}
        addresses = {job: url.removeprefix("http://") for job, url in addresses.items()}
        started.enter_context(
            running(
                tmp_path / "prometheus.talk",
                server_program("prometheus"),
                f"--config.file={write_prometheus(tmp_path, addresses)}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address={metrics}",
            )
        )
        started.enter_context(running(tmp_path / "api.talk", sys.executable, HERE / "moody_api.py", logs, stack.mood))
        started.callback(stack.tail.kill)
        stack.tail.start()
        wait_for(lambda: is_ready(metrics))
        yield stack


def test_alerts_reach_who_listens_and_end(stack: Stack) -> None:
    inbox = stack.inbox
    wait_for(lambda: ("HighErrorRate", "firing") in inbox.webhook)
    wait_for(lambda: "[FIRING] HighResponseTime" in inbox.slack)
    assert re.match(r"\d+(\.\d+)?% of the requests", inbox.descriptions["HighErrorRate"])

    stack.be("fine")
    wait_for(lambda: ("HighErrorRate", "resolved") in inbox.webhook)
    wait_for(lambda: "[RESOLVED] HighResponseTime" in inbox.slack)

    inbox.webhook.clear()
    stack.be("silent")
    wait_for(lambda: ("LogSilence", "firing") in inbox.webhook)
    stack.be("fine")
    wait_for(lambda: ("LogSilence", "resolved") in inbox.webhook)

    inbox.webhook.clear()
    stack.tail.kill()
    wait_for(lambda: ("APIDown", "firing") in inbox.webhook)
    stack.tail.start()
    wait_for(lambda: ("APIDown", "resolved") in inbox.webhook)
    assert inbox.tokens == {f"Bearer {TOKEN}"}
    assert ("HighResponseTime", "firing") not in inbox.webhook, "a warning wakes nobody"
