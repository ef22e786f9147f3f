"""Alerts, their tests, their runbooks and the metrics they read belong together; promtool accepts all of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "configs/prometheus"
RUNBOOKS = ROOT / "docs/runbooks"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
OF_EXPORTERS = {
    *("up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes", "pg_settings_max_connections"),
    *("pg_stat_database_numbackends", "prometheus_config_last_reload_successful"),
    "alertmanager_config_last_reload_successful",
}
"""What the rules may read of Prometheus, Alertmanager, node_exporter and postgres_exporter."""

SECTIONS = ["Meaning", "Impact", "First five minutes", "Queries", "Remedies", "Silence"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES: list[dict[str, Any]] = [rule for path in RULE_FILES for group in read(path)["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


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
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]", " ", bare)
    words = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()", bare)
    return set(words) - {"and", "or", "unless", "sum", "max"}


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


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_has_every_section_and_silences_its_own_alert(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.search(rf"alertname={name}\b", text)


def test_the_queries_of_the_runbooks_are_promql_over_metrics_that_exist(promtool: str, tmp_path: Path) -> None:
    blocks = [
        re.findall(r"```promql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        for path in sorted(RUNBOOKS.glob("*.md"))
    ]
    queries = [line.partition("  #")[0] for (block,) in blocks for line in block.splitlines()]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    succeed(promtool, "check", "rules", "--lint=none", tmp_path / "queries.yml")
    ours = {name for query in queries for name in metrics_in(query) if re.match("logship_|log_|http_|job|slo", name)}
    assert ours <= documented() | RECORDED


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_reads_only_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"]) <= documented() | RECORDED | OF_EXPORTERS


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


def documented() -> set[str]:
    """Return the metrics that docs/metrics.md has, with the series of a histogram."""
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", text, re.MULTILINE)
    return {name for name, _ in rows} | {f"{name}_bucket" for name, kind in rows if kind == "histogram"}


def succeed(*command: object) -> str:
    """Run a command that must succeed; return what it said."""
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
