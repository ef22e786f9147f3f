"""Alertmanager takes the configuration, sends each alert where it belongs, and reads its secrets from files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from configs.test_end_to_end import alertmanager
from crash.tailing import DEADLINE

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs/alertmanager/alertmanager.yml"
ALERTS = [
    rule
    for path in sorted((ROOT / "configs/prometheus/rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


OF_THE_JOB = ("HighErrorRate", "ErrorBudgetBurnSlow")
OF_INSTANCES = ("LogLinesLost a", "LogLinesLost b", "LogSilence b")
"""Alerts that fire in the tests, with their instances."""


@pytest.fixture
def amtool(server_program: Callable[[str], str]) -> str:
    return server_program("amtool")


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return loaded


def test_alertmanager_accepts_the_configuration(amtool: str) -> None:
    ran = subprocess.run([amtool, "check-config", CONFIG], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def inhibiting(config: dict[str, Any], tmp_path: Path, server_program: Callable[[str], str]) -> Iterator[str]:
    """Run an Alertmanager that inhibits as shipped and sends nothing to nobody; yield its URL."""
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(quiet | {"inhibit_rules": config["inhibit_rules"]}))
    with alertmanager(path, server_program("prometheus-alertmanager")) as url:
        yield url


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        *(((f"alertname={alert['alert']}", f"severity={alert['labels']['severity']}"), None) for alert in ALERTS),
        (("alertname=Unknown",), "mail"),
        (("alertname=Unknown", "severity=page"), "mail"),
    ],
)
def test_an_alert_goes_to_the_receiver_of_its_severity(
    amtool: str, labels: tuple[str, ...], receiver: str | None
) -> None:
    expected = receiver or labels[-1].removeprefix("severity=")
    test = [amtool, "config", "routes", "test", f"--config.file={CONFIG}", f"--verify.receivers={expected}", *labels]
    ran = subprocess.run(test, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_inhibition_names_alerts_that_exist(config: dict[str, Any]) -> None:
    known = {alert["alert"] for alert in ALERTS}
    named = {
        name
        for rule in config["inhibit_rules"]
        for matcher in rule["source_matchers"] + rule["target_matchers"]
        if matcher.startswith("alertname")
        for name in matcher.split()[-1].strip('"').split("|")
    }
    assert named <= known


@pytest.mark.integration
@pytest.mark.parametrize(
    ("down", "inhibited"),
    [
        ({"alertname": "APIDown"}, {*OF_THE_JOB, *OF_INSTANCES}),
        ({"alertname": "APIDown", "instance": "a"}, {"LogLinesLost a"}),
        ({"alertname": "ErrorBudgetBurnFast"}, {"ErrorBudgetBurnSlow"}),
        ({"alertname": "CheckpointFailing", "instance": "b"}, set()),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_an_alert_inhibits_what_follows_from_it_and_nothing_else(
    inhibiting: str, down: dict[str, str], inhibited: set[str]
) -> None:
    """One instance of several that is down hides nothing that the others tell of."""
    others = [dict(zip(("alertname", "instance"), name.split(), strict=False)) for name in (*OF_THE_JOB, *OF_INSTANCES)]
    fired = [{"labels": {"job": "heroes-api"} | each} for each in (down, *others)]
    fired.append({"labels": {"job": "postgres", "alertname": "DatabaseDown"}})
    httpx.post(f"{inhibiting}/api/v2/alerts", json=fired, timeout=DEADLINE).raise_for_status()
    known = httpx.get(f"{inhibiting}/api/v2/alerts", timeout=DEADLINE).raise_for_status().json()
    assert len(known) == len(fired)
    assert {
        " ".join(each["labels"][name] for name in ("alertname", "instance") if name in each["labels"])
        for each in known
        if each["status"]["inhibitedBy"]
    } == inhibited


def test_secrets_are_files(config: dict[str, Any]) -> None:
    files = {key: value for key, value in pairs(config) if key.endswith("_file")}
    assert set(files) == {"slack_api_url_file", "smtp_auth_password_file", "credentials_file"}
    assert all(value.startswith("/etc/alertmanager/secrets/") for value in files.values())
    assert (
        not {"api_url", "slack_api_url", "smtp_auth_password", "credentials", "password"} & dict(pairs(config)).keys()
    )


def pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield each key with its value, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from pairs(value)
    elif isinstance(node, list):
        for each in node:
            yield from pairs(each)
