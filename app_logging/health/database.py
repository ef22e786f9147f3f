"""Look whether the database answers: connect, ask for next to nothing, close.

Any DB-API 2.0 driver (PEP 249) will do, by the callable that connects; a URL needs SQLAlchemy, which is imported for it
alone. A connection pool's own connect is the better one to give: the application has no other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote, quote_plus

from app_logging.health.check import Check, Unhealthy
from app_logging.health.details import detail_of
from app_logging.secret_names import SecretNames
from app_logging.settings import SettingsError

Connect = Callable[[], Any]
"""Returns a DB-API connection; or asks the database by itself, as a coroutine function must, and answers as a probe."""

URL = "database url"


def database(
    source: str | Connect,
    *,
    query: str = "SELECT 1",
    name: str = "database",
    essential: bool = True,
    timeout_seconds: float | None = None,
) -> Check:
    """Return a check that fails when the database cannot be reached or does not answer a query.

    Args:
        source: A SQLAlchemy URL, or a callable that connects: `lambda: psycopg.connect(dsn)`, `engine.raw_connection`.
        query: What is asked; Oracle before 23ai wants `SELECT 1 FROM dual`.
        name: Of the check.
        essential: Whether the application cannot do its work without it.
        timeout_seconds: How long it may take; None: as long as the others.

    Raises:
        SettingsError: A value is not allowed, or the URL cannot be used; it is not shown, as it may hold a password.
    """
    probe: Connect
    if isinstance(source, str):
        probe = _url_probe(source, query)
    elif inspect.iscoroutinefunction(source) or not callable(source):
        probe = source  # asks in its own loop; or is refused
    else:
        probe = _probe(source, query)
    return Check(name, probe, essential=essential, timeout_seconds=timeout_seconds)


def _probe(connect: Connect, query: str) -> Callable[[], object]:
    def probe() -> object:
        connection = connect()
        if not hasattr(connection, "cursor"):
            return _answer(connection)
        with closing(connection), closing(connection.cursor()) as cursor:
            cursor.execute(query)
            cursor.fetchone()
        return None

    return probe


def _answer(found: object) -> object:
    """Return what a callable found that asked by itself; refuse what could only be asked, as nobody asked it yet.

    `engine.connect` of SQLAlchemy may give a connection from its pool, a `Session` or a pool's context manager has none
    so far: a database that is down would be healthy.
    """
    if not (hasattr(found, "execute") or hasattr(found, "__enter__")):
        return found
    if hasattr(found, "close"):
        found.close()
    kind = f"{type(found).__module__}.{type(found).__qualname__}"
    raise Unhealthy(f"{kind} is no DB-API connection: give what returns one, such as engine.raw_connection")


def _url_probe(url: str, query: str) -> Callable[[], object]:
    engine, secrets = _engine(url)
    ask = _probe(engine.raw_connection, query)

    def probe() -> object:
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - drivers raise what they like, and may put the password into it
            raise Unhealthy(detail_of(error, secrets)) from None

    return probe


def _engine(url: str) -> tuple[Any, list[str]]:
    """Return an engine without a pool, and what must never be shown; no connection is made yet."""
    try:
        import sqlalchemy
        from sqlalchemy.pool import NullPool
    except ImportError:
        allowed = "it needs SQLAlchemy, pip install SQLAlchemy; or give a callable that connects"
        raise SettingsError(URL, "…", "argument", allowed) from None
    try:
        parsed = sqlalchemy.make_url(url)
        engine = sqlalchemy.create_engine(parsed, poolclass=NullPool)
    except ModuleNotFoundError as error:
        dialect = f"{parsed.drivername}://…"
        raise SettingsError(URL, dialect, "argument", f"the driver {error.name!r} is not installed") from None
    except (sqlalchemy.exc.ArgumentError, ValueError):
        allowed = "a URL such as postgresql+psycopg://user:password@host/name, with a dialect that is installed"
        raise SettingsError(URL, "…", "argument", allowed) from None
    return engine, secrets_in(parsed)


def secrets_in(url: Any) -> list[str]:
    """Return what must never be shown of a parsed URL, in the forms that a driver may have it in."""
    names = SecretNames()
    values = [value for key, value in url.query.items() if names.is_secret_parameter(key) and isinstance(value, str)]
    plain = [str(url.password), *values] if url.password else values
    return [form for secret in plain for form in (secret, quote(secret, safe=""), quote_plus(secret))]
