"""A database is asked through whatever connects to it, its connection is given back, its password never shown."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
import sqlalchemy.orm

from app_logging import health
from app_logging.health.database import secrets_in
from app_logging.health.details import as_detail
from app_logging.settings import SettingsError


def ask(check: health.Check) -> health.CheckResult:
    (result,) = health.HealthChecks(check, timeout_seconds=30).run().results
    return result


class Closing(sqlite3.Connection):
    """A connection that says when it was closed, and by whom it was used."""

    said: list[str]

    def close(self) -> None:
        self.said.append(threading.current_thread().name)
        super().close()


def connecting(path: Path | str, said: list[str]) -> Callable[[], Closing]:
    def connect() -> Closing:
        connection = sqlite3.connect(path, factory=Closing)
        connection.said = said
        return connection

    return connect


def test_a_database_that_answers_is_healthy_and_its_connection_closed() -> None:
    said: list[str] = []
    result = ask(health.database(connecting(":memory:", said)))
    assert (result.name, result.status, result.detail) == ("database", "healthy", "")
    assert said == ["app_logging health database"]


def test_a_query_that_fails_is_a_failure_and_the_connection_is_closed_all_the_same() -> None:
    said: list[str] = []
    result = ask(health.database(connecting(":memory:", said), query="SELECT 1 FROM heroes", name="heroes"))
    assert (result.status, result.detail) == ("unhealthy", "sqlite3.OperationalError: no such table: heroes")
    assert len(said) == 1


def test_a_database_that_cannot_be_reached_is_a_failure(tmp_path: Path) -> None:
    result = ask(health.database(lambda: sqlite3.connect(tmp_path / "none" / "a.db")))
    assert (result.status, result.detail) == ("unhealthy", "sqlite3.OperationalError: unable to open database file")


def test_a_locked_database_is_a_failure_within_the_time(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db", isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        check = health.database(
            lambda: sqlite3.connect(tmp_path / "a.db", timeout=0.5), query="SELECT * FROM t", timeout_seconds=0.01
        )
        assert ask(check).detail == "no answer within 0.01 s"
    holder.close()


def test_a_callable_that_asks_by_itself_answers_as_any_probe() -> None:
    async def ping() -> str:
        return "pong"

    assert ask(health.database(lambda: False)).status == "unhealthy"
    assert ask(health.database(ping)).detail == "pong"
    report = asyncio.run(health.HealthChecks(health.database(ping)).run_async())
    assert report.results[0].detail == "pong"


def test_what_could_be_asked_but_was_not_is_no_answer(tmp_path: Path) -> None:
    """A pool may hand out a connection to a database that is down, and a session has not even connected."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    for source, kind in (
        (engine.connect, "sqlalchemy.engine.base.Connection"),
        (sqlalchemy.orm.sessionmaker(engine), "sqlalchemy.orm.session.Session"),
        (contextlib.contextmanager(lambda: iter([engine.raw_connection()])), "contextlib._GeneratorContextManager"),
    ):
        result = ask(health.database(source))
        needed = f"{kind} is no DB-API connection: give what returns one, such as engine.raw_connection"
        assert (result.status, result.detail) == ("unhealthy", needed)
    assert ask(health.database(engine.raw_connection)).status == "healthy"
    assert "Current Checked out connections: 0" in engine.pool.status()
    engine.dispose()


def test_a_coroutine_function_is_asked_in_the_loop_that_its_pool_belongs_to() -> None:
    async def ask() -> str:
        home = asyncio.get_running_loop()

        async def ping() -> bool:
            return asyncio.get_running_loop() is home

        return (await health.HealthChecks(health.database(ping)).run_async()).status

    assert asyncio.run(ask()) == "healthy"


@pytest.mark.parametrize("run", ["thread", "loop"])
def test_a_sqlalchemy_url_is_asked(tmp_path: Path, run: str) -> None:
    checks = health.HealthChecks(health.database(f"sqlite:///{tmp_path}/a.db"), timeout_seconds=30)
    report = checks.run() if run == "thread" else asyncio.run(checks.run_async())
    assert report.status == "healthy"
    wrong = health.database(f"sqlite:///{tmp_path}/none/a.db")
    assert "unable to open database file" in ask(wrong).detail


@pytest.mark.parametrize(
    "url", ["nonsense://heroes:hunter2@db/heroes", "heroes:hunter2@db", "sqlite://a:hunter2@b:x", ""]
)
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match=r"database url: .* is not allowed: a URL such as") as refused:
        health.database(url)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_driver_that_is_not_there_is_named() -> None:
    with pytest.raises(
        SettingsError, match=r"'mysql\+asyncmy://…' .* the driver 'asyncmy' is not installed"
    ) as refused:
        health.database("mysql+asyncmy://heroes:hunter2@db/heroes")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("shown", ["s3cr/t p", "s3cr%2Ft%20p", "s3cr%2Ft+p", "k3y"])
def test_whatever_is_secret_in_a_url_is_known_in_each_of_its_forms(shown: str) -> None:
    known = secrets_in(sqlalchemy.make_url("postgresql://heroes:s3cr%2Ft%20p@db/heroes?token=k3y&sslmode=require"))
    assert as_detail(f"no access with {shown} here", known) == "no access with [REDACTED] here"
    assert as_detail("require postgresql heroes db", known) == "require postgresql heroes db"


def test_without_sqlalchemy_a_url_is_refused_with_the_remedy_and_all_else_works() -> None:
    code = """
import sys
sys.modules["sqlalchemy"] = None
import sqlite3
from app_logging import health
print(health.HealthChecks(health.database(lambda: sqlite3.connect(":memory:"))).run().status)
health.database("sqlite://")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "healthy\n"
    assert ran.stderr.splitlines()[-1].endswith(
        "it needs SQLAlchemy, pip install SQLAlchemy; or give a callable that connects"
    )


def test_sqlalchemy_is_imported_for_a_url_alone() -> None:
    code = "import sys; from app_logging import health; print('sqlalchemy' in sys.modules, 'django' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False False\n"
