"""The dashboards of Grafana keep every rule, each rule finds what it is for, and links lead somewhere."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.dashboard_rules import Rule
from configs.dashboard_sample import DEFAULTS, EXPRESSION, GONE, INSTANCE, JOB, PANEL, SAMPLE, SOURCE, TARGET, changed
from configs.dashboards import GRAFANA, PATHS, ROOT, Json, chosen, configuration, load, panels, substitute

from configs import dashboard_promql as promql
from configs import dashboard_rules as rules

RULES = (*rules.RULES, *promql.RULES)
DASHBOARDS = [load(path) for path in PATHS]
REQUESTS = 'http_requests_total{job=~"$job",instance=~"$instance"}'
RUNBOOKS = ROOT / "docs/runbooks"

FAULTS: tuple[tuple[Rule, tuple[str | int, ...], Any], ...] = (
    (rules.has_an_identity, ("uid",), GONE),
    (rules.has_an_identity, ("uid",), "Ab"),
    (rules.has_an_identity, ("id",), 7),
    (rules.has_an_identity, ("__inputs",), []),
    (rules.has_an_identity, ("description",), ""),
    (rules.is_not_editable, ("editable",), True),
    (rules.is_not_editable, ("editable",), GONE),
    (rules.can_be_pointed_at_any_source, (*SOURCE, "query"), "loki"),
    (rules.can_be_pointed_at_any_source, (*SOURCE, "label"), GONE),
    (rules.can_be_pointed_at_any_source, (*JOB, "datasource"), GONE),
    (rules.can_be_pointed_at_any_source, (*PANEL, "datasource"), {"type": "prometheus", "uid": "prometheus"}),
    (rules.can_be_pointed_at_any_source, (*TARGET, "datasource"), GONE),
    (rules.can_be_pointed_at_any_source, ("annotations", "list"), [{"name": "Alerts", "target": {"expr": "ALERTS"}}]),
    (rules.can_be_narrowed_down, JOB, SAMPLE["templating"]["list"][2]),
    (rules.can_be_narrowed_down, (*JOB, "query"), "metrics(logship.+)"),
    (rules.can_be_narrowed_down, (*JOB, "label"), GONE),
    (rules.can_be_narrowed_down, (*JOB, "description"), GONE),
    (rules.can_be_narrowed_down, (*INSTANCE, "multi"), False),
    (rules.can_be_narrowed_down, (*INSTANCE, "includeAll"), False),
    (rules.can_be_narrowed_down, (*INSTANCE, "allValue"), GONE),
    (rules.can_be_narrowed_down, (*INSTANCE, "refresh"), 1),
    (rules.uses_the_variables_it_has, (*PANEL, "title"), "Requests of $rout"),
    (rules.uses_the_variables_it_has, (*JOB, "name"), "jobs"),
    (rules.fits_its_grid, ("panels",), 2 * SAMPLE["panels"]),
    (rules.fits_its_grid, (*PANEL, "gridPos", "x"), 13),
    (rules.explains_its_panels, (*PANEL, "title"), ""),
    (rules.explains_its_panels, (*PANEL, "description"), GONE),
    (rules.explains_its_panels, (*PANEL, "type"), "graph"),
    (rules.explains_its_panels, (*DEFAULTS, "unit"), GONE),
    (rules.explains_its_panels, (*DEFAULTS, "unit"), "seconds"),
    (rules.asks_for_something, (*PANEL, "targets"), []),
    (rules.asks_for_something, (*PANEL, "targets"), 2 * SAMPLE["panels"][0]["targets"]),
    (rules.asks_for_something, (*TARGET, "legendFormat"), GONE),
    (promql.is_promql, EXPRESSION, f"sum(rate({REQUESTS}[$__rate_interval])"),
    (promql.is_promql, (*JOB, "query", "query"), "label_values(up{, job)"),
    (
        promql.reads_metrics_that_exist,
        EXPRESSION,
        f"sum(rate({REQUESTS.replace('requests', 'request')}[$__rate_interval]))",
    ),
    (promql.reads_metrics_that_exist, (*JOB, "query", "query"), "label_values(logship_info, job)"),
    (promql.looks_back_as_far_as_needed, EXPRESSION, f"sum(rate({REQUESTS}[5m]))"),
    (promql.looks_back_as_far_as_needed, EXPRESSION, f"sum(increase({REQUESTS}[$__range]))"),
    (promql.counts_by_rates, EXPRESSION, f"sum({REQUESTS})"),
    (promql.counts_by_rates, EXPRESSION, 'pg_stat_database_xact_commit{job="postgres"}'),
    (
        promql.reads_buckets_as_a_histogram,
        EXPRESSION,
        'job_le:http_request_duration_seconds_bucket:rate5m{job=~"$job"}',
    ),
    (promql.asks_for_a_job, EXPRESSION, 'sum(rate(http_requests_total{instance=~"$instance"}[$__rate_interval]))'),
    (promql.asks_for_a_job, EXPRESSION, 'redis_up{job="rediss"}'),
    (promql.asks_for_the_chosen_instances, EXPRESSION, 'sum(rate(http_requests_total{job=~"$job"}[$__rate_interval]))'),
    (
        promql.knows_who_is_scraped_rarely,
        EXPRESSION,
        'rate(redis_commands_processed_total{job="redis"}[$__rate_interval])',
    ),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("dashboard", [SAMPLE, *DASHBOARDS], ids=lambda dashboard: dashboard["title"])
def test_a_dashboard(rule: Rule, dashboard: Json) -> None:
    assert list(rule(dashboard)) == []


@pytest.mark.parametrize(("rule", "path", "value"), FAULTS)
def test_a_rule_finds_a_fault(rule: Rule, path: tuple[str | int, ...], value: Any) -> None:
    assert list(rule(changed(path, value)))


def test_every_rule_is_seen_to_find_something() -> None:
    assert {rule for rule, _, _ in FAULTS} == set(RULES)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_file_has_the_shape_that_makes_small_diffs(path: Path) -> None:
    shaped = json.dumps(load(path), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == shaped


def test_dashboards_are_told_apart() -> None:
    assert sorted(each["title"] for each in DASHBOARDS) == ["Heroes in Waiting - System Overview", "Routes", "logship"]
    assert rules.repeated(each["uid"] for each in DASHBOARDS) == []


def test_promtool_can_read_every_expression(promtool: str, tmp_path: Path) -> None:
    expressions = {query.expression for dashboard in DASHBOARDS for query in promql.every_query(dashboard)}
    recorded = [{"record": f"expression:{number}", "expr": each} for number, each in enumerate(sorted(expressions))]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": recorded}]}))
    command = [promtool, "check", "rules", "--lint=none", str(tmp_path / "rules.yml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_links_lead_to_runbooks_and_dashboards_that_are_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PATHS)
    linked = set(re.findall(r"\$\{runbooks\}/(\w+)\.md", text))
    assert linked
    assert [name for name in sorted(linked) if not (RUNBOOKS / f"{name}.md").exists()] == []
    assert set(re.findall(r'"/d/([\w-]+)', text)) <= {each["uid"] for each in DASHBOARDS}


def test_every_alert_has_a_panel_that_leads_to_its_runbook() -> None:
    links = {link["url"] for dashboard in DASHBOARDS for panel in panels(dashboard) for link in panel.get("links", [])}
    assert {f"${{runbooks}}/{name}.md" for name in alerts()} <= links


def test_the_address_of_the_runbooks_is_that_of_the_alerts() -> None:
    (address,) = {alert["annotations"]["runbook_url"].rpartition("/")[0] for alert in alerts().values()}
    for dashboard in DASHBOARDS:
        (variable,) = (each for each in dashboard["templating"]["list"] if each["name"] == "runbooks")
        assert variable["query"] == address


@pytest.mark.parametrize(
    "panel", [each for board in DASHBOARDS for each in panels(board)], ids=lambda each: each["title"]
)
def test_a_limit_that_is_drawn_is_that_of_the_alert(panel: Json) -> None:
    for alert in re.findall(r"limit of ([A-Z]\w+)", panel["description"]):
        *_, red = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert red["value"] in limits(alerts()[alert]["expr"])


def test_data_sources_are_those_that_everything_else_refers_to() -> None:
    sources = configuration("grafana/provisioning/datasources/prometheus.yml")
    by_uid = {source["uid"]: source for source in sources["datasources"]}
    assert sources["apiVersion"] == 1
    assert [source["uid"] for source in by_uid.values() if source.get("isDefault")] == ["prometheus"]
    assert by_uid["prometheus"]["jsonData"]["alertmanagerUid"] in by_uid
    for dashboard in DASHBOARDS:
        (variable,) = (each for each in dashboard["templating"]["list"] if each["type"] == "datasource")
        assert variable["current"]["value"] in by_uid
        assert by_uid[variable["current"]["value"]]["type"] == variable["query"]


def test_points_of_single_requests_lead_to_their_traces() -> None:
    (source, *_) = configuration("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (destination,) = source["jsonData"]["exemplarTraceIdDestinations"]
    assert destination["name"] == "trace_id"
    assert destination["url"].endswith("/$${__value.raw}")
    drawn = [panel for dashboard in DASHBOARDS for panel in panels(dashboard)]
    with_points = {each["title"] for each in drawn if all(target.get("exemplar") for target in each["targets"])}
    assert with_points == {"Durations", "Quantiles with traces"}


def test_the_usual_scrape_interval_is_that_of_prometheus() -> None:
    (source, *_) = configuration("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["jsonData"]["timeInterval"] == configuration("prometheus/prometheus.yml")["global"]["scrape_interval"]


def test_grafana_looks_for_dashboards_where_they_are_said_to_be_mounted() -> None:
    config = configuration("grafana/provisioning/dashboards/provider.yml")
    (provider,) = config["providers"]
    assert config["apiVersion"] == 1
    assert f"`{provider['options']['path']}`" in (GRAFANA / "README.md").read_text(encoding="utf-8")


def test_values_of_variables_stand_for_themselves_in_a_regular_expression() -> None:
    route = "/api/students/{id:int}.json"
    put = substitute('up{route=~"$route"}', {"route": chosen(route)})
    assert put == r'up{route=~"/api/students/\\{id:int\\}\\.json"}'
    pattern = json.loads(put[put.index('"') : -1])
    assert re.fullmatch(pattern, route)


def alerts() -> dict[str, Json]:
    """Return the alerts by name."""
    files = [
        configuration(f"prometheus/rules/{path.name}") for path in (ROOT / "configs/prometheus/rules").glob("*.yml")
    ]
    return {
        rule["alert"]: rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule
    }


def limits(expression: str) -> set[float]:
    """Return the numbers that an expression compares with, products multiplied out."""
    compared = re.findall(r"[<>]=? ([\d.]+(?: \* [\d.]+)*)", expression)
    return {math.prod(float(factor) for factor in each.split(" * ")) for each in compared}
