from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app_logging

ReadRecords = Callable[[Path], list[dict[str, Any]]]


def descriptors_of(directory: Path) -> list[str]:
    targets = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sorted(target for target in targets if target.startswith(str(directory)))


def test_arguments_environment_and_defaults_meet_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_records: ReadRecords
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "deep" / "logs"))
    app_logging.configure(service="heroes-api")
    logging.getLogger("x").info("m")
    (record,) = read_records(tmp_path / "deep" / "logs" / "combined.log")
    assert (record["service"], record["environment"]) == ("heroes-api", "staging")


def test_a_second_configure_moves_everything_and_leaves_nothing_open(tmp_path: Path, read_records: ReadRecords) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    log, handlers = app_logging.get_logger("x"), len(logging.getLogger().handlers)
    app_logging.configure(log_dir=one, level="error", console=False)
    log.info("not written")
    app_logging.configure(log_dir=two, level="debug", console=False)
    log.debug("m")
    logging.getLogger("x").debug("m")
    assert read_records(one / "combined.log") == []
    assert len(read_records(two / "combined.log")) == 2
    assert len(logging.getLogger().handlers) == handlers + 1
    assert descriptors_of(tmp_path) == [str(two / "combined.log"), str(two / "error.log")]


def test_reset_closes_the_files_and_puts_loggers_back(tmp_path: Path) -> None:
    uvicorn, handler = logging.getLogger("uvicorn.error"), logging.NullHandler()
    uvicorn.addHandler(handler)
    uvicorn.propagate = False
    try:
        app_logging.configure(log_dir=tmp_path, console=False)
        assert (uvicorn.handlers, uvicorn.propagate) == ([], True)
        app_logging.reset()
        assert (uvicorn.handlers, uvicorn.propagate) == ([handler], False)
        assert descriptors_of(tmp_path) == []
        app_logging.reset()
    finally:
        uvicorn.removeHandler(handler)
        uvicorn.propagate = True


def test_uvicorns_lines_come_in_and_its_access_log_is_silent_beside_a_middleware(
    tmp_path: Path, read_records: ReadRecords
) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    logging.getLogger("uvicorn.error").info("Started %d", 7, extra={"color_message": "\x1b[36m"})
    logging.getLogger("uvicorn.access").info("GET /?token=secret")
    app_logging.RequestLogMiddleware(lambda *_: asyncio.sleep(0))
    logging.getLogger("uvicorn.access").info("GET /again")
    started, access = read_records(tmp_path / "combined.log")
    assert (started["logger"], started["message"]) == ("uvicorn.error", "Started 7")
    assert "color_message" not in started
    assert access["message"] == "GET /?token=[REDACTED]"
    assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_a_wrong_setting_changes_nothing(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    with pytest.raises(app_logging.SettingsError):
        app_logging.configure(log_dir=tmp_path / "other", level="loud")
    logging.getLogger("x").info("m")
    assert len(read_records(tmp_path / "combined.log")) == 1


def test_without_a_directory_the_application_starts_and_logs_json_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_bytes(b"not a directory")
    app_logging.configure(log_dir=tmp_path / "logs")
    app_logging.get_logger("x").info("m")
    warning, record = [json.loads(line) for line in capsys.readouterr().err.split("\n")[:-1]]
    assert (warning["level"], warning["logger"]) == ("warning", "app_logging")
    assert str(tmp_path) in warning["error"]
    assert (record["message"], record["seq"]) == ("m", 2)


def test_a_symbolic_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path, read_records: ReadRecords) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    (tmp_path / "error.log").symlink_to(victim)
    app_logging.configure(log_dir=tmp_path, console=False)
    logging.getLogger("x").error("m")
    assert victim.read_bytes() == b""
    assert [record["message"] for record in read_records(tmp_path / "combined.log")][-1] == "m"


def test_whoever_wants_to_fail_fast_can(tmp_path: Path) -> None:
    (tmp_path / "logs").write_bytes(b"not a directory")
    with pytest.raises(OSError, match="logs"):
        app_logging.configure(log_dir=tmp_path / "logs", on_error="raise")
    assert descriptors_of(tmp_path) == []
    assert not app_logging.get_logger("x").is_enabled_for(logging.CRITICAL)


def test_the_directory_stays_the_same_when_the_process_changes_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_records: ReadRecords
) -> None:
    monkeypatch.chdir(tmp_path)
    app_logging.configure(log_dir="logs", max_bytes=1, console=False)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for _ in range(3):
        logging.getLogger("x").info("m")
    assert len(read_records(tmp_path / "logs" / "combined.log")) == 1
    assert (tmp_path / "logs" / "combined.log.2").exists()


def test_the_console_is_for_people_and_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app_logging.configure(log_dir=tmp_path, console=True)
    app_logging.get_logger("x").info("saved", hero="x")
    assert capsys.readouterr().err == 'info: saved {"hero":"x"}\n'


def test_the_console_is_off_where_nobody_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app_logging.configure(log_dir=tmp_path, environment="development")
    app_logging.get_logger("x").info("m")
    assert capsys.readouterr() == ("", "")


def test_redaction_is_on_through_both_doors(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    app_logging.bind_context(session_id="s3cr3t")
    app_logging.get_logger("x").bind(user={"password": "s3cr3t"}).info("at %s", {"token": "s3cr3t"}, api_key="s3cr3t")
    logging.getLogger("x").info("at %s", {"token": "s3cr3t"}, extra={"api_key": "s3cr3t", "token_count": 3})
    logging.getLogger("x").info({"password": "s3cr3t"})
    error = ConnectionError("https://user:s3cr3t@host/?code=s3cr3t")
    logging.getLogger("x").error("no answer from https://host/?token=%s", "s3cr3t", exc_info=error)
    assert "s3cr3t" not in (tmp_path / "combined.log").read_text() + (tmp_path / "error.log").read_text()
    assert read_records(tmp_path / "combined.log")[1]["token_count"] == 3


def test_redaction_follows_the_settings(tmp_path: Path, read_records: ReadRecords) -> None:
    fields = {"hero": "h", "password": "p", "note": "Bearer abcdefghijk"}
    for name, options in {
        "off": {"redact": False},
        "own": {"redact_keys": ["HERO"], "redact_except": ["password"], "redact_patterns": ["bearer"]},
    }.items():
        app_logging.configure(log_dir=tmp_path / name, console=False, **options)  # type: ignore[arg-type] # a mixture
        app_logging.get_logger("x").info("m", **fields)
    (off,) = read_records(tmp_path / "off" / "combined.log")
    (own,) = read_records(tmp_path / "own" / "combined.log")
    assert {key: off[key] for key in fields} == fields
    assert {key: own[key] for key in fields} == {"hero": "[REDACTED]", "password": "p", "note": "Bearer [REDACTED]"}


def test_a_directory_that_everybody_can_write_to_is_warned_about(tmp_path: Path, read_records: ReadRecords) -> None:
    tmp_path.chmod(0o777)
    app_logging.configure(log_dir=tmp_path, console=False)
    (warning,) = read_records(tmp_path / "combined.log")
    assert (warning["level"], warning["error"]) == ("warning", str(tmp_path))
    tmp_path.chmod(0o755)
    app_logging.configure(log_dir=tmp_path, console=False)
    assert len(read_records(tmp_path / "combined.log")) == 1


def test_a_read_only_directory_is_used_as_soon_as_it_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "logs"
    directory.mkdir(mode=0o500)
    program = (
        "import os, sys, app_logging\n"
        "os.getuid() or os.setuid(65534)\n"
        "app_logging.configure(log_dir=sys.argv[1], console=False)\n"
        "app_logging.get_logger('x').info('m')\n"
    )
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    answer = subprocess.run([sys.executable, "-c", program, directory], capture_output=True, check=True, text=True)
    warning, record = [json.loads(line) for line in answer.stderr.splitlines()]
    assert "Permission denied" in warning["error"]
    assert record["message"] == "m"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("option", ["strict", "compress", "per_process"])
def test_each_way_of_sharing_files_writes_and_closes_them(
    tmp_path: Path, read_records: ReadRecords, option: str
) -> None:
    app_logging.configure(log_dir=tmp_path, console=False, **{option: True})  # type: ignore[arg-type] # each is a bool
    for _ in range(3):
        app_logging.get_logger("x").error("m")
    for name in ("combined", "error"):
        (path,) = tmp_path.glob(f"{name}*.log")
        assert len(read_records(path)) == 3
    app_logging.reset()
    assert descriptors_of(tmp_path) == []
