"""Alerts, their tests and the metrics they read belong together; promtool accepts all of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.dashboard_promql import selectors

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "configs/prometheus"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
EXPORTERS = ROOT / "tests/configs/data/exporters"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES: list[dict[str, Any]] = [rule for path in RULE_FILES for group in read(path)["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def documented() -> set[str]:
    """Return the metrics that docs/metrics.md has, with the series of a histogram."""
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", text, re.MULTILINE)
    return {name for name, _ in rows} | {f"{name}_bucket" for name, kind in rows if kind == "histogram"}


def exported() -> set[str]:
    """Return the metrics that the exporters were heard to say."""
    said = "".join(path.read_text(encoding="utf-8") for path in EXPORTERS.glob("*.prom"))
    return set(re.findall(r"^# TYPE (\w+)", said, re.MULTILINE))


KNOWN = {
    *documented(),
    *RECORDED,
    *exported(),
    *("up", "process_start_time_seconds"),
    *("prometheus_config_last_reload_successful", "alertmanager_config_last_reload_successful"),
}
"""What rules may read."""


def expected_alerts() -> list[tuple[str, list[Any]]]:
    """Return the name and the expectation of each check of an alert in the rule tests."""
    return [
        (check["alertname"], check["exp_alerts"])
        for path in RULE_TESTS
        for test in read(path)["tests"]
        for check in test.get("alert_rule_test", [])
    ]


def metrics_in(expression: str) -> set[str]:
    """Return the names of metrics in an expression, those the rules record included."""
    return {selector.metric for selector in selectors(expression)}


def test_prometheus_accepts_the_configuration_and_finds_every_file_of_rules(promtool: str) -> None:
    said = succeed(promtool, "check", "config", PROMETHEUS / "prometheus.yml")
    assert f"{len(RULE_FILES)} rule files found" in said


def test_prometheus_finds_nothing_to_complain_about_in_the_rules(promtool: str) -> None:
    succeed(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_stay_quiet_when_they_should(promtool: str, path: Path) -> None:
    succeed(promtool, "test", "rules", path)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(name: str) -> None:
    outcomes = {bool(alerts) for tested, alerts in expected_alerts() if tested == name}
    assert outcomes == {True, False}


def test_no_rule_test_is_of_an_alert_that_is_not_there() -> None:
    """promtool finds such a test green as long as it expects nothing."""
    assert {name for name, _ in expected_alerts()} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{name}.md")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_reads_only_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"]) <= KNOWN


def test_the_objective_stands_in_one_place() -> None:
    assert [rule["expr"] for rule in RULES if rule.get("record") == "slo:http_availability:objective"] == [
        "vector(0.999)"
    ]
    assert sum(str(rule["expr"]).count("0.999") for rule in RULES) == 1


def test_jobs_are_scraped_as_planned_and_bounded() -> None:
    config = read(PROMETHEUS / "prometheus.yml")
    jobs = {job["job_name"]: config["global"] | job for job in config["scrape_configs"]}
    assert {name: job["scrape_interval"] for name, job in jobs.items()} == {
        "heroes-api": "10s",
        "postgres": "30s",
        "pgbouncer": "30s",
        "redis": "30s",
        **dict.fromkeys(("node-exporter", "prometheus", "alertmanager", "grafana"), "15s"),
    }
    for job in jobs.values():
        assert int(job["scrape_timeout"].removesuffix("s")) < int(job["scrape_interval"].removesuffix("s"))
        assert job["sample_limit"] > 0


def succeed(*command: object) -> str:
    """Run a command that must succeed; return what it said."""
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
