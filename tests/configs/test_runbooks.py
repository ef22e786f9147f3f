"""A runbook belongs to each alert; what it says to type works, and what it names exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import httpx
import pytest
import yaml
from configs.test_alerts import ALERTS, KNOWN, ROOT, expected_alerts, metrics_in, succeed
from configs.test_end_to_end import alertmanager
from crash.tailing import DEADLINE

from logship.cli.main import cli

RUNBOOKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs/runbooks").glob("*.md"))}
DOCUMENTS = RUNBOOKS | {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
WITH_QUERIES = [name for name, text in DOCUMENTS.items() if "```promql" in text]
OPERATIONS = DOCUMENTS["operations.md"]
SECTIONS = ["Meaning", "Impact", "First five minutes", "Queries", "Remedies", "Silence"]
OF_PROMETHEUS = {
    *("process_cpu_seconds_total", "scrape_duration_seconds"),
    *("scrape_samples_post_metric_relabeling", "scrape_samples_scraped"),
}
"""What Prometheus adds to each scrape, or every target says about its own process."""


def queries(text: str) -> list[str]:
    """Return the lines of PromQL in a document."""
    blocks = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    return [line.partition("  #")[0] for block in blocks for line in block.splitlines()]


def silence(text: str) -> list[str]:
    """Return the command in a runbook that silences its alert."""
    (command,) = re.findall(r"^\$ (amtool silence add .*)$", text, re.MULTILINE)
    return shlex.split(command)


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert set(RUNBOOKS) == set(ALERTS)


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_has_every_section_and_something_in_it(name: str) -> None:
    head, *sections = re.split(r"^## ", RUNBOOKS[name], flags=re.MULTILINE)
    assert head == f"# {name}\n\n"
    bodies = dict(section.split("\n", 1) for section in sections)
    assert list(bodies) == SECTIONS
    assert all(len(body.split()) >= 5 for body in bodies.values())
    assert re.findall(r"^(\d)\. ", bodies["First five minutes"], re.MULTILINE)[:2] == ["1", "2"]
    assert queries(bodies["Queries"])


@pytest.mark.parametrize("name", WITH_QUERIES)
def test_a_document_asks_for_metrics_that_exist(name: str) -> None:
    asked = set().union(*map(metrics_in, queries(DOCUMENTS[name])))
    assert asked
    assert asked <= KNOWN | OF_PROMETHEUS


def test_prometheus_can_read_every_query(promtool: str, tmp_path: Path) -> None:
    asked = [query for text in DOCUMENTS.values() for query in queries(text)]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    succeed(promtool, "check", "rules", "--lint=none", tmp_path / "queries.yml")


@pytest.mark.parametrize("name", [*RUNBOOKS, "operations.md"])
def test_alerts_and_commands_that_a_document_names_exist(name: str) -> None:
    text = DOCUMENTS[name]
    assert set(re.findall(r"`([A-Z]\w*[a-z]\w*)`", text)) <= set(ALERTS)
    commands = cli.list_commands(click.Context(cli))
    assert set(re.findall(r"`logship (\w+)", text)) <= set(commands)


@pytest.fixture
def alertmanager_url(tmp_path: Path, server_program: Callable[[str], str]) -> Iterator[str]:
    """Run an Alertmanager that sends nothing to nobody; yield its URL."""
    path = tmp_path / "alertmanager.yml"
    path.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with alertmanager(path, server_program("prometheus-alertmanager")) as url:
        yield url


@pytest.mark.integration
def test_a_runbook_silences_its_own_alert_and_no_other(
    alertmanager_url: str, server_program: Callable[[str], str]
) -> None:
    amtool = server_program("amtool")
    silenced = {}
    for name, text in RUNBOOKS.items():
        words = [word.replace("http://127.0.0.1:9093", alertmanager_url) for word in silence(text)]
        number = succeed(amtool, *words[1:], "--author=on-call").strip()
        made = httpx.get(f"{alertmanager_url}/api/v2/silence/{number}", timeout=DEADLINE).raise_for_status().json()
        silenced[name] = {matcher["name"]: matcher["value"] for matcher in made["matchers"]}
    assert [labels["alertname"] for labels in silenced.values()] == list(silenced)
    for name, fired in expected_alerts():
        assert all(silenced[name].keys() <= {"alertname", *alert["exp_labels"]} for alert in fired), name


def test_the_documented_command_puts_another_address_into_every_link_to_a_runbook(
    promtool: str, tmp_path: Path
) -> None:
    (command,) = re.findall(r"^\$ (grep -rl git\.example\.com.*)$", OPERATIONS, re.MULTILINE)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    rules = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("configs/prometheus/rules/*.yml"))
    addresses = re.findall(r"runbook_url: (\S+)", rules)
    assert sorted(addresses) == sorted(f"https://wiki.example.org/runbooks/{name}.md" for name in ALERTS)
    succeed(promtool, "test", "rules", *tmp_path.glob("configs/prometheus/tests/*.yml"))
    everywhere = [path for path in tmp_path.rglob("configs/**/*") if path.is_file()]
    assert not [path for path in everywhere if "git.example.com/logship" in path.read_text(encoding="utf-8")]
