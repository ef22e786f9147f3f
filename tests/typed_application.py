"""An application as a user would write it: `mypy --strict` accepts what is right and refuses what is wrong.

A mistake that is not refused is an unused `type: ignore`, which strict mypy reports.
"""

from __future__ import annotations

import logging
import re
import signal
from pathlib import Path

import app_logging


def start(log_dir: Path) -> None:
    app_logging.configure(
        service="heroes-api",
        environment="production",
        log_dir=log_dir,
        level="info",
        levels={"sqlalchemy": "warning", "app.db": logging.DEBUG},
        max_bytes=1_000_000,
        backups=3,
        total_bytes=10_000_000,
        compress=True,
        console=False,
        on_error="raise",
        redact_keys=["hero_name"],
        redact_except={"session"},
        redact_patterns=("bearer", re.compile("hero-[0-9]+")),
        rate_limits={"noisy": 10},
        heartbeat_seconds=30,
    )
    app_logging.change_level_on_signals(more=signal.SIGUSR1, less=signal.SIGUSR2)


def work() -> None:
    app_logging.bind_context(request_id="r")
    log = app_logging.get_logger(__name__)
    log.info("hero saved", hero="wonder-woman", powers=["flight"])
    log.bind(tenant="t").warning("slow", seconds=1.5)
    url: str = app_logging.redact_url("https://user:secret@host/?token=secret")
    log.info("calling", url=url)
    app_logging.set_level("debug", "app.db")
    app_logging.clear_context()
    handler = logging.StreamHandler()
    handler.setFormatter(app_logging.JsonFormatter(service="heroes-api"))
    names: list[str] = [field.name for field in app_logging.FIELDS]
    log.debug("fields", names=names)


def mistakes() -> None:
    app_logging.configure(servcie="x")  # type: ignore[call-arg]
    app_logging.configure(on_error="ignore")  # type: ignore[arg-type]
    app_logging.configure(max_bytes="5 MB")  # type: ignore[arg-type]
    app_logging.set_level(None)  # type: ignore[arg-type]
    app_logging.get_logger().shout("x")  # type: ignore[attr-defined]
