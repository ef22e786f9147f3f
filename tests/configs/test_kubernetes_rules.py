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


def test_silence_of_a_node_is_no_alert_but_silence_of_all_is(promtool: str, tmp_path: Path) -> None:
    """The rest of the rules stays as it is."""
    groups = [group for each in rendered("daemonset").of_kind("PrometheusRule") for group in each["spec"]["groups"]]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    ups = [{"series": f'up{{job="heroes-api",instance="{node}"}}', "values": "1x60"} for node in "ab"]
    newest = 'logship_last_event_timestamp_seconds{job="heroes-api",instance="a"}'
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["rules.yml"],
                "evaluation_interval": "1m",
                "tests": [
                    alert_test([*ups, {"series": newest, "values": "0+60x60"}], []),
                    alert_test([*ups, {"series": newest, "values": "0x60"}], [{"job": "heroes-api"}]),
                    alert_test(ups, [{"job": "heroes-api"}]),
                ],
            }
        )
    )
    ran = subprocess.run(
        [promtool, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shipped = [group for path in sorted((PROMETHEUS / "rules").glob("*.yml")) for group in read(path)["groups"]]
    changed = [
        rule.get("alert")
        for ours, theirs in zip(groups, shipped, strict=True)
        for rule, other in zip(ours["rules"], theirs["rules"], strict=True)
        if rule != other
    ]
    assert changed == ["LogSilence"]


def alert_test(series: list[dict[str, str]], firing: list[dict[str, str]]) -> dict[str, Any]:
    """Return a test of promtool: whether LogSilence fires after 30 minutes, with these labels beside its severity."""
    annotations = {
        "summary": "No logs from heroes-api",
        "description": "On no node is there a log record of the last 5 minutes.",
        "runbook_url": "https://git.example.com/logship/docs/runbooks/LogSilence.md",
    }
    expected = [{"exp_labels": labels | {"severity": "critical"}, "exp_annotations": annotations} for labels in firing]
    check = {"eval_time": "30m", "alertname": "LogSilence", "exp_alerts": expected}
    return {"interval": "1m", "input_series": series, "alert_rule_test": [check]}
