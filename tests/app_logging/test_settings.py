from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import pytest

from app_logging.settings import Options, Settings, SettingsError, resolve

ENVIRON = {"SERVICE_NAME": "from-env", "ENVIRONMENT": "staging", "LOG_DIR": "/var/log/env", "LOG_LEVEL": "ERROR"}


def test_defaults() -> None:
    settings = resolve(environ={})
    assert (settings.service, settings.environment, settings.level) == ("app", "development", 20)
    assert settings.log_dir == Path.cwd() / "logs"
    assert (settings.max_bytes, settings.backups) == (5 * 1024 * 1024, 5)


def test_environment_wins_over_defaults() -> None:
    settings = resolve(environ=ENVIRON)
    assert (settings.service, settings.environment, settings.level) == ("from-env", "staging", 40)
    assert settings.log_dir == Path("/var/log/env")


def test_arguments_win_over_environment() -> None:
    settings = resolve(service="mine", environment="test", log_dir="/a/../b", level="debug", environ=ENVIRON)
    assert (settings.service, settings.environment, settings.level) == ("mine", "test", 10)
    assert settings.log_dir == Path("/b")


def test_an_empty_variable_counts_as_unset() -> None:
    assert resolve(environ={"SERVICE_NAME": "", "LOG_LEVEL": ""}).service == "app"


@pytest.mark.parametrize("level", ["warn", "WARNING", " Warning ", 30])
def test_a_level_can_be_spelt_in_several_ways(level: str | int) -> None:
    assert resolve(level=level, environ={}).level == 30


@pytest.mark.parametrize("levels", ["a=WARNING, b.c = debug,", {"a": "warn", "b.c": 10}])
def test_levels_of_single_loggers_are_given_as_text_or_as_a_mapping(levels: Any) -> None:
    assert resolve(levels=levels, environ={}).levels == {"a": 30, "b.c": 10}
    assert resolve(environ={"LOG_LEVELS": "a=warning"}).levels == {"a": 30}


def test_each_option_has_a_meaning_and_a_default() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert fields == set(Options.__annotations__)
    documented = inspect.getdoc(Settings) or ""
    assert [name for name in fields if f"{name}: " not in documented] == []


def test_each_option_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/app-logging.md").read_text(encoding="utf-8")
    assert [name for name in Options.__annotations__ if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    ("arguments", "environ", "parts"),
    [
        ({"level": "verbose"}, {}, ["level", "'verbose'", "argument", "debug, info, warning, error, critical"]),
        ({}, {"LOG_LEVEL": "infos"}, ["'infos'", "LOG_LEVEL", "did you mean info?"]),
        ({"level": 25}, {}, ["25", "argument"]),
        ({"level": True}, {}, ["True"]),
        ({"service": " "}, {}, ["service", "' '", "not empty"]),
        ({"service": 5}, {}, ["service", "5"]),
        ({"environment": ""}, {}, ["environment", "''"]),
        ({"log_dir": ""}, {}, ["log_dir", "directory"]),
        ({"log_dir": 5}, {}, ["log_dir", "5", "directory"]),
        ({"log_dir": "a\0b"}, {}, ["log_dir", r"'a\x00b'", "directory"]),
        ({"log_dir": "\ud800"}, {}, ["log_dir", "directory"]),
        ({"max_bytes": -1}, {}, ["max_bytes", "-1", "0 or more"]),
        ({"max_bytes": 1.5}, {}, ["max_bytes", "1.5"]),
        ({"backups": 0}, {}, ["backups", "0", "1 or more"]),
        ({"backups": True}, {}, ["backups", "True"]),
        ({"on_error": "ignore"}, {}, ["on_error", "'ignore'", "stderr, raise"]),
        ({"levels": "sqlalchemy"}, {}, ["levels", "'sqlalchemy'", "sqlalchemy=WARNING"]),
        ({}, {"LOG_LEVELS": "a=loud"}, ["levels: a", "'loud'", "LOG_LEVELS", "debug, info"]),
        ({"levels": {"": "info"}}, {}, ["levels"]),
        ({"levels": 5}, {}, ["levels", "5"]),
        ({"total_bytes": 1, "max_bytes": 2}, {}, ["total_bytes", "1", "max_bytes"]),
        ({"total_bytes": 1, "max_bytes": 0}, {}, ["max_bytes", "total_bytes"]),
        ({"compress": True, "max_bytes": 0}, {}, ["max_bytes", "compress"]),
        ({"compress": True, "per_process": True}, {}, ["per_process", "compress"]),
        ({"strict": "yes"}, {}, ["strict", "'yes'", "True, False"]),
        ({"console": 1}, {}, ["console", "1"]),
        ({"redact_keys": "name"}, {}, ["redact_keys", "'name'", "list"]),
        ({"redact_patterns": ["cards"]}, {}, ["redact_patterns", "'cards'", "bearer, jwt, card"]),
        ({"rate_limits": {"a": 0}}, {}, ["rate_limits: a", "0", "1 or more"]),
        ({"rate_limits": 100}, {}, ["rate_limits", "100", "records per second"]),
        ({"heartbeat_seconds": -1}, {}, ["heartbeat_seconds", "-1", "seconds"]),
        ({"queue": True}, {}, ["queue", "True", "drop, wait"]),
        ({"queue_bytes": 5}, {}, ["queue_bytes", "5", "1024"]),
        ({"no_such": 5}, {}, ["no_such", "service, environment"]),
    ],
)
def test_a_wrong_value_is_named_with_its_source_and_what_is_allowed(
    arguments: dict[str, Any], environ: dict[str, str], parts: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve(**arguments, environ=environ)
    assert isinstance(caught.value, ValueError)
    for part in parts:
        assert part in str(caught.value)


def test_a_relative_directory_needs_a_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SettingsError, match=r"log_dir: 'logs' \(from LOG_DIR\).*absolute path"):
        resolve(environ={"LOG_DIR": "logs"})
    assert resolve(log_dir="/logs", environ={}).log_dir == Path("/logs")
