"""The Prometheus operator makes of the manifests what configs/prometheus says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.kubernetes_manifests import KUBERNETES, rendered

PROMETHEUS = Path(__file__).parents[2] / "configs/prometheus"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_rules_are_those_of_prometheus(tmp_path: Path) -> None:
    """`configs/kubernetes/rules/generate` writes them anew."""
    shutil.copytree(KUBERNETES / "rules", tmp_path / "kubernetes/rules")
    shutil.copytree(PROMETHEUS / "rules", tmp_path / "prometheus/rules")
    subprocess.run([tmp_path / "kubernetes/rules/generate"], check=True)
    written = (tmp_path / "kubernetes/rules/prometheus-rules.yml").read_text(encoding="utf-8")
    assert written == (KUBERNETES / "rules/prometheus-rules.yml").read_text(encoding="utf-8")
    assert [each["spec"] for each in yaml.safe_load_all(written)] == [
        read(path) for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
    ]


@pytest.mark.parametrize("variant", ["sidecar", "daemonset"])
def test_the_operator_makes_the_job_that_the_rules_go_by(variant: str) -> None:
    (monitor,), (pod,) = rendered(variant).of_kind("PodMonitor"), rendered(variant).pods
    (job,) = (
        each for each in read(PROMETHEUS / "prometheus.yml")["scrape_configs"] if each["job_name"] == "heroes-api"
    )
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert pod["metadata"]["labels"][monitor["spec"]["jobLabel"]] == job["job_name"]
    assert endpoint["interval"] == job["scrape_interval"]
    assert endpoint["scrapeTimeout"] == job["scrape_timeout"]
    assert [(each["sourceLabels"], each["regex"], each["action"]) for each in endpoint["metricRelabelings"]] == [
        (each["source_labels"], each["regex"], each["action"]) for each in job["metric_relabel_configs"]
    ]
    for ours, theirs in (("sample", "sample"), ("label", "label"), ("labelValueLength", "label_value_length")):
        assert monitor["spec"][f"{ours}Limit"] == job[f"{theirs}_limit"]


def test_the_autoscaler_asks_for_the_metric_that_the_adapter_makes() -> None:
    (rule,) = read(KUBERNETES / "hpa/prometheus-adapter-values.yml")["rules"]["custom"]
    (scaler,) = rendered("hpa").of_kind("HorizontalPodAutoscaler")
    series = rule["seriesQuery"].partition("{")[0]
    made = re.sub(rule["name"]["matches"], rule["name"]["as"], series)
    assert [each["pods"]["metric"]["name"] for each in scaler["spec"]["metrics"]] == [made]


@pytest.mark.parametrize(
    ("variant", "changed"), [("sidecar", ["TargetDown"]), ("daemonset", ["TargetDown", "LogSilence"])]
)
def test_a_variant_changes_only_the_rules_that_it_says(variant: str, changed: list[str]) -> None:
    shipped = [group for path in sorted((PROMETHEUS / "rules").glob("*.yml")) for group in read(path)["groups"]]
    assert [
        rule.get("alert")
        for ours, theirs in zip(rule_groups(variant), shipped, strict=True)
        for rule, other in zip(ours["rules"], theirs["rules"], strict=True)
        if rule != other
    ] == changed


def test_targets_of_other_teams_in_the_cluster_wake_nobody_here(promtool: str, tmp_path: Path) -> None:
    """In many clusters some target of the control plane is always down."""
    series = [
        {"series": 'up{job="kube-scheduler",instance="control"}', "values": "0x60"},
        {"series": 'up{job="postgres",instance="p"}', "values": "0x60"},
        {"series": 'redis_up{job="cache",instance="r"}', "values": "0x60"},
    ]
    firing = [{"job": "postgres", "instance": "p"}, {"job": "cache", "instance": "r"}]
    expected = [
        {
            "exp_labels": labels | {"severity": "warning"},
            "exp_annotations": {
                "summary": f"No numbers from {labels['job']}",
                "description": f"{labels['instance']} does not answer, or cannot reach what it tells of: "
                "alerts on it are blind.",
                "runbook_url": "https://git.example.com/logship/docs/runbooks/TargetDown.md",
            },
        }
        for labels in firing
    ]
    succeed_in_promtool(promtool, tmp_path, "sidecar", [alert_test("TargetDown", series, expected)])


def test_silence_of_a_node_is_no_alert_but_silence_of_all_is(promtool: str, tmp_path: Path) -> None:
    ups = [{"series": f'up{{job="heroes-api",instance="{node}"}}', "values": "1x60"} for node in "ab"]
    starts = [{"series": f'process_start_time_seconds{{job="heroes-api",instance="{node}"}}'} for node in "ab"]
    newest = 'logship_last_event_timestamp_seconds{job="heroes-api",instance="a"}'
    annotations = {
        "summary": "No logs from heroes-api",
        "description": "On no node is there a log record of the last 5 minutes.",
        "runbook_url": "https://git.example.com/logship/docs/runbooks/LogSilence.md",
    }
    silent = [{"exp_labels": {"job": "heroes-api", "severity": "critical"}, "exp_annotations": annotations}]
    tests = [
        alert_test("LogSilence", [*ups, {"series": newest, "values": "0+60x60"}], []),
        alert_test("LogSilence", [*ups, {"series": newest, "values": "0x60"}], silent),
        alert_test("LogSilence", [*ups, *(start | {"values": "0x60"} for start in starts)], silent),
        alert_test("LogSilence", [*ups, *(start | {"values": "1600x60"} for start in starts)], []),
    ]
    succeed_in_promtool(promtool, tmp_path, "daemonset", tests)


def rule_groups(variant: str) -> list[dict[str, Any]]:
    """Return the groups of rules of a variant, as the operator gets them."""
    return [group for each in rendered(variant).of_kind("PrometheusRule") for group in each["spec"]["groups"]]


def alert_test(name: str, series: list[dict[str, str]], expected: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a test of promtool: which alerts of this name fire after 30 minutes."""
    check = {"eval_time": "30m", "alertname": name, "exp_alerts": expected}
    return {"interval": "1m", "input_series": series, "alert_rule_test": [check]}


def succeed_in_promtool(promtool: str, directory: Path, variant: str, tests: list[dict[str, Any]]) -> None:
    """Run tests of promtool over the rules of a variant."""
    (directory / "rules.yml").write_text(yaml.safe_dump({"groups": rule_groups(variant)}))
    written = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (directory / "test.yml").write_text(yaml.safe_dump(written))
    ran = subprocess.run(
        [promtool, "test", "rules", directory / "test.yml"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
