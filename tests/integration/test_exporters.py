"""Real exporters of real servers feed the shipped rules, as a real Prometheus scrapes them by the shipped jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs.test_alerts import RULES, metrics_in
from configs.test_end_to_end import is_ready, running, write_prometheus
from crash.tailing import get, wait_for
from loopback import free_port

from configs import exporters

pytestmark = pytest.mark.integration

RECORDED = Path(__file__).parents[1] / "configs/data/exporters"
JOBS = ("postgres", "redis", "node-exporter")
ON_SERVERS = {"DatabaseConnectionHigh", "DatabaseDown", "TargetDown"}
OVER_THE_LIMIT = exporters.MAX_CONNECTIONS * 9 // 10
"""Connections over the 80 % of DatabaseConnectionHigh; the exporter has the others."""


@dataclass(frozen=True)
class Stack:
    """Servers with their exporters, and the Prometheus that scrapes these."""

    servers: ExitStack
    """Closing it ends the servers, not the exporters."""
    postgres: int
    exporter_of_postgres: str
    prometheus: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the result of an instant query."""
        result: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return result

    def firing(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the alerts on servers that fire, by name and job; this machine's own volume may well fill up."""
        return {
            (alert["labels"]["alertname"], alert["labels"]["job"]): alert
            for alert in self._ask("alerts")["alerts"]
            if alert["state"] == "firing"
            and alert["labels"]["alertname"] in ON_SERVERS
            and alert["labels"]["job"] in JOBS
        }

    def _ask(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = get(f"http://{self.prometheus}/api/v1/{path}", params=parameters)
        told: dict[str, Any] = answer.raise_for_status().json()["data"]
        return told


@pytest.fixture
def stack(tmp_path: Path, server_program: Callable[[str], str]) -> Iterator[Stack]:
    with ExitStack() as servers, ExitStack() as watchers:
        postgres = servers.enter_context(exporters.postgres(server_program))
        redis = servers.enter_context(exporters.redis(server_program))
        addresses = {
            "postgres": watchers.enter_context(exporters.postgres_exporter(server_program, postgres)),
            "redis": watchers.enter_context(exporters.redis_exporter(server_program, redis)),
            "node-exporter": watchers.enter_context(exporters.node_exporter(server_program)),
        }
        nobody, prometheus = (f"127.0.0.1:{free_port()}" for _ in range(2))
        watchers.enter_context(
            running(
                tmp_path / "prometheus.talk",
                server_program("prometheus"),
                f"--config.file={patient(write_prometheus(tmp_path, addresses | {'alertmanager': nobody}))}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address={prometheus}",
            )
        )
        wait_for(lambda: is_ready(prometheus))
        yield Stack(servers, postgres, addresses["postgres"], prometheus)


def patient(config: Path) -> Path:
    """Give exporters time on a busy machine; that of PostgreSQL needs a second to find out that nobody is there."""
    loaded = yaml.safe_load(config.read_text(encoding="utf-8"))
    for job in loaded["scrape_configs"]:
        job |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    config.write_text(yaml.safe_dump(loaded))
    return config


def test_the_room_on_a_volume_is_known_and_alerts_on_servers_fire_and_end(
    stack: Stack, server_program: Callable[[str], str]
) -> None:
    wait_for(lambda: {each["metric"]["job"] for each in stack.query("up == 1")} == set(JOBS))
    wait_for(lambda: stack.query("pg_settings_max_connections") and stack.firing() == {})
    roots = stack.query('node_filesystem_avail_bytes{mountpoint="/",fstype!="overlay"}')  # that of a container is none
    room = '0 < instance_mountpoint:log_volume_avail:ratio{mountpoint="/"} < 1'
    wait_for(lambda: len(stack.query(room)) == len(roots))

    with exporters.connected(server_program, stack.postgres, OVER_THE_LIMIT):
        wait_for(lambda: ("DatabaseConnectionHigh", "postgres") in stack.firing())
        alert = stack.firing()["DatabaseConnectionHigh", "postgres"]
        assert alert["labels"]["instance"] == stack.exporter_of_postgres
        assert re.fullmatch(r"(85|90|95|100)% of max_connections are in use\.", alert["annotations"]["description"])
    wait_for(lambda: stack.firing() == {})

    stack.servers.close()
    wait_for(lambda: set(stack.firing()) == {("DatabaseDown", "postgres"), ("TargetDown", "redis")})


def test_exporters_say_what_the_rules_read_and_what_was_recorded(server_program: Callable[[str], str]) -> None:
    with (
        exporters.postgres(server_program) as postgres,
        exporters.redis(server_program) as redis,
        exporters.postgres_exporter(server_program, postgres) as of_postgres,
        exporters.redis_exporter(server_program, redis) as of_redis,
        exporters.node_exporter(server_program) as of_node,
    ):
        said = {
            name: families(exporters.exposition(address))
            for name, address in (("postgres", of_postgres), ("redis", of_redis), ("node", of_node))
        }
    recorded = {path.stem: families(path.read_text(encoding="utf-8")) for path in RECORDED.glob("*.prom")}
    assert {name: recorded[name] - said[name] for name in said} == {name: set() for name in said}
    read = {name for rule in RULES for name in metrics_in(rule["expr"]) if re.match("pg_|redis_|node_", name)}
    assert len(read) > 3
    assert read <= set().union(*said.values())


def test_an_exporter_that_finds_no_connection_left_says_that_the_database_is_down(
    server_program: Callable[[str], str],
) -> None:
    with (
        exporters.postgres(server_program) as postgres,
        exporters.connected(server_program, postgres, exporters.MAX_CONNECTIONS),
        exporters.postgres_exporter(server_program, postgres) as address,
    ):
        said = exporters.exposition(address)
    assert "\npg_up 0\n" in said
    assert "pg_stat_database_numbackends" not in said, "so DatabaseConnectionHigh is blind"


def families(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
