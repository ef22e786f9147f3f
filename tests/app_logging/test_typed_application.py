from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typed_application

import app_logging

ReadRecords = Callable[[Path], list[dict[str, Any]]]


def test_what_the_types_allow_works(tmp_path: Path, read_records: ReadRecords) -> None:
    typed_application.start(tmp_path)
    typed_application.work()
    app_logging.reset()
    records = read_records(tmp_path / "combined.log")
    assert [record["message"] for record in records] == ["hero saved", "slow", "calling", "log level changed"]
    assert records[2]["url"] == "https://[REDACTED]@host/?token=[REDACTED]"
