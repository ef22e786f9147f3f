"""Real servers on loopback, each with its exporter: PostgreSQL, pgbouncer, Redis, and this machine.

Each function runs what it is named after, at a free port, for the length of a `with` block.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from crash.tailing import DEADLINE, wait_for
from loopback import free_port

MAX_CONNECTIONS = 20
DATABASE = "heroes"
SET_UP = (f"CREATE DATABASE {DATABASE}", "CREATE ROLE exporter LOGIN", "GRANT pg_monitor TO exporter")

FindProgram = Callable[[str], str]
Command = Sequence[str | Path]


@contextmanager
def postgres(find: FindProgram) -> Iterator[int]:
    """Run PostgreSQL with one database and a role for its exporter; yield the port.

    All of its few connections are for everybody, so that the exporter finds one when the others are taken.
    """
    binaries = Path(_said_by(find("pg_config"), "--bindir").strip())
    port = free_port()
    with _directory() as directory:
        cluster = directory / "cluster"
        initdb: Command = [find(str(binaries / "initdb")), "--auth=trust", "--username=postgres", "--no-sync", cluster]
        _said_by(*_without_root(), *initdb)
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": MAX_CONNECTIONS,
            "superuser_reserved_connections": 0,
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        # at SIGTERM it waits for its clients, at SIGINT it ends their sessions
        with _running([*_without_root(), binaries / "postgres", "-D", cluster, *options], stop=signal.SIGINT) as is_up:
            wait_for(lambda: is_up() and _succeeds(find("pg_isready"), "--host=127.0.0.1", f"--port={port}"))
            for statement in SET_UP:
                _said_by(*_psql(find, port, "postgres"), f"--command={statement}")
            yield port


@contextmanager
def connected(find: FindProgram, port: int, count: int) -> Iterator[None]:
    """Hold so many connections to the database; closing the standard input of a client ends it."""
    with ExitStack() as clients:
        held = [
            clients.enter_context(
                subprocess.Popen(_psql(find, port, DATABASE), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(count)
        ]
        for client in held:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write(b"\\echo connected\n")
            client.stdin.flush()
            assert client.stdout.readline() == b"connected\n"
        yield


@contextmanager
def postgres_exporter(find: FindProgram, port: int) -> Iterator[str]:
    """Run the exporter of the PostgreSQL at a port; yield the address of the exporter."""
    address = f"127.0.0.1:{free_port()}"
    source = f"postgresql://exporter@127.0.0.1:{port}/postgres?sslmode=disable"
    command = [find("prometheus-postgres-exporter"), f"--web.listen-address={address}"]
    with _serving(command, address, DATA_SOURCE_NAME=source):
        yield address


@contextmanager
def pgbouncer(find: FindProgram, port: int) -> Iterator[int]:
    """Run pgbouncer in front of the PostgreSQL at a port; yield the port of pgbouncer."""
    own = free_port()
    with _directory() as directory:
        settings = directory / "pgbouncer.ini"
        settings.write_text(f"""
            [databases]
            {DATABASE} = host=127.0.0.1 port={port} user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {own}
            unix_socket_dir =
            auth_type = any
            stats_users = exporter
            ignore_startup_parameters = extra_float_digits
        """)
        with _running([*_without_root(), find("pgbouncer"), settings]) as is_up:
            wait_for(lambda: is_up() and _succeeds(*_psql(find, own, DATABASE), "--command=SELECT 1"))
            yield own


@contextmanager
def pgbouncer_exporter(find: FindProgram, port: int) -> Iterator[str]:
    """Run PyPI's prometheus-pgbouncer-exporter for the pgbouncer at a port; yield the address of the exporter."""
    host, own = "127.0.0.1", free_port()
    with _directory() as directory:
        source = {"dsn": f"postgresql://exporter@127.0.0.1:{port}/pgbouncer"}
        settings = {"exporter_host": host, "exporter_port": own, "pgbouncers": [source]}
        (directory / "exporter.yml").write_text(json.dumps(settings))  # which is YAML, too
        with _serving([find("pgbouncer-exporter"), "--config", directory / "exporter.yml"], f"{host}:{own}"):
            yield f"{host}:{own}"


@contextmanager
def redis(find: FindProgram) -> Iterator[int]:
    """Run Redis with one key in it; yield the port."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--maxmemory", "64mb"]
    with _running([find("redis-server"), *options]) as is_up:
        wait_for(lambda: is_up() and _succeeds(find("redis-cli"), "-p", str(port), "SET", "hero", "waiting"))
        yield port


@contextmanager
def redis_exporter(find: FindProgram, port: int) -> Iterator[str]:
    """Run the exporter of the Redis at a port; yield the address of the exporter."""
    address = f"127.0.0.1:{free_port()}"
    command = [find("prometheus-redis-exporter"), f"-web.listen-address={address}", f"-redis.addr=127.0.0.1:{port}"]
    with _serving(command, address):
        yield address


@contextmanager
def node_exporter(find: FindProgram) -> Iterator[str]:
    """Run the exporter of this machine; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    with _serving([find("prometheus-node-exporter"), f"--web.listen-address={address}"], address):
        yield address


def exposition(address: str) -> str:
    """Return what an exporter says."""
    return httpx.get(f"http://{address}/metrics", timeout=DEADLINE).raise_for_status().text


@contextmanager
def _serving(command: Command, address: str, **environment: str) -> Iterator[None]:
    with _running(command, environment=environment) as is_up:
        wait_for(lambda: is_up() and _answers(address))
        yield


@contextmanager
def _running(
    command: Command, *, stop: signal.Signals = signal.SIGTERM, environment: dict[str, str] | None = None
) -> Iterator[Callable[[], bool]]:
    """Run a command; yield a function that is true while it runs, and fails with its words when it has ended."""
    variables = os.environ | {"GOMAXPROCS": "2"} | (environment or {})
    with (
        tempfile.TemporaryFile() as talk,
        subprocess.Popen(command, stdout=talk, stderr=talk, env=variables) as process,
    ):

        def is_up() -> bool:
            if process.poll() is None:
                return True
            talk.seek(0)
            raise AssertionError(talk.read().decode())

        try:
            yield is_up
        finally:
            process.send_signal(stop)
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextmanager
def _directory() -> Iterator[Path]:
    """Make a directory for servers that refuse to be root; who they are instead cannot enter those of pytest."""
    with tempfile.TemporaryDirectory() as made:
        if os.geteuid() == 0:
            shutil.chown(made, "postgres")
        yield Path(made)


def _without_root() -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def _psql(find: FindProgram, port: int, database: str) -> list[str]:
    where = ["--host=127.0.0.1", f"--port={port}", "--username=postgres", f"--dbname={database}"]
    return [find("psql"), "--no-psqlrc", "--quiet", *where]


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/", timeout=DEADLINE).is_success
    except httpx.TransportError:
        return False


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _said_by(*command: str | Path) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
