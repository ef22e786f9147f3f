"""What configs/compose gives PostgreSQL, pgbouncer and Redis works with the real ones, and passwords are asked for.

The commands, variables and files are those of the compose file, but for addresses and the place of the secrets.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
import yaml
from crash.tailing import DEADLINE, wait_for
from loopback import free_port

pytestmark = pytest.mark.integration

COMPOSE = Path(__file__).parents[2] / "configs/compose"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((COMPOSE / "docker-compose.yml").read_text("utf-8"))["services"]
WITHOUT_ROOT = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()


@dataclass
class Place:
    """A directory with the secrets in it that servers without root can read, and where each service answers."""

    directory: Path
    find: Callable[[str], str]
    started: ExitStack
    ports: dict[str, int] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        return (self.directory / "secrets" / name).read_text()

    def here(self, text: str) -> str:
        """Return the text with the secrets and addresses of this place."""
        for name, port in self.ports.items():
            text = text.replace(f"{name}:{SERVICES[name]['expose'][0]}", f"127.0.0.1:{port}")
        return text.replace("/run/secrets", str(self.directory / "secrets"))

    def copy(self, name: str, changes: Mapping[str, str] = MappingProxyType({})) -> Path:
        """Copy a file of configs/compose here, with changes; return its path."""
        text = self.here((COMPOSE / name).read_text(encoding="utf-8"))
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (self.directory / name).write_text(text)
        return self.directory / name

    def start(
        self,
        *command: object,
        environment: Mapping[str, str] = MappingProxyType({}),
        stop: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.started.enter_context(running([str(part) for part in command], environment, stop))

    def exporter(self, service: str, program: str, flag: str) -> str:
        """Run an exporter with the variables of its service; return what it says once its server is up."""
        address = f"127.0.0.1:{free_port()}"
        environment = {name: self.here(value) for name, value in SERVICES[service]["environment"].items()}
        self.start(self.find(program), f"{flag}={address}", environment=environment)
        wait_for(lambda: "_up 1\n" in exposition(address))
        return exposition(address)

    def psql(self, service: str, user: str, database: str, password: str, what: str) -> str:
        """Return what a statement, or `--file` with statements, prints; else why it fails."""
        options = ["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        where = ["--host=127.0.0.1", f"--port={self.ports[service]}", f"--username={user}", f"--dbname={database}"]
        ran = subprocess.run(
            [self.find("psql"), *options, *where, what if what.startswith("--file=") else f"--command={what}"],
            env=os.environ | {"PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.stdout if ran.returncode == 0 else ran.stderr


@contextmanager
def running(command: list[str], environment: Mapping[str, str], stop: signal.Signals) -> Iterator[None]:
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.send_signal(stop)
            process.wait(DEADLINE)


def exposition(address: str) -> str:
    try:
        return httpx.get(f"http://{address}/metrics", timeout=DEADLINE).text
    except httpx.TransportError:
        return ""


@pytest.fixture
def place(server_program: Callable[[str], str]) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        directory = Path(name)
        subprocess.run([COMPOSE / "make-secrets", directory / "secrets"], check=True, stderr=subprocess.DEVNULL)
        if os.geteuid() == 0:
            for path in (directory, directory / "secrets"):
                shutil.chown(path, "postgres")
        yield Place(directory, server_program, started)


@pytest.fixture
def postgres(place: Place) -> Place:
    """Run PostgreSQL as its image does: a superuser by name, passwords asked for, then the shipped script."""
    said = subprocess.run([place.find("pg_config"), "--bindir"], check=True, capture_output=True, text=True).stdout
    binaries, cluster = Path(said.strip()), place.directory / "cluster"
    password = f"--pwfile={place.directory / 'secrets/postgres-password'}"
    initdb = [*WITHOUT_ROOT, str(binaries / "initdb"), "--username=heroes", password, "--auth=scram-sha-256"]
    subprocess.run([*initdb, "--no-sync", str(cluster)], check=True, capture_output=True)
    port = place.ports["postgres"] = free_port()
    listening = [f"-cport={port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories="]
    # at SIGTERM it waits for its clients, at SIGINT it ends their sessions
    place.start(*WITHOUT_ROOT, binaries / "postgres", "-D", cluster, "-cfsync=off", *listening, stop=signal.SIGINT)
    heroes = place.secret("postgres-password")
    wait_for(lambda: place.psql("postgres", "heroes", "postgres", heroes, "CREATE DATABASE heroes") == "")
    script = place.copy("postgres-exporter-role.sql")
    assert place.psql("postgres", "heroes", "heroes", heroes, f"--file={script}") == ""
    return place


def test_the_exporter_of_postgres_reads_statistics_and_nothing_else(postgres: Place) -> None:
    said = postgres.exporter("postgres-exporter", "prometheus-postgres-exporter", "--web.listen-address")
    assert 'pg_stat_database_numbackends{datid="' in said

    password = postgres.secret("exporter-password")
    assert "authentication failed" in postgres.psql("postgres", "exporter", "heroes", "wrong", "SELECT 1")
    assert "/cluster" in postgres.psql("postgres", "exporter", "heroes", password, "SHOW data_directory")
    assert "permission denied" in postgres.psql("postgres", "exporter", "heroes", password, "SELECT * FROM pg_authid")


def test_pgbouncer_lets_the_application_through_and_the_exporter_look(postgres: Place) -> None:
    place = postgres
    place.ports["pgbouncer"] = free_port()
    changes = {
        "host=postgres port=5432": f"host=127.0.0.1 port={place.ports['postgres']}",
        "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
        "listen_port = 6432": f"listen_port = {place.ports['pgbouncer']}",
    }
    place.start(*WITHOUT_ROOT, place.find("pgbouncer"), place.copy("pgbouncer.ini", changes))

    heroes, exporter = place.secret("postgres-password"), place.secret("exporter-password")
    wait_for(lambda: place.psql("pgbouncer", "heroes", "heroes", heroes, "SELECT 1") == "1\n")
    assert "authentication failed" in place.psql("pgbouncer", "heroes", "heroes", "wrong", "SELECT 1")
    assert place.psql("pgbouncer", "exporter", "pgbouncer", exporter, "SHOW POOLS").startswith("heroes|heroes|")
    assert "admin access needed" in place.psql("pgbouncer", "exporter", "pgbouncer", exporter, "PAUSE")
    assert "not allowed" in place.psql("pgbouncer", "heroes", "pgbouncer", heroes, "SHOW POOLS")


def test_redis_asks_for_its_password_and_its_exporter_knows_it(place: Place) -> None:
    port = place.ports["redis"] = free_port()
    command = [place.here(word) for word in SERVICES["redis"]["command"][1:]]
    place.start(place.find("redis-server"), *command, "--bind", "127.0.0.1", "--port", port)

    def ask(*words: str, **environment: str) -> str:
        cli = [place.find("redis-cli"), "-p", str(port), *words]
        ran = subprocess.run(cli, env=os.environ | environment, capture_output=True, text=True, check=False)
        return ran.stdout

    wait_for(lambda: ask("PING").startswith("NOAUTH"))
    assert ask("GET", "hero").startswith("NOAUTH")
    assert ask("SET", "hero", "waiting", REDISCLI_AUTH=place.secret("redis-password")) == "OK\n"

    passwords = place.directory / "secrets/redis-exporter.json"
    passwords.write_text(place.here(passwords.read_text()))
    assert "redis_db_keys{" in place.exporter("redis-exporter", "prometheus-redis-exporter", "-web.listen-address")
