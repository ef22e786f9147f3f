from __future__ import annotations

import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import app_logging

ReadRecords = Callable[[Path], list[dict[str, Any]]]
CONFIGS = Path(__file__).parents[2] / "configs"
HOSTS = {"django", "flask", "gunicorn", "litestar", "quart", "starlette", "fastapi", "uvicorn", "opentelemetry", "yaml"}


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers  # dictConfig takes away those of pytest


def test_the_dict_does_what_configure_does(tmp_path: Path, read_records: ReadRecords) -> None:
    config = app_logging.dict_config(service="heroes-api", log_dir=str(tmp_path), level="warning", console=False)
    for again in (config, json.loads(json.dumps(config)), yaml.safe_load(yaml.safe_dump(config))):
        logging.config.dictConfig(again)
        logging.getLogger("stdlib").info("too low")
        logging.getLogger("stdlib").warning("once")
        app_logging.get_logger("structlog").warning("once")
    records = read_records(tmp_path / "combined.log")
    assert [(record["logger"], record["message"]) for record in records] == [
        ("stdlib", "once"),
        ("structlog", "once"),
    ] * 3
    assert {record["service"] for record in records} == {"heroes-api"}


def test_the_yaml_file_is_the_dict() -> None:
    file = yaml.safe_load((CONFIGS / "logging.yml").read_text())
    assert file == app_logging.dict_config(service="heroes-api")


def test_a_wrong_option_is_told_before_any_host_hides_the_reason() -> None:
    with pytest.raises(app_logging.SettingsError, match="level: 'loud'"):
        app_logging.dict_config(level="loud")


def test_handlers_that_others_put_on_a_servers_logger_stay(tmp_path: Path) -> None:
    class Mail(logging.Handler):
        """As Django's, which mails its admins."""

    mail, console, file = Mail(), logging.StreamHandler(), logging.FileHandler(tmp_path / "django.log", delay=True)
    logger = logging.getLogger("django")
    logger.handlers[:] = [mail, console, file]
    try:
        app_logging.configure(log_dir=tmp_path, console=False)
        assert logger.handlers == [mail, file]
        app_logging.reset()
        assert logger.handlers == [mail, console, file]
    finally:
        logger.handlers.clear()


@pytest.mark.parametrize("name", ["uvicorn.access", "gunicorn.access", "hypercorn.access", "django.server"])
def test_access_lines_are_kept_until_a_middleware_writes_records(
    tmp_path: Path, read_records: ReadRecords, name: str
) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    logging.getLogger(name).info("first")

    async def app(*_arguments: Any) -> None:
        pass

    app_logging.RequestLogMiddleware(app)
    logging.getLogger(name).info("second")
    app_logging.configure(log_dir=tmp_path, console=False)
    logging.getLogger(name).info("third")
    assert not logging.getLogger(name).hasHandlers(), "so that uvicorn does not even make the line"
    assert [record["message"] for record in read_records(tmp_path / "combined.log")] == ["first"]


def test_importing_the_package_imports_no_host() -> None:
    command = [sys.executable, "-c", "import sys, app_logging; print(*sorted(sys.modules))"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not HOSTS & {name.partition(".")[0] for name in names}
