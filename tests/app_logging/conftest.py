"""Every test starts without a pipeline and without settings in the environment, and must leave loggers as they were."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import app_logging
from app_logging.pipeline import active

Records = list[dict[str, Any]]
ReadRecords = Callable[[Path], Records]


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("SERVICE_NAME", "ENVIRONMENT", "LOG_DIR", "LOG_LEVEL", "LOG_LEVELS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    root = logging.getLogger()
    handlers, level, in_flight = list(root.handlers), root.level, active.in_flight.count
    yield
    app_logging.reset()
    assert active.in_flight.count == in_flight, "a request was begun and never ended"
    assert root.handlers == handlers, "a handler was left on the root logger"
    assert root.level == level
    assert not structlog.is_configured()


@pytest.fixture
def read_records() -> ReadRecords:
    """Return a reader that takes a file apart at newlines and fails on anything that is not a JSON object."""

    def read(path: Path) -> Records:
        content = path.read_bytes()
        assert content == b"" or content.endswith(b"\n")
        records = [json.loads(line) for line in content.split(b"\n")[:-1]]
        assert all(isinstance(record, dict) for record in records)
        return records

    return read
