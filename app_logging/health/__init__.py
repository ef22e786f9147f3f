"""Health checks of an application: database, memory, disk, and its own; for probes, for the log, for Prometheus.

from app_logging import health

checks = health.HealthChecks(
    health.database(lambda: psycopg.connect(DSN)),
    health.memory(),
    health.disk("logs"),
    health.Check("mail", ask_mail_server, essential=False),
)
app.router.routes.append(Route("/healthz", health.HealthEndpoint(checks)))  # Starlette, FastAPI
"""

from __future__ import annotations

from app_logging.health.check import Check, Unhealthy
from app_logging.health.checks import HealthChecks
from app_logging.health.database import database
from app_logging.health.disk import disk
from app_logging.health.memory import memory
from app_logging.health.result import CheckResult, Report
from app_logging.health.web import HealthEndpoint, WSGIHealthEndpoint

__all__ = [
    "Check",
    "CheckResult",
    "HealthChecks",
    "HealthEndpoint",
    "Report",
    "Unhealthy",
    "WSGIHealthEndpoint",
    "database",
    "disk",
    "memory",
]
